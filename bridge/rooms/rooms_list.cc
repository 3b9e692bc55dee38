#include "bridge/rooms/rooms_list.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "bridge/service/decimal.h"
#include "bridge/service/limits.h"
#include "bridge/service/visible_room.h"
#include "schemas/limits.h"

namespace parley::bridge {
namespace {

// Of the reply's own fields, of a state without its event, of a room in the reply.
constexpr size_t kReplyFrameBytes = 256;
constexpr size_t kStateFrameBytes = 512;
constexpr size_t kRoomFrameBytes = 8;

}  // namespace

Result<v1::RoomsListReply> RoomsList(const v1::RoomsListRequest& request, const store::StoreView& view,
                                     const Caller& caller, Budget budget) {
  const std::optional<uint64_t> after = request.page().empty() ? 0 : ParseDecimal(request.page());
  if (!after) return Error{Code::INVALID_ARGUMENT, "page is not one that a reply gave"};
  const Result<domain::UserRecord> user = FindCaller(view, caller);
  if (!user) return user.error();
  const int rooms_max = static_cast<int>(parley::limits::PageLimit(request.limit()));
  const size_t bytes_max = budget.bytes_max - std::min(budget.bytes_max, kReplyFrameBytes);
  const size_t event_bytes_max = bytes_max - std::min(bytes_max, kStateFrameBytes);

  v1::RoomsListReply reply;
  size_t bytes = 0;
  Rid done{*after};
  while (true) {
    const Result<std::vector<store::RoomOfUser>> rooms =
        view.RoomsOf(Uid{user->uid()}, done, limits::kMembershipsPerRead);
    if (!rooms) return rooms.error();
    for (const store::RoomOfUser& of : *rooms) {
      const Result<VisibleRoom> room = RoomOfMember(view, *user, of);
      if (!room) return room.error();
      if (room->visibility.member) {
        Result<v1::RoomState> state = DescribeRoom(view, *room, event_bytes_max);
        if (!state) return std::move(state).error();
        bytes += state->ByteSizeLong() + kRoomFrameBytes;
        if (reply.rooms_size() >= rooms_max || (reply.rooms_size() > 0 && bytes > bytes_max)) {
          reply.set_more(true);
          reply.set_page(std::to_string(done.value));
          return reply;
        }
        *reply.add_rooms() = *std::move(state);
      }
      done = of.rid;
    }
    if (rooms->size() < limits::kMembershipsPerRead) return reply;
  }
}

}  // namespace parley::bridge
