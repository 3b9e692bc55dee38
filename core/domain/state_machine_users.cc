// The commands of users: create, password, delete, client ids.

#include <algorithm>

#include "core/domain/state_machine_context.h"

namespace parley::domain {

void StateMachine::CreateUser(Context& context, const internal::v1::CreateUser& create) {
  if (directory_.FindUser(create.username()) != nullptr) {
    return context.Refuse(Code::ALREADY_EXISTS, "user " + create.username() + " exists");
  }
  UserRecord record;
  record.set_uid(context.index.value);
  record.set_username(create.username());
  record.set_kind(create.kind());
  *record.mutable_roles() = create.roles();
  record.set_password_hash(create.password_hash());
  record.set_remembered_mac(create.remembered_mac());
  record.set_password_index(context.index.value);
  if (Status roles = CheckRolesExist(record); !roles) return context.Refuse(roles.error());
  Change(context, std::move(record));
}

void StateMachine::SetPassword(Context& context, const internal::v1::SetPassword& set) {
  const User* user = ExistingUser(context, set.username());
  if (user == nullptr) return;
  UserRecord record = user->record;
  record.set_password_hash(set.password_hash());
  record.set_remembered_mac(set.remembered_mac());
  record.set_password_index(context.index.value);
  Change(context, std::move(record));
}

void StateMachine::RememberCredential(Context& context, const internal::v1::RememberCredential& remember) {
  const User* user = ExistingUser(context, remember.username());
  if (user == nullptr || user->record.password_hash() != remember.password_hash()) return;
  UserRecord record = user->record;
  record.set_remembered_mac(remember.remembered_mac());
  Change(context, std::move(record));
}

void StateMachine::RehashPassword(Context& context, const internal::v1::RehashPassword& rehash) {
  const User* user = ExistingUser(context, rehash.username());
  if (user == nullptr || user->record.password_hash() != rehash.old_hash()) return;
  UserRecord record = user->record;
  record.set_password_hash(rehash.password_hash());
  record.set_remembered_mac(rehash.remembered_mac());
  Change(context, std::move(record));
}

void StateMachine::DeleteUser(Context& context, const internal::v1::DeleteUser& gone) {
  const User* user = ExistingUser(context, gone.username());
  if (user == nullptr) return;
  if (IsLastAdmin(directory_, gone.username())) {
    return context.Refuse(Code::FAILED_PRECONDITION, gone.username() + " is the last admin and stays");
  }
  const Uid uid{user->record.uid()};
  std::vector<RoomRecord> rooms;
  for (const RoomSlot slot : user->rooms) rooms.push_back(directory_.At(slot).record);
  // Slots are of this process; ids are of the log.
  std::sort(rooms.begin(), rooms.end(),
            [](const RoomRecord& a, const RoomRecord& b) { return a.rid() < b.rid(); });
  for (const RoomRecord& room : rooms) {
    const Membership* membership = directory_.FindMembership(room.room(), gone.username());
    const bool was_member = IsMember(membership);
    const Role role = membership->role;
    Change(context, MemberGone{Rid{room.rid()}, uid});
    if (!was_member || room.kind() == v1::Room::DIRECT) continue;
    AppendMembershipEvent(context, room,
                          {ChangeOf(gone.username(), v1::MembershipChange::REMOVED, role, context.actor())},
                          {UserId::Trusted(gone.username())});
  }
  Change(context, UserGone{UserId::Trusted(gone.username())});
}

void StateMachine::BindClient(Context& context, const internal::v1::BindClient& bind) {
  const User* user = ExistingUser(context, bind.username());
  if (user == nullptr) return;
  ClientRecord record;
  record.set_uid(user->record.uid());
  record.set_client(bind.client());
  record.set_username(bind.username());
  record.set_bound_at_ms(context.command.log_time_ms());
  Change(context, std::move(record));
}

}  // namespace parley::domain
