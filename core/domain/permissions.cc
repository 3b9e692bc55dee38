#include "core/domain/permissions.h"

namespace parley::domain {
namespace {

Error Denied(std::string reason) {
  return {Code::PERMISSION_DENIED, std::move(reason)};
}

}  // namespace

bool IsReader(Role role) {
  return role == v1::Member::OWNER || role == v1::Member::MODERATOR || role == v1::Member::MEMBER ||
         role == v1::Member::READER;
}

Status MaySend(const RoomRecord& room, std::string_view user, Role role) {
  const std::string who(user);
  switch (role) {
    case v1::Member::OWNER:
    case v1::Member::MODERATOR:
      return {};
    case v1::Member::MEMBER:
      if (room.kind() != v1::Room::CHANNEL) return {};
      return Denied("only owners and moderators send in channel " + room.room());
    case v1::Member::READER:
      return Denied(who + " may only read " + room.room());
    case v1::Member::BANNED:
      return Denied(who + " is banned from " + room.room());
    default:
      return Denied(who + " is not a member of " + room.room());
  }
}

Visibility VisibilityOf(std::string_view room, std::string_view user, std::optional<Role> role,
                        uint64_t visible_from, Seq head) {
  if (role && IsReader(*role)) return {.member = true, .visible_from = visible_from};
  if (!role && IsDirectMember(room, user)) return {.member = true, .visible_from = head.value + 1};
  return {};
}

bool MayReceive(const Directory& directory, std::string_view room, std::string_view user) {
  if (IsDirect(room)) return IsDirectMember(room, user) && directory.FindUser(user) != nullptr;
  const Membership* membership = directory.FindMembership(room, user);
  return membership != nullptr && IsReader(membership->role);
}

bool IsDirectMember(std::string_view room, std::string_view user) {
  const DirectPair pair = DirectUsers(room);
  return !user.empty() && (pair.a == user || pair.b == user);
}

}  // namespace parley::domain
