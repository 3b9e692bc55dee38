// Cursors, mentions and inboxes: what each user has seen, and what their devices are told.

#include <algorithm>

#include "core/domain/permissions.h"
#include "core/domain/state_machine_context.h"
#include "schemas/limits.h"

namespace parley::domain {

std::optional<CursorKey> StateMachine::CursorKeyOf(const Command& command) const {
  const bool moves = command.has_move_cursor();
  if (!moves && !command.has_set_member_role()) return std::nullopt;
  const std::string& name = moves ? command.move_cursor().room() : command.set_member_role().room();
  const std::string& user_name = moves ? command.origin().user() : command.set_member_role().member().user();
  const Room* room = directory_.FindRoom(name);
  const User* user = directory_.FindUser(user_name);
  const Membership* membership = directory_.FindMembership(name, user_name);
  if (room == nullptr || user == nullptr || membership == nullptr || !IsReader(membership->role)) {
    return std::nullopt;
  }
  CursorKey key{.rid = Rid{room->record.rid()},
                .uid = Uid{user->record.uid()},
                .user = user_name,
                .read = {},
                .sent = membership->sent};
  // At the head, the ordinals are in memory; before what may be seen, they stay.
  const uint64_t read = command.move_cursor().read();
  if (moves && read < HeadOf(key.rid).seq.value && read >= membership->visible_from) key.read = Seq{read};
  return key;
}

void StateMachine::MoveCursor(Context& context, const internal::v1::MoveCursor& move) {
  const std::string& name = move.room();
  const auto refuse = [&](Code code, std::string reason) {
    v1::Ack& ack = context.applied.ack.emplace();
    ack.set_room(name);
    ack.set_code(code);
    ack.set_reason(reason);
    context.Refuse(code, std::move(reason));
  };
  const User* user = directory_.FindUser(context.actor());
  if (user == nullptr) return refuse(Code::PERMISSION_DENIED, "no user " + context.actor());
  if (user->record.disabled()) return refuse(Code::PERMISSION_DENIED, context.actor() + " is disabled");
  const Room* room = directory_.FindRoom(name);
  const Membership* membership = directory_.FindMembership(name, context.actor());
  if (membership == nullptr || !IsReader(membership->role)) {
    // Of a direct room without a message for this user, there is nothing to have read.
    if (membership == nullptr && IsDirectMember(name, context.actor())) return;
    if (room == nullptr && !IsDirect(name)) return refuse(Code::NOT_FOUND, "no room " + name);
    return refuse(Code::PERMISSION_DENIED, context.actor() + " is not a member of " + name);
  }
  if (!context.known.cursor) return refuse(Code::INTERNAL, "the cursor was not read");
  const Rid rid{room->record.rid()};
  const Head head = HeadOf(rid);
  MovedCursor moved{.rid = rid,
                    .uid = Uid{user->record.uid()},
                    .member = context.known.cursor->member};
  MemberRecord& member = moved.member;
  const uint64_t read = std::max(member.read(), std::min(move.read(), head.seq.value));
  const uint64_t delivered = std::max({member.delivered(), read, std::min(move.delivered(), head.seq.value)});
  if (read == member.read() && delivered == member.delivered()) return;  // it never goes back
  if (read != member.read() && read >= membership->visible_from) {
    KnownCursor::Ordinals ordinals{.room = head.ordinal, .own = membership->sent};
    if (read != head.seq.value) {
      const std::optional<KnownCursor::Ordinals>& known = context.known.cursor->at_read;
      if (!known) {
        return refuse(Code::RESOURCE_EXHAUSTED,
                      "too many messages at once: move the cursor in steps of at most " +
                          std::to_string(limits::kCursorStepMax) + ", or to the head");
      }
      ordinals = *known;
    }
    member.set_read_ordinal(ordinals.room);
    member.set_read_own_ordinal(ordinals.own);
  }
  member.set_read(read);
  member.set_delivered(delivered);
  member.set_moved_ms(context.command.wall_ms());
  member.set_moved_feed(context.index.value);
  context.applied.cursor = std::move(moved);

  v1::InboxItem item;
  v1::CursorMoved& told = *item.mutable_cursor_moved();
  told.set_room(name);
  told.set_read(read);
  told.set_delivered(delivered);
  told.set_client(context.command.origin().client());
  Inform(context, context.actor(), std::move(item));
}

void StateMachine::AppendMentions(Context& context, const RoomRecord& room, const v1::Draft& draft) {
  const NewEvent& event = context.applied.events.back();
  std::vector<Uid> uids;
  for (const std::string& user : draft.mentions()) {
    const Membership* membership = directory_.FindMembership(room.room(), user);
    if (membership == nullptr || !IsReader(membership->role) || user == context.actor()) continue;
    uids.push_back(Uid{directory_.At(membership->user).record.uid()});
  }
  std::sort(uids.begin(), uids.end());
  uids.erase(std::unique(uids.begin(), uids.end()), uids.end());
  for (const Uid uid : uids) context.applied.mentions.push_back({event.rid, uid, event.seq});
}

void StateMachine::Inform(Context& context, const std::string& name, v1::InboxItem item) {
  const User* user = directory_.FindUser(name);
  if (user == nullptr) return;
  const Uid uid{user->record.uid()};
  const uint64_t useq = user->useq + 1;
  directory_.SetUseq(uid, useq);
  item.set_useq(useq);
  item.set_feed(context.index.value);
  item.set_ts_ms(context.command.wall_ms());
  context.applied.inbox.push_back({uid, name, useq, item.SerializeAsString()});
}

void StateMachine::InformAdded(Context& context, const RoomRecord& room, const std::string& user, Role role) {
  if (!IsReader(role)) return;
  v1::InboxItem item;
  v1::RoomAdded& added = *item.mutable_room_added();
  added.set_room(room.room());
  added.set_kind(room.kind());
  added.set_title(room.title());
  added.set_role(role);
  added.set_by(context.actor());
  Inform(context, user, std::move(item));
}

void StateMachine::InformRemoved(Context& context, const RoomRecord& room, const std::string& user,
                                 v1::MembershipChange::Change what, bool deleted) {
  v1::InboxItem item;
  v1::RoomRemoved& removed = *item.mutable_room_removed();
  removed.set_room(room.room());
  removed.set_change(what);
  removed.set_by(context.actor());
  removed.set_deleted(deleted);
  Inform(context, user, std::move(item));
}

}  // namespace parley::domain
