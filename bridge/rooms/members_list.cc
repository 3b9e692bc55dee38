#include "bridge/rooms/members_list.h"

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

constexpr size_t kReplyFrameBytes = 256;
constexpr size_t kMemberFrameBytes = 4;

Result<v1::MemberState> Describe(const store::StoreView& view, std::string_view name, domain::Role role) {
  const Result<std::optional<domain::UserRecord>> user = view.User(name);
  if (!user) return user.error();
  v1::MemberState state;
  state.set_user(std::string(name));
  state.set_role(role);
  if (*user) state.set_display_name((*user)->display_name());
  return state;
}

// A direct room has its two from the start.
Result<v1::MembersListReply> BothOf(const store::StoreView& view, std::string_view room) {
  v1::MembersListReply reply;
  const DirectPair pair = DirectUsers(room);
  for (const std::string_view name : {pair.a, pair.b}) {
    Result<v1::MemberState> state = Describe(view, name, v1::Member::MEMBER);
    if (!state) return std::move(state).error();
    *reply.add_members() = *std::move(state);
  }
  return reply;
}

}  // namespace

Result<v1::MembersListReply> MembersList(const v1::MembersListRequest& request, const store::StoreView& view,
                                         const Caller& caller, Budget budget) {
  const std::optional<uint64_t> after = request.page().empty() ? 0 : ParseDecimal(request.page());
  if (!after) return Error{Code::INVALID_ARGUMENT, "page is not one that a reply gave"};
  const Result<VisibleRoom> room = OpenRoom(view, caller, request.room());
  if (!room) return room.error();
  if (room->rid().value == 0) return BothOf(view, request.room());
  const domain::Role role = room->member ? room->member->role() : v1::Member::MEMBER;
  const bool sees_banned = role == v1::Member::OWNER || role == v1::Member::MODERATOR;
  const int members_max = static_cast<int>(parley::limits::PageLimit(request.limit()));
  const size_t bytes_max = budget.bytes_max - std::min(budget.bytes_max, kReplyFrameBytes);

  v1::MembersListReply reply;
  size_t bytes = 0;
  Uid done{*after};
  while (true) {
    const Result<std::vector<store::MemberOfRoom>> members =
        view.MembersOf(room->rid(), done, limits::kMembershipsPerRead);
    if (!members) return members.error();
    for (const store::MemberOfRoom& member : *members) {
      const bool banned = member.record.role() == v1::Member::BANNED;
      if (domain::IsReader(member.record.role()) || (banned && sees_banned)) {
        Result<v1::MemberState> state = Describe(view, member.record.user(), member.record.role());
        if (!state) return std::move(state).error();
        bytes += state->ByteSizeLong() + kMemberFrameBytes;
        if (reply.members_size() >= members_max || (reply.members_size() > 0 && bytes > bytes_max)) {
          reply.set_more(true);
          reply.set_page(std::to_string(done.value));
          return reply;
        }
        *reply.add_members() = *std::move(state);
      }
      done = member.uid;
    }
    if (members->size() < limits::kMembershipsPerRead) return reply;
  }
}

}  // namespace parley::bridge
