#pragma once

#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/domain/directory.h"
#include "parley/internal/v1/command.pb.h"
#include "parley/v1/message.pb.h"
#include "schemas/names.h"
#include "schemas/result.h"

namespace parley::domain {

using internal::v1::Command;

// The end of a room's log.
struct Head {
  Seq seq;
  uint64_t ordinal = 0;  // countable events (messages, not membership changes) so far
  uint64_t ts_ms = 0;    // of the newest event
};

// "Was this message stored before?", asked of the store and handed to Apply() as a value.
struct DedupKey {
  Uid uid;
  Rid rid;
  std::string id;
  bool operator==(const DedupKey&) const = default;
};
struct DedupEntry {
  Seq seq;
  LogIndex index;
  uint64_t ts_ms = 0;
  uint64_t log_time_ms = 0;
  std::string body_hash;
};

// What the store knows of a member's cursor, asked for and handed over in the same way.
struct CursorKey {
  Rid rid;
  Uid uid;
  std::string user;
  Seq read;           // count the ordinals up to here, if the cursor is still before it; 0 = the row alone
  uint64_t sent = 0;  // countable events that this member has sent
};
struct KnownCursor {
  // Countable events of the room up to a seq, and the member's own among them.
  struct Ordinals {
    uint64_t room = 0;
    uint64_t own = 0;
  };
  MemberRecord member;  // the row as it is
  std::optional<Ordinals>
      at_read;  // of CursorKey::read. Absent: not asked for, or too far from what is known
};

// All that Apply() is told of the store.
struct Known {
  std::optional<DedupEntry> dedup{};
  std::optional<KnownCursor> cursor{};
  std::optional<PushRecord> push{};  // absent: there is none, or it was not asked for
};

// An event as it is stored and delivered. `bytes`: the serialised v1::Event.
struct NewEvent {
  Rid rid;
  Seq seq;
  uint64_t ordinal = 0;      // countable events of the room up to here
  uint64_t own_ordinal = 0;  // countable events of this sender up to here; 0 = not countable
  Uid sender;
  std::string room;
  std::string bytes;
  std::vector<UserId> also_to;  // users who lose the room by this event and still get it on their own topic
};

// An event names a member of its room.
struct NewMention {
  Rid rid;
  Uid uid;
  Seq seq;
};

// An inbox item as it is stored and delivered. `bytes`: the serialised v1::InboxItem.
struct NewInboxItem {
  Uid uid;
  std::string user;
  uint64_t useq = 0;
  std::string bytes;
};

// A member's row with the cursor where it is now.
struct MovedCursor {
  Rid rid;
  Uid uid;
  MemberRecord member;
};

// The devices of a user that want notifications, as they are now; none: the row goes.
struct ChangedPush {
  Uid uid;
  PushRecord record;
};

// What one command did. Nothing of a refused command but the answer.
struct Applied {
  LogIndex index;
  std::vector<Change> changes;
  std::vector<NewEvent> events;
  bool events_first = false;  // they go out by the view as it was: the last ones of a room
  std::optional<std::pair<DedupKey, DedupEntry>> dedup;
  std::vector<NewMention> mentions;
  std::vector<NewInboxItem> inbox;
  std::optional<MovedCursor> cursor;  // no Change: it lives in the store alone
  std::optional<ChangedPush> push;    // nor is this one
  internal::v1::Origin origin;
  // The answer: of a send, and of a cursor that is refused, the ack (its code and reason included), of
  // everything else code and reason.
  std::optional<v1::Ack> ack;
  Code code = Code::OK;
  std::string reason;
};

// How long a message id is remembered, in log time. Protocol: at least 7 days.
inline constexpr uint64_t kDedupWindowMs = uint64_t{8} * 24 * 3600 * 1000;

// True for a user with the role admin who is not disabled.
bool IsAdminRecord(const UserRecord& user);
// True when without this user there would be no admin.
bool IsLastAdmin(const Directory& directory, std::string_view user);

// The deterministic state machine of Parley: Apply() reads a command and the state, nothing else (no clock,
// no chance, no node), so any node that applies the same log has the same state. Owned by one thread.
class StateMachine {
 public:
  StateMachine() = default;
  StateMachine(Directory directory, std::unordered_map<Rid, Head> heads)
      : directory_(std::move(directory)), heads_(std::move(heads)) {}

  // Which dedupe entry Apply() will want for this command, by the state as it is now.
  std::optional<DedupKey> DedupKeyOf(const Command& command) const;

  // Which cursor it will want.
  std::optional<CursorKey> CursorKeyOf(const Command& command) const;

  // Whose devices it will want.
  std::optional<Uid> PushOwnerOf(const Command& command) const;

  // Applies the command at `index`. `known`: what the store (or an earlier command of the same batch) has for
  // DedupKeyOf(command), CursorKeyOf(command) and PushOwnerOf(command). Indices must rise.
  Applied Apply(LogIndex index, const Command& command, const Known& known);

  const Directory& directory() const { return directory_; }
  Head HeadOf(Rid rid) const;

 private:
  struct Context;  // one command being applied

