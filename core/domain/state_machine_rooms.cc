// The commands of rooms: create, update, delete.

#include <algorithm>
#include <set>

#include "core/domain/permissions.h"
#include "core/domain/state_machine_context.h"

namespace parley::domain {

void StateMachine::CreateRoom(Context& context, const internal::v1::CreateRoom& create) {
  if (IsDirect(create.room())) {
    return context.Refuse(Code::FAILED_PRECONDITION, "the first message makes a direct room");
  }
  if (!CheckActor(context)) return;
  if (directory_.FindRoom(create.room()) != nullptr) {
    return context.Refuse(Code::ALREADY_EXISTS, "room " + create.room() + " exists");
  }
  std::set<std::string> named;
  for (const internal::v1::RoomMember& member : create.members()) {
    if (!IsRole(member.role())) return context.Refuse(Code::INVALID_ARGUMENT, "give a role");
    const User* user = ExistingUser(context, member.user());
    if (user == nullptr || !CheckRoomCount(context, *user)) return;
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
  record.set_retention_days(create.retention_days());
  record.set_max_message_bytes(create.max_message_bytes());
  Change(context, record);
  std::vector<v1::MembershipChange> changes;
  for (const internal::v1::RoomMember& member : create.members()) {
    PutMember(context, *directory_.FindRoom(create.room()), *directory_.FindUser(member.user()),
              member.role(), 1);
    InformAdded(context, record, member.user(), member.role());
    changes.push_back(ChangeOf(member.user(), v1::MembershipChange::ADDED, member.role(), context.actor()));
  }
  if (!changes.empty()) AppendMembershipEvent(context, record, changes, {});
}

void StateMachine::UpdateRoom(Context& context, const internal::v1::UpdateRoom& update) {
  const Room* room = ManagedRoom(context, update.room());
  if (room == nullptr) return;
  if (context.as_member()) {
    if (Status may = MayUpdateRoom(RoleOf(update.room(), context.actor()), update); !may) {
      return context.Refuse(may.error());
    }
  }
  RoomRecord record = room->record;
  if (update.has_title()) record.set_title(update.title());
  if (update.has_history()) record.set_history(update.history());
  if (update.has_retention_days()) record.set_retention_days(update.retention_days());
  if (update.has_max_message_bytes()) record.set_max_message_bytes(update.max_message_bytes());
  const RoomRecord& before = room->record;
  if (record.title() == before.title() && record.history() == before.history() &&
      record.retention_days() == before.retention_days() &&
      record.max_message_bytes() == before.max_message_bytes()) {
    return context.Refuse(Code::ALREADY_EXISTS, "room " + update.room() + " has these settings");
  }
  Change(context, record);
  AppendRoomChange(context, record, /*deleted=*/false);
}

// The last event goes to those who are members still; it is not stored, as nothing of the room is any more.
void StateMachine::DeleteRoom(Context& context, const internal::v1::DeleteRoom& gone) {
  const Room* room = ManagedRoom(context, gone.room());
  if (room == nullptr) return;
  if (context.as_member()) {
    if (Status may = MayDeleteRoom(RoleOf(gone.room(), context.actor())); !may) {
      return context.Refuse(may.error());
    }
  }
  RoomGone change{.rid = Rid{room->record.rid()},
                  .room = gone.room(),
                  .index = context.index,
                  .records = {},
                  .members = {}};
  std::vector<std::pair<Uid, std::string>> told;
  for (const Membership& member : room->members) {
    const UserRecord& user = directory_.At(member.user).record;
    change.records.emplace_back(Uid{user.uid()});
    if (IsReader(member.role)) told.emplace_back(Uid{user.uid()}, user.username());
  }
  // Slots are of this process; ids are of the log.
  std::sort(change.records.begin(), change.records.end());
  std::sort(told.begin(), told.end());
  for (const auto& [uid, user] : told) {
    change.members.push_back(uid);
    InformRemoved(context, room->record, user, v1::MembershipChange::REMOVED, /*deleted=*/true);
  }
  AppendRoomChange(context, RoomRecord(room->record), /*deleted=*/true);
  context.applied.events_first = true;
  heads_.erase(change.rid);
  DropBindings(context, change.rid);
  DropWebhooks(context, change.rid);
  Change(context, std::move(change));
}

void StateMachine::AppendRoomChange(Context& context, const RoomRecord& room, bool deleted) {
  v1::Event event;
  v1::RoomChange& change = *event.mutable_room_change();
  change.set_title(room.title());
  change.set_history(room.history());
  change.set_deleted(deleted);
  change.set_retention_days(room.retention_days());
  change.set_max_message_bytes(room.max_message_bytes());
  AppendEvent(context, room, std::move(event), /*countable=*/false, {});
}

}  // namespace parley::domain
