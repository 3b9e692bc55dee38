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
                          {"members", std::move(members)}}}});
}

constexpr AdminCommand kCommands[] = {
    {"createRoom", CreateRoom},       {"addMember", AddMember}, {"removeMember", RemoveMember},
    {"setMemberRole", SetMemberRole}, {"listRooms", ListRooms}, {"getRoom", GetRoom},
};

}  // namespace

std::span<const AdminCommand> RoomCommands() {
  return kCommands;
}

}  // namespace parley::plugin