  void Send(Context& context, const internal::v1::SendDraft& send);
  void MoveCursor(Context& context, const internal::v1::MoveCursor& move);
  void CreateUser(Context& context, const internal::v1::CreateUser& create);
  void SetPassword(Context& context, const internal::v1::SetPassword& set);
  void RememberCredential(Context& context, const internal::v1::RememberCredential& remember);
  void DeleteUser(Context& context, const internal::v1::DeleteUser& gone);
  void CreateRoom(Context& context, const internal::v1::CreateRoom& create);
  void AddMember(Context& context, const internal::v1::AddMember& add);
  void RemoveMember(Context& context, const internal::v1::RemoveMember& remove);
  void SetMemberRole(Context& context, const internal::v1::SetMemberRole& set);
  void BindClient(Context& context, const internal::v1::BindClient& bind);
  void RehashPassword(Context& context, const internal::v1::RehashPassword& rehash);
  void CreateRole(Context& context, const internal::v1::CreateRole& create);
  void DeleteRole(Context& context, const internal::v1::DeleteRole& gone);
  void AddAcl(Context& context, const internal::v1::AddAcl& add);
  void RemoveAcl(Context& context, const internal::v1::RemoveAcl& remove);
  void AddUserRole(Context& context, const internal::v1::AddUserRole& add);
  void RemoveUserRole(Context& context, const internal::v1::RemoveUserRole& remove);
  void BindTopic(Context& context, const internal::v1::BindTopic& bind);
  void UnbindTopic(Context& context, const internal::v1::UnbindTopic& unbind);
  void BoundMessage(Context& context, const internal::v1::BoundMessage& bound);

  void RegisterPush(Context& context, const internal::v1::RegisterPush& registration);
  void UnregisterPush(Context& context, const internal::v1::UnregisterPush& gone);
  void MutePush(Context& context, const internal::v1::MutePush& mute);
  void CreateWebhook(Context& context, const internal::v1::CreateWebhook& create);
  void UpdateWebhook(Context& context, const internal::v1::UpdateWebhook& update);
  void DeleteWebhook(Context& context, const internal::v1::DeleteWebhook& gone);

  using RuleChange = Status (*)(google::protobuf::RepeatedPtrField<AclRule>& rules, const AclRule& rule,
                                const std::string& owner);
  void ChangeRules(Context& context, const std::string& role, const std::string& username,
                   const AclRule& rule, RuleChange change);
  Status CheckRolesExist(const UserRecord& user) const;
  // A room that goes takes its bindings and webhooks with it.
  void DropBindings(Context& context, Rid rid);
  void DropWebhooks(Context& context, Rid rid);
  // A room of the actor's. nullptr and an answer when there is none.
  const Room* RoomToMute(Context& context, const std::string& name);
  // A user's devices as they come out of a command, without what has run out; an answer instead when they
  // have become too much.
  void ChangePush(Context& context, const User& user, PushRecord record);
  // What of a room's settings for a device still says something.
  bool IsOfUse(const Context& context, const User& user, const PushRecord::RoomSetting& setting) const;
  void UpdateRoom(Context& context, const internal::v1::UpdateRoom& update);
  void DeleteRoom(Context& context, const internal::v1::DeleteRoom& gone);
  void JoinRoom(Context& context, const internal::v1::JoinRoom& join);
  void LeaveRoom(Context& context, const internal::v1::LeaveRoom& leave);
  void UpdateUser(Context& context, const internal::v1::UpdateUser& update);
  void SetUserDisabled(Context& context, const internal::v1::SetUserDisabled& set);
  void SetConfig(Context& context, const internal::v1::SetConfig& set);

  // The room of a direct message, made with both memberships when this is its first message. nullptr and an
  // answer in `context` when it cannot be.
  const Room* DirectRoomFor(Context& context, const std::string& room);
  // A room that the actor may know of, to change it. nullptr and an answer when there is none.
  const Room* ManagedRoom(Context& context, const std::string& room);
  // Who acts as a member, if this one does and may at all. False and an answer when they may not.
  bool CheckActor(Context& context);
  Role RoleOf(const std::string& room, const std::string& user) const;
  bool CheckMemberChange(Context& context, const Room& room, const std::string& user, Role after);
  // False and an answer when this user has as many rooms as a user may have.
  bool CheckRoomCount(Context& context, const User& user);
  void Remove(Context& context, const Room& room, const User& user, v1::MembershipChange::Change what);
  void AppendRoomChange(Context& context, const RoomRecord& room, bool deleted);
  const User* ExistingUser(Context& context, const std::string& user);
  // The first seq that someone sees who joins a room now.
  uint64_t VisibleFromNow(const RoomRecord& room) const;
  void PutMember(Context& context, const Room& room, const User& user, Role role, uint64_t visible_from);
  void AppendEvent(Context& context, const RoomRecord& room, v1::Event event, bool countable,
                   std::vector<UserId> also_to);
  void AppendMembershipEvent(Context& context, const RoomRecord& room,
                             const std::vector<v1::MembershipChange>& changes, std::vector<UserId> also_to);
  // Notes the members whom the event that was appended last mentions.
  void AppendMentions(Context& context, const RoomRecord& room, const v1::Draft& draft);
  // The next item of a user's inbox.
  void Inform(Context& context, const std::string& user, v1::InboxItem item);
  void InformAdded(Context& context, const RoomRecord& room, const std::string& user, Role role);
  void InformRemoved(Context& context, const RoomRecord& room, const std::string& user,
                     v1::MembershipChange::Change what, bool deleted);
  // All sessions of a user end.
  void InformRevoked(Context& context, const std::string& user, const std::string& reason);
  void Change(Context& context, domain::Change change);

  Directory directory_;
  std::unordered_map<Rid, Head> heads_;
};

}  // namespace parley::domain
