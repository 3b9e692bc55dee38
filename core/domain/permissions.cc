#include "core/domain/permissions.h"

#include <algorithm>
#include <utility>

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

Status MaySend(const RoomRecord& room, const UserRecord& user, Role role) {
  const std::string& who = user.username();
  if (user.disabled()) return Denied(who + " is disabled");
  switch (role) {
    case v1::Member::OWNER:
    case v1::Member::MODERATOR:
      return {};
    case v1::Member::MEMBER:
      if (room.kind() == v1::Room::CHANNEL) {
        return Denied("only owners and moderators send in channel " + room.room());
      }
      if (room.kind() == v1::Room::DEVICE && user.kind() != "device") {
        return Denied("only devices, owners and moderators send in device room " + room.room());
      }
      return {};
    case v1::Member::READER:
      return Denied(who + " may only read " + room.room());
    case v1::Member::BANNED:
      return Denied(who + " is banned from " + room.room());
    default:
      return Denied(who + " is not a member of " + room.room());
  }
}

Status MayChangeMember(const MemberRequest& request) {
  const bool leaves = request.self && request.after == v1::Member::UNSPECIFIED;
  if (!leaves && request.actor != v1::Member::OWNER) {
    if (request.actor != v1::Member::MODERATOR) {
      return Denied("only owners and moderators change memberships");
    }
    for (const Role role : {request.before, request.after}) {
      if (role == v1::Member::OWNER || role == v1::Member::MODERATOR) {
        return Denied("a moderator decides on members, readers and the banned only");
      }
    }
  }
  if (leaves && !IsReader(request.before)) return Denied("only a member can leave");
  if (request.last_owner && request.after != v1::Member::OWNER) {
    return Error{Code::FAILED_PRECONDITION,
                 "the last owner stays: make another one first, or delete the room"};
  }
  return {};
}

Status MayUpdateRoom(Role actor, const internal::v1::UpdateRoom& update) {
  if (actor == v1::Member::OWNER) return {};
  if (actor != v1::Member::MODERATOR) return Denied("only owners and moderators change a room");
  if (update.has_history() || update.has_retention_days() || update.has_max_message_bytes()) {
    return Denied("a moderator changes the title only");
  }
  return {};
}

Status MayDeleteRoom(Role actor) {
  if (actor == v1::Member::OWNER) return {};
  return Denied("only an owner deletes a room");
}

Status MayJoin(const RoomRecord& room, Role role) {
  // The same words as for a room that does not exist: which of both it is, is not for strangers.
  if (room.kind() != v1::Room::PUBLIC) return Denied("there is no public room " + room.room());
  if (role == v1::Member::BANNED) return Denied("you are banned from " + room.room());
  return {};
}

Visibility VisibilityOf(std::string_view room, std::string_view user, std::optional<Role> role,
                        uint64_t visible_from, Seq head) {
  if (role && IsReader(*role)) return {.member = true, .visible_from = visible_from};
  if (!role && IsDirectMember(room, user)) return {.member = true, .visible_from = head.value + 1};
  return {};
}

bool MayReceive(const Directory& directory, std::string_view room, std::string_view user) {
  const User* known = directory.FindUser(user);
  return known != nullptr && MayReceive(directory, room, *known);
}

bool MayReceive(const Directory& directory, std::string_view room, const User& user) {
  if (user.disabled) return false;
  if (IsDirect(room)) return IsDirectMember(room, user.record.username());
  const Room* known = directory.FindRoom(room);
  return known != nullptr && MayReceive(directory, *known, user);
}

bool MayReceive(const Directory& directory, const Room& room, const User& user) {
  if (user.disabled) return false;
  const Membership* membership = directory.FindMembership(room, user);
  return membership != nullptr && IsReader(membership->role);
}

bool ShareRoom(const Directory& directory, std::string_view user, std::string_view other) {
  const User* one = directory.FindUser(user);
  const User* two = directory.FindUser(other);
  if (one == nullptr || two == nullptr) return false;
  if (one->rooms.size() > two->rooms.size()) {
    std::swap(one, two);
    std::swap(user, other);
  }
  auto from = two->rooms.begin();
  for (const RoomSlot slot : one->rooms) {
    from = std::lower_bound(from, two->rooms.end(), slot);
    if (from == two->rooms.end()) return false;
    if (*from != slot) continue;
    const std::string& room = directory.At(slot).record.room();
    const Membership* first = directory.FindMembership(room, user);
    const Membership* second = directory.FindMembership(room, other);
    if (first != nullptr && second != nullptr && IsReader(first->role) && IsReader(second->role)) return true;
  }
  return false;
}

bool IsDirectMember(std::string_view room, std::string_view user) {
  const DirectPair pair = DirectUsers(room);
  return !user.empty() && (pair.a == user || pair.b == user);
}

}  // namespace parley::domain
