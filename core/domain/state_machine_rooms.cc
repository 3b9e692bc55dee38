// The commands of rooms and their members.

#include <set>

#include "core/domain/permissions.h"
#include "core/domain/state_machine_context.h"

namespace parley::domain {
namespace {

bool IsRole(Role role) {
  return v1::Member::Role_IsValid(role) && role != v1::Member::UNSPECIFIED;
}

}  // namespace

void StateMachine::CreateRoom(Context& context, const internal::v1::CreateRoom& create) {
  if (IsDirect(create.room())) {
    return context.Refuse(Code::FAILED_PRECONDITION, "the first message makes a direct room");
  }
  if (directory_.FindRoom(create.room()) != nullptr) {
    return context.Refuse(Code::ALREADY_EXISTS, "room " + create.room() + " exists");
  }
  std::set<std::string> named;
  for (const internal::v1::RoomMember& member : create.members()) {
    if (!IsRole(member.role())) return context.Refuse(Code::INVALID_ARGUMENT, "give a role");
    if (ExistingUser(context, member.user()) == nullptr) return;
    if (!named.insert(member.user()).second) {
      return context.Refuse(Code::INVALID_ARGUMENT, "members names " + member.user() + " twice");
    }
  }
  RoomRecord record;
  record.set_rid(context.index.value);
  record.set_room(create.room());
  record.set_kind(create.kind());
  record.set_title(create.title());
  record.set_history(create.history());
  record.set_created_ms(context.command.wall_ms());
  Change(context, record);
  std::vector<v1::MembershipChange> changes;
  for (const internal::v1::RoomMember& member : create.members()) {
    PutMember(context, *directory_.FindRoom(create.room()), *directory_.FindUser(member.user()),
              member.role(), 1);
    changes.push_back(ChangeOf(member.user(), v1::MembershipChange::ADDED, member.role(), context.actor()));
  }
  if (!changes.empty()) AppendMembershipEvent(context, record, changes, {});
}

void StateMachine::AddMember(Context& context, const internal::v1::AddMember& add) {
  const Room* room = ManagedRoom(context, add.room());
  if (room == nullptr) return;
  const User* user = ExistingUser(context, add.member().user());
  if (user == nullptr) return;
  if (!IsRole(add.member().role())) return context.Refuse(Code::INVALID_ARGUMENT, "give a role");
  const Membership* membership = directory_.FindMembership(add.room(), add.member().user());
  if (IsMember(membership)) {
    return context.Refuse(Code::ALREADY_EXISTS, add.member().user() + " is a member of " + add.room());
  }
  if (membership != nullptr && membership->role == add.member().role()) {
    return context.Refuse(Code::ALREADY_EXISTS, add.member().user() + " has this role in " + add.room());
  }
  const RoomRecord record = room->record;
  PutMember(context, *room, *user, add.member().role(), VisibleFromNow(record));
  AppendMembershipEvent(
      context, record,
      {ChangeOf(add.member().user(), v1::MembershipChange::ADDED, add.member().role(), context.actor())}, {});
}

void StateMachine::RemoveMember(Context& context, const internal::v1::RemoveMember& remove) {
  const Room* room = ManagedRoom(context, remove.room());
  if (room == nullptr) return;
  const User* user = ExistingUser(context, remove.user());
  if (user == nullptr) return;
  const Membership* membership = directory_.FindMembership(remove.room(), remove.user());
  if (membership == nullptr || membership->role == v1::Member::UNSPECIFIED) {
    return context.Refuse(Code::NOT_FOUND, remove.user() + " is not a member of " + remove.room());
  }
  const RoomRecord record = room->record;
  const Role role = membership->role;
  PutMember(context, *room, *user, v1::Member::UNSPECIFIED, 0);
  AppendMembershipEvent(context, record,
                        {ChangeOf(remove.user(), v1::MembershipChange::REMOVED, role, context.actor())},
                        {UserId::Trusted(remove.user())});
}

void StateMachine::SetMemberRole(Context& context, const internal::v1::SetMemberRole& set) {
  const Room* room = ManagedRoom(context, set.room());
  if (room == nullptr) return;
  const User* user = ExistingUser(context, set.member().user());
  if (user == nullptr) return;
  if (!IsRole(set.member().role())) return context.Refuse(Code::INVALID_ARGUMENT, "give a role");
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
  AppendMembershipEvent(context, record,
                        {ChangeOf(set.member().user(), v1::MembershipChange::ROLE_CHANGED,
                                  set.member().role(), context.actor())},
                        std::move(losing));
}

}  // namespace parley::domain
