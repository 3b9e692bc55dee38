#pragma once

#include <optional>
#include <string_view>

#include "core/domain/directory.h"
#include "parley/internal/v1/command.pb.h"
#include "schemas/result.h"

namespace parley::domain {

// Who may do what in a room: the one place for it. Pure; asked by apply() with the authoritative directory,
// by gate and ACL with the view, by the bridge with rows of the store.

// True for every role that receives and queries a room's events now.
bool IsReader(Role role);

// OK, or PERMISSION_DENIED with the reason for the sender's Ack. Owners and moderators send everywhere;
// members send but in a channel, and in a device room when they are devices.
Status MaySend(const RoomRecord& room, const UserRecord& user, Role role);

// What a member asks for about a membership. Roles: UNSPECIFIED = no member.
struct MemberRequest {
  Role actor;       // of who asks
  Role before;      // of whom it is about
  Role after;       // UNSPECIFIED = removed
  bool self;        // both are the same user
  bool last_owner;  // it is about the room's only owner
};
// The owner decides on everybody, a moderator on members, readers and the banned; who leaves needs no right.
// PERMISSION_DENIED, or FAILED_PRECONDITION when the room would lose its last owner.
Status MayChangeMember(const MemberRequest& request);

// The owner changes a room's settings, a moderator its title.
Status MayUpdateRoom(Role actor, const internal::v1::UpdateRoom& update);
// The owner.
Status MayDeleteRoom(Role actor);
// Anyone who is not banned, and only a public room. `role`: of the user, UNSPECIFIED = never a member or not
// now.
Status MayJoin(const RoomRecord& room, Role role);

// What a user may see of a room's log: nothing, or everything from a seq on. The one visibility function:
// live delivery, history, sync and every later path ask it.
struct Visibility {
  bool member = false;        // false: PERMISSION_DENIED for every query
  uint64_t visible_from = 0;  // first visible seq; meaningful when member

  bool Sees(Seq seq) const { return member && seq.value >= visible_from; }
};

// `role`, `visible_from`: of the membership, if there is one. In a direct room both users are members from
// the start, even before a membership record exists; they then see only what comes after `head`.
Visibility VisibilityOf(std::string_view room, std::string_view user, std::optional<Role> role,
                        uint64_t visible_from, Seq head);

// The same, for a user of a directory. Live events are always after any visible_from that precedes them.
bool MayReceive(const Directory& directory, std::string_view room, std::string_view user);
bool MayReceive(const Directory& directory, std::string_view room, const User& user);
// The same of a room of the directory that is no direct one.
bool MayReceive(const Directory& directory, const Room& room, const User& user);

// True when both are readers of one room that exists. Time: the smaller of both users' rooms, each looked up
// in the other's.
bool ShareRoom(const Directory& directory, std::string_view user, std::string_view other);

// True when `user` is one of the two users of this direct room.
bool IsDirectMember(std::string_view room, std::string_view user);

}  // namespace parley::domain
