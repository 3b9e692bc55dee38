#include "core/domain/state_machine.h"

#include <algorithm>
#include <set>

#include "core/domain/permissions.h"
#include "schemas/draft.h"

namespace parley::domain {

struct StateMachine::Context {
  LogIndex index;
  const Command& command;
  Applied applied;

  const std::string& actor() const { return command.origin().user(); }
  void Refuse(Code code, std::string reason) {
    applied.code = code;
    applied.reason = std::move(reason);
  }
  void Refuse(const Error& error) { Refuse(error.code, error.reason); }
};

namespace {

v1::MembershipChange ChangeOf(const std::string& user, v1::MembershipChange::Change what, Role role,
                              const std::string& by) {
  v1::MembershipChange change;
  change.set_user(user);
  change.set_change(what);
  change.set_role(role);
  change.set_by(by);
  return change;
}

bool IsRole(Role role) {
  return v1::Member::Role_IsValid(role) && role != v1::Member::UNSPECIFIED;
}

// Where a draft points to, in a room that ends at `head`.
Status CheckTargets(const v1::Draft& draft, Seq head) {
  if (draft.reply_to() > head.value) {
    return Error{Code::INVALID_ARGUMENT, "replyTo is past the head of the room"};
  }
  if (draft.thread() > head.value) {
    return Error{Code::INVALID_ARGUMENT, "thread is past the head of the room"};
  }
  return {};
}

bool IsMember(const Membership* membership) {
  return membership != nullptr && membership->role != v1::Member::UNSPECIFIED &&
         membership->role != v1::Member::BANNED;
}

}  // namespace

Head StateMachine::HeadOf(Rid rid) const {
  const auto found = heads_.find(rid);
  return found == heads_.end() ? Head{} : found->second;
}

std::optional<DedupKey> StateMachine::DedupKeyOf(const Command& command) const {
  if (!command.has_send() || command.send().draft().id().empty()) return std::nullopt;
  const Room* room = directory_.FindRoom(command.send().room());
  const User* user = directory_.FindUser(command.origin().user());
  if (room == nullptr || user == nullptr) return std::nullopt;
  return DedupKey{Uid{user->record.uid()}, Rid{room->record.rid()}, command.send().draft().id()};
}

Applied StateMachine::Apply(LogIndex index, const Command& command, const std::optional<DedupEntry>& known) {
  Context context{.index = index, .command = command, .applied = {}};
  context.applied.index = index;
  context.applied.origin = command.origin();
  switch (command.body_case()) {
    case Command::kSend:
      Send(context, command.send(), known);
      break;
    case Command::kCreateUser:
      CreateUser(context, command.create_user());
      break;
    case Command::kSetPassword:
      SetPassword(context, command.set_password());
      break;
    case Command::kRememberCredential:
      RememberCredential(context, command.remember_credential());
      break;
    case Command::kDeleteUser:
      DeleteUser(context, command.delete_user());
      break;
    case Command::kCreateRoom:
      CreateRoom(context, command.create_room());
      break;
    case Command::kAddMember:
      AddMember(context, command.add_member());
      break;
    case Command::kRemoveMember:
      RemoveMember(context, command.remove_member());
      break;
    case Command::kSetMemberRole:
      SetMemberRole(context, command.set_member_role());
      break;
    case Command::kBindClient:
      BindClient(context, command.bind_client());
      break;
    case Command::BODY_NOT_SET:
      context.Refuse(Code::UNIMPLEMENTED, "this version does not know the command");
      break;
  }
  return std::move(context.applied);
}

void StateMachine::Send(Context& context, const internal::v1::SendDraft& send,
                        const std::optional<DedupEntry>& known) {
  v1::Ack& ack = context.applied.ack.emplace();
  ack.set_id(send.draft().id());
  ack.set_room(send.room());
  const auto answer = [&ack](Code code, std::string reason) {
    ack.set_code(code);
    ack.set_reason(std::move(reason));
  };

  // Dedupe comes before authorisation: what is stored is answered, whatever has happened to its sender.
  if (known && known->log_time_ms + kDedupWindowMs >= context.command.log_time_ms()) {
    ack.set_seq(known->seq.value);
    ack.set_feed(known->index.value);
    ack.set_ts_ms(known->ts_ms);
    ack.set_duplicate(true);
    ack.set_durability(v1::Ack::FSYNCED);
    if (known->body_hash != send.body_hash()) {
      answer(Code::ALREADY_EXISTS, "id " + send.draft().id() + " was used for another message");
    }
    return;
  }

  const User* user = directory_.FindUser(context.actor());
  if (user == nullptr) return answer(Code::PERMISSION_DENIED, "no user " + context.actor());
  const bool direct = IsDirect(send.room());
  if (direct && !IsDirectMember(send.room(), context.actor())) {
    return answer(Code::PERMISSION_DENIED, context.actor() + " is not a member of " + send.room());
  }
  const Room* room = directory_.FindRoom(send.room());
  const Seq head = room == nullptr ? Seq{} : HeadOf(Rid{room->record.rid()}).seq;
  if (direct) {  // both may send; what is refused makes no room
    if (Status targets = CheckTargets(send.draft(), head); !targets) {
      return answer(targets.error().code, targets.error().reason);
    }
    room = DirectRoomFor(context, send.room());
    if (room == nullptr) return answer(context.applied.code, context.applied.reason);
  } else if (room == nullptr) {
    return answer(Code::NOT_FOUND, "no room " + send.room());
  }
  const Membership* membership = directory_.FindMembership(send.room(), context.actor());
  const Role role = membership == nullptr ? v1::Member::UNSPECIFIED : membership->role;
  if (Status may = MaySend(room->record, context.actor(), role); !may) {
    return answer(may.error().code, may.error().reason);
  }
  // After that: where the head is, is not for strangers.
  if (Status targets = CheckTargets(send.draft(), head); !targets) {
    return answer(targets.error().code, targets.error().reason);
  }

  v1::Event event;
  event.set_id(send.draft().id());
  CopyBody(send.draft(), event);
  AppendEvent(context, room->record, std::move(event), /*countable=*/true, {});
  const NewEvent& stored = context.applied.events.back();
  const Head end = HeadOf(stored.rid);
  ack.set_seq(stored.seq.value);
  ack.set_feed(context.index.value);
  ack.set_ts_ms(end.ts_ms);
  ack.set_durability(v1::Ack::FSYNCED);
  if (!send.draft().id().empty()) {
    context.applied.dedup.emplace(DedupKey{stored.sender, stored.rid, send.draft().id()},
                                  DedupEntry{.seq = stored.seq,
                                             .index = context.index,
                                             .ts_ms = end.ts_ms,
                                             .log_time_ms = context.command.log_time_ms(),
                                             .body_hash = send.body_hash()});
  }
}

const Room* StateMachine::DirectRoomFor(Context& context, const std::string& name) {
  const DirectPair pair = DirectUsers(name);
  const User* users[] = {directory_.FindUser(pair.a), directory_.FindUser(pair.b)};
  for (size_t i = 0; i < 2; ++i) {
    if (users[i] != nullptr) continue;
    context.Refuse(Code::NOT_FOUND, "no user " + std::string(i == 0 ? pair.a : pair.b));
    return nullptr;
  }
  if (directory_.FindRoom(name) == nullptr) {
    RoomRecord record;
    record.set_rid(context.index.value);
    record.set_room(name);
    record.set_kind(v1::Room::DIRECT);
    record.set_created_ms(context.command.wall_ms());
    Change(context, std::move(record));
  }
  const Room* room = directory_.FindRoom(name);
  const uint64_t next = HeadOf(Rid{room->record.rid()}).seq.value + 1;
  for (const User* user : users) {
    if (directory_.FindMembership(name, user->record.username()) == nullptr) {
      PutMember(context, *room, *user, v1::Member::MEMBER, next);
    }
  }
  return room;
}

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
  Change(context, std::move(record));
}

