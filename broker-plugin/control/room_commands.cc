// The admin commands about rooms and their members.

#include <map>
#include <string>

#include "broker-plugin/control/admin_call.h"
#include "broker-plugin/control/arguments.h"
#include "broker-plugin/control/control.h"
#include "broker-plugin/control/page.h"
#include "schemas/limits.h"

namespace parley::plugin {
namespace {

using nlohmann::json;

Bounds MessageBytes(const AdminCall& call) {
  return {0, call.parts().view.config().max_draft_bytes};
}

Outcome CreateRoom(const AdminCall& call) {
  const json& command = call.arguments();
  const Result<RoomId> room = RoomArgument(command);
  if (!room) return room.error();
  if (IsDirect(room->str())) {
    return Error{Code::FAILED_PRECONDITION, "a direct room exists by itself: send to " + room->str()};
  }
  const Result<domain::RoomKind> kind = KindArgument(command);
  if (!kind) return kind.error();
  const Result<std::string> title = OptionalText(command, "title", limits::kTitleBytesMax);
  if (!title) return title.error();
  const Result<v1::Room::History> history = HistoryArgument(command);
  if (!history) return history.error();
  domain::Command append = call.NewCommand();
  internal::v1::CreateRoom& create = *append.mutable_create_room();
  create.set_history(*history);
  create.set_room(room->str());
  create.set_kind(*kind);
  create.set_title(*title);
  if (command.contains("retention_days")) {
    const Result<uint32_t> days = NumberArgument(command, "retention_days", {0, limits::kRetentionDaysMax});
    if (!days) return days.error();
    create.set_retention_days(*days);
  }
  if (command.contains("max_message_bytes")) {
    const Result<uint32_t> bytes = NumberArgument(command, "max_message_bytes", MessageBytes(call));
    if (!bytes) return bytes.error();
    create.set_max_message_bytes(*bytes);
  }
  const json members = command.value("members", json::array());
  if (!members.is_array() || members.size() > static_cast<size_t>(limits::kMembersPerCommandMax)) {
    return Error{Code::INVALID_ARGUMENT, "members: give at most 10000 of {user, role}"};
  }
  for (const json& entry : members) {
    if (!entry.is_object()) return Error{Code::INVALID_ARGUMENT, "members: give {user, role}"};
    const Result<UserId> user = UserArgument(entry, "user");
    if (!user) return user.error();
    const Result<domain::Role> role = RoleArgument(entry);
    if (!role) return role.error();
    internal::v1::RoomMember& member = *create.add_members();
    member.set_user(user->str());
    member.set_role(*role);
  }
  return call.Append(std::move(append));
}

Outcome UpdateRoom(const AdminCall& call) {
  const json& command = call.arguments();
  const Result<RoomId> room = RoomArgument(command);
  if (!room) return room.error();
  domain::Command append = call.NewCommand();
  internal::v1::UpdateRoom& update = *append.mutable_update_room();
  update.set_room(room->str());
  bool any = false;
  if (command.contains("title")) {
    any = true;
    const Result<std::string> title = OptionalText(command, "title", limits::kTitleBytesMax);
    if (!title) return title.error();
    update.set_title(*title);
  }
  if (command.contains("history")) {
    any = true;
    const Result<v1::Room::History> history = HistoryArgument(command);
    if (!history) return history.error();
    update.set_history(*history);
  }
  if (command.contains("retention_days")) {
    any = true;
    const Result<uint32_t> days = NumberArgument(command, "retention_days", {0, limits::kRetentionDaysMax});
    if (!days) return days.error();
    update.set_retention_days(*days);
  }
  if (command.contains("max_message_bytes")) {
    any = true;
    const Result<uint32_t> bytes = NumberArgument(command, "max_message_bytes", MessageBytes(call));
    if (!bytes) return bytes.error();
    update.set_max_message_bytes(*bytes);
  }
  if (!any) {
    return Error{Code::INVALID_ARGUMENT,
                 "title, history, retention_days, max_message_bytes: give what to change"};
  }
  return call.Append(std::move(append));
}

Outcome DeleteRoom(const AdminCall& call) {
  const Result<RoomId> room = RoomArgument(call.arguments());
  if (!room) return room.error();
  domain::Command append = call.NewCommand();
  append.mutable_delete_room()->set_room(room->str());
  return call.Append(std::move(append));
}

Outcome AddMember(const AdminCall& call) {
  const json& command = call.arguments();
  const Result<RoomId> room = RoomArgument(command);
  if (!room) return room.error();
  const Result<UserId> user = UserArgument(command, "user");
  if (!user) return user.error();
  const Result<domain::Role> role = RoleArgument(command);
  if (!role) return role.error();
  domain::Command append = call.NewCommand();
  append.mutable_add_member()->set_room(room->str());
  append.mutable_add_member()->mutable_member()->set_user(user->str());
  append.mutable_add_member()->mutable_member()->set_role(*role);
  return call.Append(std::move(append));
}

Outcome RemoveMember(const AdminCall& call) {
  const json& command = call.arguments();
  const Result<RoomId> room = RoomArgument(command);
  if (!room) return room.error();
  const Result<UserId> user = UserArgument(command, "user");
  if (!user) return user.error();
  domain::Command append = call.NewCommand();
  append.mutable_remove_member()->set_room(room->str());
  append.mutable_remove_member()->set_user(user->str());
  return call.Append(std::move(append));
}

Outcome SetMemberRole(const AdminCall& call) {
  const json& command = call.arguments();
  const Result<RoomId> room = RoomArgument(command);
  if (!room) return room.error();
  const Result<UserId> user = UserArgument(command, "user");
  if (!user) return user.error();
  if (!command.contains("role")) return Error{Code::INVALID_ARGUMENT, "role: give a role"};
  const Result<domain::Role> role = RoleArgument(command);
  if (!role) return role.error();
  domain::Command append = call.NewCommand();
  append.mutable_set_member_role()->set_room(room->str());
  append.mutable_set_member_role()->mutable_member()->set_user(user->str());
  append.mutable_set_member_role()->mutable_member()->set_role(*role);
  return call.Append(std::move(append));
}

Outcome ListRooms(const AdminCall& call) {
  return Page(call, call.parts().view.RoomsByName(), "rooms", [](const domain::Room& room) {
    return json{{"room", room.record.room()},
                {"kind", LowerName(room.record.kind())},
                {"title", room.record.title()}};
  });
}

Outcome GetRoom(const AdminCall& call) {
  const json& command = call.arguments();
  const Result<RoomId> name = RoomArgument(command);
  if (!name) return name.error();
  const domain::Room* room = call.parts().view.FindRoom(name->str());
  if (room == nullptr) return Error{Code::NOT_FOUND, "no room " + name->str()};
  std::map<std::string, std::string> roles;
  for (const domain::Membership& member : room->members) {
    if (member.role == v1::Member::UNSPECIFIED) continue;
    roles[call.parts().view.At(member.user).record.username()] = LowerName(member.role);
  }
  json members = json::array();
  for (const auto& [user, role] : roles) members.push_back({{"user", user}, {"role", role}});
  return Outcome::Data({{"room",
                         {{"room", room->record.room()},
                          {"kind", LowerName(room->record.kind())},
                          {"title", room->record.title()},
                          {"history", LowerName(room->record.history())},
                          {"retentionDays", room->record.retention_days()},
                          {"maxMessageBytes", room->record.max_message_bytes()},
                          {"members", std::move(members)}}}});
}

constexpr AdminCommand kCommands[] = {
    {"createRoom", CreateRoom}, {"updateRoom", UpdateRoom},     {"deleteRoom", DeleteRoom},
    {"addMember", AddMember},   {"removeMember", RemoveMember}, {"setMemberRole", SetMemberRole},
    {"listRooms", ListRooms},   {"getRoom", GetRoom},
};

}  // namespace

std::span<const AdminCommand> RoomCommands() {
  return kCommands;
}

}  // namespace parley::plugin
