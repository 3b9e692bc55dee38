#include "core/domain/state_machine.h"

#include <algorithm>

#include "core/domain/permissions.h"
#include "core/domain/state_machine_context.h"
#include "schemas/draft.h"

namespace parley::domain {
namespace {

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

// The room's own limit counts the draft in protobuf without its id, so that it is one in every encoding.
Status CheckSize(const v1::Draft& draft, const RoomRecord& room) {
  const size_t limit = room.max_message_bytes();
  if (limit == 0) return {};
  const size_t id = draft.id().empty() ? 0 : draft.id().size() + 2;  // tag and length: at most 64 bytes of id
  if (draft.ByteSizeLong() - id <= limit) return {};
  return Error{Code::RESOURCE_EXHAUSTED,
               "a message in " + room.room() + " has at most " + std::to_string(limit) + " bytes"};
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

Applied StateMachine::Apply(LogIndex index, const Command& command, const Known& known) {
  Context context{.index = index, .command = command, .known = known, .applied = {}};
  context.applied.index = index;
  context.applied.origin = command.origin();
  switch (command.body_case()) {
    case Command::kSend:
      Send(context, command.send());
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
    case Command::kCreateRole:
      CreateRole(context, command.create_role());
      break;
    case Command::kDeleteRole:
      DeleteRole(context, command.delete_role());
      break;
    case Command::kAddAcl:
      AddAcl(context, command.add_acl());
      break;
    case Command::kRemoveAcl:
      RemoveAcl(context, command.remove_acl());
      break;
    case Command::kAddUserRole:
      AddUserRole(context, command.add_user_role());
      break;
    case Command::kRemoveUserRole:
      RemoveUserRole(context, command.remove_user_role());
      break;
    case Command::kBindTopic:
      BindTopic(context, command.bind_topic());
      break;
    case Command::kUnbindTopic:
      UnbindTopic(context, command.unbind_topic());
      break;
    case Command::kBoundMessage:
      BoundMessage(context, command.bound_message());
      break;
    case Command::kRehashPassword:
      RehashPassword(context, command.rehash_password());
      break;
    case Command::kUpdateRoom:
      UpdateRoom(context, command.update_room());
      break;
    case Command::kDeleteRoom:
      DeleteRoom(context, command.delete_room());
      break;
    case Command::kJoinRoom:
      JoinRoom(context, command.join_room());
      break;
    case Command::kLeaveRoom:
      LeaveRoom(context, command.leave_room());
      break;
    case Command::kUpdateUser:
      UpdateUser(context, command.update_user());
      break;
    case Command::kSetUserDisabled:
      SetUserDisabled(context, command.set_user_disabled());
      break;
    case Command::kSetConfig:
      SetConfig(context, command.set_config());
      break;
    case Command::kMoveCursor:
      MoveCursor(context, command.move_cursor());
      break;
    case Command::kRegisterPush:
      RegisterPush(context, command.register_push());
      break;
    case Command::kUnregisterPush:
      UnregisterPush(context, command.unregister_push());
      break;
    case Command::kMutePush:
      MutePush(context, command.mute_push());
      break;
    case Command::kCreateWebhook:
      CreateWebhook(context, command.create_webhook());
      break;
    case Command::kUpdateWebhook:
      UpdateWebhook(context, command.update_webhook());
      break;
    case Command::kDeleteWebhook:
      DeleteWebhook(context, command.delete_webhook());
      break;
    case Command::BODY_NOT_SET:
      context.Refuse(Code::UNIMPLEMENTED, "this version does not know the command");
      break;
  }
  return std::move(context.applied);
}

void StateMachine::Send(Context& context, const internal::v1::SendDraft& send) {
  const std::optional<DedupEntry>& known = context.known.dedup;
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
    if (user->record.disabled()) return answer(Code::PERMISSION_DENIED, context.actor() + " is disabled");
    if (directory_.FindMembership(send.room(), context.actor()) == nullptr &&
        !CheckRoomCount(context, *user)) {
      return answer(context.applied.code, context.applied.reason);
    }
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
  if (Status may = MaySend(room->record, user->record, role); !may) {
    return answer(may.error().code, may.error().reason);
  }
  if (Status fits = CheckSize(send.draft(), room->record); !fits) {
    return answer(fits.error().code, fits.error().reason);
  }
  // After that: where the head is, is not for strangers.
  if (Status targets = CheckTargets(send.draft(), head); !targets) {
    return answer(targets.error().code, targets.error().reason);
  }

  v1::Event event;
  event.set_id(send.draft().id());
  CopyBody(send.draft(), event);
  AppendEvent(context, room->record, std::move(event), /*countable=*/true, {});
  if (send.draft().mentions_size() > 0) AppendMentions(context, room->record, send.draft());
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
      InformAdded(context, room->record, user->record.username(), v1::Member::MEMBER);
    }
  }
  return room;
}

bool StateMachine::CheckActor(Context& context) {
  if (!context.as_member()) return true;
  const User* actor = directory_.FindUser(context.actor());
  if (actor != nullptr && !actor->record.disabled()) return true;
  context.Refuse(Code::PERMISSION_DENIED,
                 context.actor() + (actor == nullptr ? " is no user" : " is disabled"));
  return false;
}

Role StateMachine::RoleOf(const std::string& room, const std::string& user) const {
  const Membership* membership = directory_.FindMembership(room, user);
  return membership == nullptr ? v1::Member::UNSPECIFIED : membership->role;
}

const Room* StateMachine::ManagedRoom(Context& context, const std::string& name) {
  if (IsDirect(name)) {
    context.Refuse(Code::FAILED_PRECONDITION, "a direct room has its two users and no others");
    return nullptr;
  }
  if (!CheckActor(context)) return nullptr;
  const Room* room = directory_.FindRoom(name);
  // Whether there is such a room is not for strangers.
  if (context.as_member() && (room == nullptr || !IsReader(RoleOf(name, context.actor())))) {
    context.Refuse(Code::PERMISSION_DENIED, context.actor() + " is not a member of " + name);
    return nullptr;
  }
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
  const Membership* before = directory_.FindMembership(room.record.room(), user.record.username());
  const bool goes_on = IsReader(role) && before != nullptr && IsReader(before->role);
  MemberRecord record;
  if (goes_on && context.known.cursor) record = context.known.cursor->member;  // keeps the cursor
  record.set_room(room.record.room());
  record.set_user(user.record.username());
  record.set_role(role);
  record.set_visible_from(visible_from);
  if (!IsReader(role)) {
    record.set_left_feed(context.index.value);
  } else if (goes_on) {
    record.set_since_feed(before->since_feed);
  } else {
    record.set_since_feed(context.index.value);
    if (visible_from > 1) {  // what there is already is not unread
      record.set_read_ordinal(HeadOf(Rid{room.record.rid()}).ordinal);
      record.set_read_own_ordinal(before == nullptr ? 0 : before->sent);
    }
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
