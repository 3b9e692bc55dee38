#include "bridge/rooms/rooms_list.h"

#include <algorithm>
#include <optional>
#include <string>
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

// Of public rooms: what a stranger may know of it, and the caller's role.
Result<v1::RoomState> DescribePublic(const store::StoreView& view, const domain::UserRecord& user,
                                     const domain::RoomRecord& record) {
  const Result<std::optional<domain::MemberRecord>> member = view.Member(Rid{record.rid()}, Uid{user.uid()});
  if (!member) return member.error();
  v1::RoomState state;
  state.set_room(record.room());
  state.set_kind(record.kind());
  state.set_title(record.title());
  if (*member) state.set_role((*member)->role());
  return state;
}

Result<v1::RoomsListReply> PublicRooms(const v1::RoomsListRequest& request, const store::StoreView& view,
                                       const domain::UserRecord& user, Budget budget) {
  if (!request.page().empty() && !ParseRoomId(request.page())) {
    return Error{Code::INVALID_ARGUMENT, "page is not one that a reply gave"};
  }
  const int rooms_max = static_cast<int>(parley::limits::PageLimit(request.limit()));
  const size_t bytes_max = budget.bytes_max - std::min(budget.bytes_max, kReplyFrameBytes);
  v1::RoomsListReply reply;
  size_t bytes = 0;
  std::string done = request.page();
  for (size_t looked_at = 0;; looked_at += limits::kMembershipsPerRead) {
    // After `done`: no name holds a zero byte.
    const std::string from = done.empty() ? std::string() : done + '\0';
    const Result<std::vector<domain::RoomRecord>> rooms = view.Rooms(from, limits::kMembershipsPerRead);
    if (!rooms) return rooms.error();
    for (const domain::RoomRecord& record : *rooms) {
      if (record.kind() == v1::Room::PUBLIC) {
        Result<v1::RoomState> state = DescribePublic(view, user, record);
        if (!state) return std::move(state).error();
        bytes += state->ByteSizeLong() + kRoomFrameBytes;
        if (reply.rooms_size() >= rooms_max || (reply.rooms_size() > 0 && bytes > bytes_max)) {
          reply.set_more(true);
          reply.set_page(done);
          return reply;
        }
        *reply.add_rooms() = *std::move(state);
      }
      done = record.room();
    }
    if (rooms->size() < limits::kMembershipsPerRead) return reply;
    if (looked_at < limits::kRoomsLookedAtMax) continue;
    reply.set_more(true);  // with fewer than asked for, or none: the next page goes on
    reply.set_page(done);
    return reply;
  }
}

}  // namespace

Result<v1::RoomsListReply> RoomsList(const v1::RoomsListRequest& request, const store::StoreView& view,
                                     const Caller& caller, Budget budget) {
  if (request.public_()) {
    const Result<domain::UserRecord> asking = FindCaller(view, caller);
    if (!asking) return asking.error();
    return PublicRooms(request, view, *asking, budget);
  }
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
      if (of.deleted_at.value != 0) {
        done = of.rid;
        continue;
      }
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
