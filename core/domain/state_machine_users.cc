// The commands of users (create, profile, password, disable, delete, client ids) and of the configuration.

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
  if (context.as_member() && set.username() != context.actor()) {
    return context.Refuse(Code::PERMISSION_DENIED, "one's own password only");
  }
  if (!CheckActor(context)) return;
  if (!set.expected_hash().empty() && set.expected_hash() != user->record.password_hash()) {
    return context.Refuse(Code::FAILED_PRECONDITION, "the password has been changed meanwhile");
  }
  UserRecord record = user->record;
  record.set_password_hash(set.password_hash());
  record.set_remembered_mac(set.remembered_mac());
  record.set_password_index(context.index.value);
  Change(context, std::move(record));
  InformRevoked(context, set.username(), "the password was changed");
}

void StateMachine::RememberCredential(Context& context, const internal::v1::RememberCredential& remember) {
  const User* user = ExistingUser(context, remember.username());
  if (user == nullptr || user->record.password_hash() != remember.password_hash()) return;
  UserRecord record = user->record;
  record.set_remembered_mac(remember.remembered_mac());
  Change(context, std::move(record));
}

void StateMachine::InformRevoked(Context& context, const std::string& user, const std::string& reason) {
  v1::InboxItem item;
  item.mutable_session_revoked()->set_reason(reason);
  Inform(context, user, std::move(item));
}

void StateMachine::RehashPassword(Context& context, const internal::v1::RehashPassword& rehash) {
  const User* user = ExistingUser(context, rehash.username());
  if (user == nullptr || user->record.password_hash() != rehash.old_hash()) return;
  UserRecord record = user->record;
  record.set_password_hash(rehash.password_hash());
  record.set_remembered_mac(rehash.remembered_mac());
  Change(context, std::move(record));
}

void StateMachine::UpdateUser(Context& context, const internal::v1::UpdateUser& update) {
  const User* user = ExistingUser(context, update.username());
  if (user == nullptr) return;
  if (context.as_member() && update.username() != context.actor()) {
    return context.Refuse(Code::PERMISSION_DENIED, "one's own profile only");
  }
  if (!CheckActor(context)) return;
  UserRecord record = user->record;
  if (update.has_display_name()) record.set_display_name(update.display_name());
  if (update.has_about()) record.set_about(update.about());
  if (record.display_name() == user->record.display_name() && record.about() == user->record.about()) {
    return context.Refuse(Code::ALREADY_EXISTS, update.username() + " has this profile");
  }
  v1::InboxItem item;
  item.mutable_profile_changed()->set_display_name(record.display_name());
  item.mutable_profile_changed()->set_about(record.about());
  Change(context, std::move(record));
  Inform(context, update.username(), std::move(item));
}

void StateMachine::SetUserDisabled(Context& context, const internal::v1::SetUserDisabled& set) {
  const User* user = ExistingUser(context, set.username());
  if (user == nullptr) return;
  if (user->record.disabled() == set.disabled()) {
    return context.Refuse(Code::ALREADY_EXISTS,
                          set.username() + (set.disabled() ? " is disabled" : " is not disabled"));
  }
  if (set.disabled() && IsLastAdmin(directory_, set.username())) {
    return context.Refuse(Code::FAILED_PRECONDITION,
                          set.username() + " is the last admin: give another user the role first");
  }
  UserRecord record = user->record;
  record.set_disabled(set.disabled());
  Change(context, std::move(record));
  if (set.disabled()) InformRevoked(context, set.username(), "the user was disabled");
}

void StateMachine::SetConfig(Context& context, const internal::v1::SetConfig& set) {
  ConfigRecord record = directory_.config_record();
  if (set.has_max_draft_bytes()) record.set_max_draft_bytes(set.max_draft_bytes());
  if (set.has_publishes_per_second()) record.set_publishes_per_second(set.publishes_per_second());
  if (set.has_rooms_per_user()) record.set_rooms_per_user(set.rooms_per_user());
  if (set.has_subscriptions_per_client()) record.set_subscriptions_per_client(set.subscriptions_per_client());
  if (record.SerializeAsString() == directory_.config_record().SerializeAsString()) {
    return context.Refuse(Code::ALREADY_EXISTS, "the configuration is this");
  }
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
  if (context.known.push) context.applied.push.emplace(ChangedPush{.uid = uid, .record = {}});
  Change(context, UserGone{UserId::Trusted(gone.username()), uid, user->useq});
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