void StateMachine::SetPassword(Context& context, const internal::v1::SetPassword& set) {
  const User* user = ExistingUser(context, set.username());
  if (user == nullptr) return;
  UserRecord record = user->record;
  record.set_password_hash(set.password_hash());
  record.set_remembered_mac(set.remembered_mac());
  Change(context, std::move(record));
}

void StateMachine::RememberCredential(Context& context, const internal::v1::RememberCredential& remember) {
  const User* user = ExistingUser(context, remember.username());
  if (user == nullptr || user->record.password_hash() != remember.password_hash()) return;
  UserRecord record = user->record;
  record.set_remembered_mac(remember.remembered_mac());
  Change(context, std::move(record));
}

void StateMachine::DeleteUser(Context& context, const internal::v1::DeleteUser& gone) {
  const User* user = ExistingUser(context, gone.username());
  if (user == nullptr) return;
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

const Room* StateMachine::ManagedRoom(Context& context, const std::string& name) {
  if (IsDirect(name)) {
    context.Refuse(Code::FAILED_PRECONDITION, "a direct room has its two users and no others");
    return nullptr;
  }
  const Room* room = directory_.FindRoom(name);
  if (room == nullptr) context.Refuse(Code::NOT_FOUND, "no room " + name);
  return room;
}

const User* StateMachine::ExistingUser(Context& context, const std::string& name) {
  const User* user = directory_.FindUser(name);
  if (user == nullptr) context.Refuse(Code::NOT_FOUND, "no user " + name);
  return user;
}

uint64_t StateMachine::VisibleFromNow(const RoomRecord& room) const {
  return room.history() == v1::Room::SINCE_JOIN ? HeadOf(Rid{room.rid()}).seq.value + 1 : 1;
}

void StateMachine::PutMember(Context& context, const Room& room, const User& user, Role role,
                             uint64_t visible_from) {
  MemberRecord record;
  record.set_room(room.record.room());
  record.set_user(user.record.username());
  record.set_role(role);
  record.set_visible_from(visible_from);
  if (IsReader(role)) {
    const Membership* before = directory_.FindMembership(room.record.room(), user.record.username());
    const bool goes_on = before != nullptr && IsReader(before->role);
    record.set_since_feed(goes_on ? before->since_feed : context.index.value);
  } else {
    record.set_left_feed(context.index.value);
  }
  Change(context, MemberPut{Rid{room.record.rid()}, Uid{user.record.uid()}, std::move(record)});
}

void StateMachine::AppendMembershipEvent(Context& context, const RoomRecord& room,
                                         const std::vector<v1::MembershipChange>& changes,
                                         std::vector<UserId> also_to) {
  v1::Event event;
  for (const v1::MembershipChange& change : changes) *event.mutable_membership()->add_changes() = change;
  AppendEvent(context, room, std::move(event), /*countable=*/false, std::move(also_to));
}

void StateMachine::AppendEvent(Context& context, const RoomRecord& room, v1::Event event, bool countable,
                               std::vector<UserId> also_to) {
  Head& head = heads_[Rid{room.rid()}];
  ++head.seq.value;
  head.ts_ms = std::max(head.ts_ms, context.command.wall_ms());
  event.set_room(room.room());
  event.set_seq(head.seq.value);
  event.set_feed(context.index.value);
  event.set_ts_ms(head.ts_ms);
  event.set_sender(context.actor());
  event.set_client(context.command.origin().client());

  NewEvent& stored = context.applied.events.emplace_back();
  stored.rid = Rid{room.rid()};
  stored.seq = head.seq;
  stored.room = room.room();
  stored.also_to = std::move(also_to);
  if (countable) {
    ++head.ordinal;
    const User* sender = directory_.FindUser(context.actor());
    const Membership* membership = directory_.FindMembership(room.room(), context.actor());
    stored.sender = Uid{sender->record.uid()};
    stored.own_ordinal = membership->sent + 1;
    directory_.SetSent(stored.rid, stored.sender, stored.own_ordinal);
  }
  stored.ordinal = head.ordinal;
  event.SerializeToString(&stored.bytes);
}

void StateMachine::Change(Context& context, domain::Change change) {
  directory_.Apply(change);
  context.applied.changes.push_back(std::move(change));
}

}  // namespace parley::domain
