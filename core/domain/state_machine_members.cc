// The commands of memberships: add, remove, role, join, leave.

#include <algorithm>

#include "core/domain/permissions.h"
#include "core/domain/state_machine_context.h"

namespace parley::domain {

void StateMachine::AddMember(Context& context, const internal::v1::AddMember& add) {
  const Room* room = ManagedRoom(context, add.room());
  if (room == nullptr) return;
  const User* user = ExistingUser(context, add.member().user());
  if (user == nullptr) return;
  if (!IsRole(add.member().role())) return context.Refuse(Code::INVALID_ARGUMENT, "give a role");
  if (!CheckMemberChange(context, *room, add.member().user(), add.member().role())) return;
  const Membership* membership = directory_.FindMembership(add.room(), add.member().user());
  if (IsMember(membership)) {
    return context.Refuse(Code::ALREADY_EXISTS, add.member().user() + " is a member of " + add.room());
  }
  if (membership != nullptr && membership->role == add.member().role()) {
    return context.Refuse(Code::ALREADY_EXISTS, add.member().user() + " has this role in " + add.room());
  }
  if (!CheckRoomCount(context, *user)) return;
  const RoomRecord record = room->record;
  PutMember(context, *room, *user, add.member().role(), VisibleFromNow(record));
  InformAdded(context, record, add.member().user(), add.member().role());
  AppendMembershipEvent(
      context, record,
      {ChangeOf(add.member().user(), v1::MembershipChange::ADDED, add.member().role(), context.actor())}, {});
}

void StateMachine::RemoveMember(Context& context, const internal::v1::RemoveMember& remove) {
  const bool leaves = context.as_member() && remove.user() == context.actor();
  if (leaves) {
    internal::v1::LeaveRoom leave;
    leave.set_room(remove.room());
    return LeaveRoom(context, leave);
  }
  const Room* room = ManagedRoom(context, remove.room());
  if (room == nullptr) return;
  const User* user = ExistingUser(context, remove.user());
  if (user == nullptr) return;
  if (!CheckMemberChange(context, *room, remove.user(), v1::Member::UNSPECIFIED)) return;
  if (RoleOf(remove.room(), remove.user()) == v1::Member::UNSPECIFIED) {
    return context.Refuse(Code::NOT_FOUND, remove.user() + " is not a member of " + remove.room());
  }
  Remove(context, *room, *user, v1::MembershipChange::REMOVED);
}

void StateMachine::SetMemberRole(Context& context, const internal::v1::SetMemberRole& set) {
  const Room* room = ManagedRoom(context, set.room());
  if (room == nullptr) return;
  const User* user = ExistingUser(context, set.member().user());
  if (user == nullptr) return;
  if (!IsRole(set.member().role())) return context.Refuse(Code::INVALID_ARGUMENT, "give a role");
  if (!CheckMemberChange(context, *room, set.member().user(), set.member().role())) return;
  const Membership* membership = directory_.FindMembership(set.room(), set.member().user());
  if (membership == nullptr || membership->role == v1::Member::UNSPECIFIED) {
    return context.Refuse(Code::NOT_FOUND, set.member().user() + " is not a member of " + set.room());
  }
  if (membership->role == set.member().role()) {
    return context.Refuse(Code::ALREADY_EXISTS, set.member().user() + " has this role in " + set.room());
  }
  const RoomRecord record = room->record;
  std::vector<UserId> losing;
  if (IsReader(membership->role) && !IsReader(set.member().role())) {
    losing.push_back(UserId::Trusted(set.member().user()));
  }
  const uint64_t visible_from =
      IsReader(membership->role) ? membership->visible_from : VisibleFromNow(record);
  PutMember(context, *room, *user, set.member().role(), visible_from);
  v1::InboxItem item;
  item.mutable_role_changed()->set_room(set.room());
  item.mutable_role_changed()->set_role(set.member().role());
  item.mutable_role_changed()->set_by(context.actor());
  Inform(context, set.member().user(), std::move(item));
  AppendMembershipEvent(context, record,
                        {ChangeOf(set.member().user(), v1::MembershipChange::ROLE_CHANGED,
                                  set.member().role(), context.actor())},
                        std::move(losing));
}

void StateMachine::JoinRoom(Context& context, const internal::v1::JoinRoom& join) {
  if (IsDirect(join.room())) {
    return context.Refuse(Code::FAILED_PRECONDITION, "a direct room has its two users and no others");
  }
  const User* user = directory_.FindUser(context.actor());
  if (!CheckActor(context)) return;
  if (user == nullptr) return context.Refuse(Code::PERMISSION_DENIED, context.actor() + " is no user");
  const Room* room = directory_.FindRoom(join.room());
  const Role role = RoleOf(join.room(), context.actor());
  if (IsReader(role)) {
    return context.Refuse(Code::ALREADY_EXISTS, context.actor() + " is a member of " + join.room());
  }
  RoomRecord record;
  record.set_room(join.room());
  if (room != nullptr) record = room->record;
  if (Status may = MayJoin(record, role); !may) return context.Refuse(may.error());
  if (!CheckRoomCount(context, *user)) return;
  PutMember(context, *room, *user, v1::Member::MEMBER, VisibleFromNow(record));
  InformAdded(context, record, context.actor(), v1::Member::MEMBER);
  AppendMembershipEvent(
      context, record,
      {ChangeOf(context.actor(), v1::MembershipChange::JOINED, v1::Member::MEMBER, context.actor())}, {});
}

void StateMachine::LeaveRoom(Context& context, const internal::v1::LeaveRoom& leave) {
  if (!IsDirect(leave.room()) && !IsReader(RoleOf(leave.room(), context.actor()))) {
    return context.Refuse(Code::NOT_FOUND, context.actor() + " is not a member of " + leave.room());
  }
  const Room* room = ManagedRoom(context, leave.room());
  if (room == nullptr) return;
  if (!CheckMemberChange(context, *room, context.actor(), v1::Member::UNSPECIFIED)) return;
  Remove(context, *room, *directory_.FindUser(context.actor()), v1::MembershipChange::LEFT);
}

void StateMachine::Remove(Context& context, const Room& room, const User& user,
                          v1::MembershipChange::Change what) {
  const RoomRecord record = room.record;
  const std::string name = user.record.username();
  const Role role = RoleOf(record.room(), name);
  PutMember(context, room, user, v1::Member::UNSPECIFIED, 0);
  if (IsReader(role)) InformRemoved(context, record, name, what, /*deleted=*/false);
  AppendMembershipEvent(context, record, {ChangeOf(name, what, role, context.actor())},
                        {UserId::Trusted(name)});
}

bool StateMachine::CheckMemberChange(Context& context, const Room& room, const std::string& user,
                                     Role after) {
  if (!context.as_member()) return true;
  const std::string& name = room.record.room();
  MemberRequest request{.actor = RoleOf(name, context.actor()),
                        .before = RoleOf(name, user),
                        .after = after,
                        .self = user == context.actor(),
                        .last_owner = false};
  if (request.before == v1::Member::OWNER) {
    request.last_owner =
        std::count_if(room.members.begin(), room.members.end(),
                      [](const Membership& member) { return member.role == v1::Member::OWNER; }) == 1;
  }
  Status may = MayChangeMember(request);
  if (!may) context.Refuse(may.error());
  return may.has_value();
}

bool StateMachine::CheckRoomCount(Context& context, const User& user) {
  // An administrator knows what they do.
  if (!context.as_member() && !context.command.has_send()) return true;
  const size_t limit = directory_.config().rooms_per_user;
  if (user.rooms.size() < limit) return true;  // former memberships included
  const std::string& name = user.record.username();
  const auto count = std::count_if(user.rooms.begin(), user.rooms.end(), [&](RoomSlot slot) {
    return IsReader(RoleOf(directory_.At(slot).record.room(), name));
  });
  if (static_cast<size_t>(count) < limit) return true;
  context.Refuse(Code::RESOURCE_EXHAUSTED,
                 name + " has " + std::to_string(limit) + " rooms, as many as may be");
  return false;
}

}  // namespace parley::domain
