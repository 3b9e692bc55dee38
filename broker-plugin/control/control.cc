#include "broker-plugin/control/control.h"

#include <nlohmann/json.hpp>

#include "broker-plugin/acl/access.h"
#include "broker-plugin/auth/password.h"
#include "broker-plugin/control/arguments.h"
#include "schemas/json.h"
#include "schemas/limits.h"

namespace parley::plugin {

using nlohmann::json;

struct Control::List {
  std::string user;
  std::string client;
  json commands;
  size_t next = 0;
  json responses = json::array();
  size_t data_bytes = 0;  // of the data in them
};

struct Control::Outcome {
  bool pending = false;
  std::optional<Error> error;
  json data;

  Outcome() = default;
  Outcome(Error why) : error(std::move(why)) {}
  static Outcome Pending() {
    Outcome outcome;
    outcome.pending = true;
    return outcome;
  }
  static Outcome Data(json data) {
    Outcome outcome;
    outcome.data = std::move(data);
    return outcome;
  }
};

namespace {

constexpr uint64_t kListPageMax = 1000;
constexpr int kDepthMax = 32;

std::string Dump(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

// Items [offset, offset + count) of a sorted list, made by `show`.
template <typename Items, typename Show>
Result<json> Page(const json& command, const Items& items, const char* name, Show show) {
  const Result<uint64_t> offset = OptionalNumber(command, "offset");
  if (!offset) return offset.error();
  const Result<uint64_t> count = OptionalNumber(command, "count");
  if (!count) return count.error();
  const uint64_t limit = *count == 0 ? kListPageMax : std::min(*count, kListPageMax);
  json shown = json::array();
  for (uint64_t i = *offset; i < items.size() && shown.size() < limit; ++i) shown.push_back(show(*items[i]));
  return json{{"totalCount", items.size()}, {name, std::move(shown)}};
}

}  // namespace

Control::Control(Parts parts) : parts_(std::move(parts)) {}
Control::~Control() = default;

const std::map<std::string_view, Control::Handler>& Control::Handlers() {
  static const std::map<std::string_view, Handler> handlers = {
      {"createUser", &Control::CreateUser},
      {"setUserPassword", &Control::SetUserPassword},
      {"deleteUser", &Control::DeleteUser},
      {"listUsers", &Control::ListUsers},
      {"createRoom", &Control::CreateRoom},
      {"addMember", &Control::AddMember},
      {"removeMember", &Control::RemoveMember},
      {"setMemberRole", &Control::SetMemberRole},
      {"listRooms", &Control::ListRooms},
      {"getRoom", &Control::GetRoom},
      {"stats", &Control::Stats},
  };
  return handlers;
}

void Control::OnControl(const std::string& user, const std::string& client, std::string_view payload) {
  const auto refuse = [&](Code code, const std::string& reason) {
    Respond(client, json::array({{{"error", reason}, {"code", CodeName(code)}}}));
  };
  bool too_deep = false;  // copies and prints of JSON recurse
  const auto shallow = [&too_deep](int depth, json::parse_event_t, json&) {
    too_deep = too_deep || depth > kDepthMax;
    return !too_deep;
  };
  json request = json::parse(payload.begin(), payload.end(), shallow, /*allow_exceptions=*/false);
  if (too_deep) return refuse(Code::INVALID_ARGUMENT, "a list nests at most 32 levels deep");
  if (!request.is_object() || !request.contains("commands") || !request["commands"].is_array()) {
    return refuse(Code::INVALID_ARGUMENT, R"(give {"commands":[{"command":"…", …}]})");
  }
  if (request["commands"].size() > limits::kControlCommandsMax) {
    return refuse(Code::INVALID_ARGUMENT, "at most 1000 commands in one list");
  }
  if (lists_under_way_ >= kListsMax) return refuse(Code::RESOURCE_EXHAUSTED, "too many lists are under way");
  auto list = std::make_shared<List>();
  list->user = user;
  list->client = client;
  list->commands = std::move(request["commands"]);
  ++lists_under_way_;
  Continue(list);
}

void Control::OnApplied(const domain::Applied& applied) {
  const auto waiting = waiting_.find(applied.origin.token());
  if (waiting == waiting_.end()) return;  // appended by an earlier process
  const ListPtr list = std::move(waiting->second);
  waiting_.erase(waiting);
  Answer(list, applied.code == Code::OK ? Outcome() : Outcome(Error{applied.code, applied.reason}));
  Continue(list);
}

void Control::Continue(const ListPtr& list) {
  while (list->next < list->commands.size()) {
    const json& command = list->commands[list->next];
    Outcome outcome;
    if (!IsAdmin(parts_.view, list->user)) {  // not any more
      outcome = Error{Code::PERMISSION_DENIED, list->user + " is no admin"};
    } else if (!command.is_object() || !command.contains("command") || !command["command"].is_string()) {
      outcome = Error{Code::INVALID_ARGUMENT, "command: give the name of a command"};
    } else if (const auto handler = Handlers().find(command["command"].get_ref<const std::string&>());
               handler == Handlers().end()) {
      outcome = Error{Code::UNIMPLEMENTED,
                      "this version has no command " + Printable(command["command"].get<std::string>(), 64)};
    } else {
      outcome = (this->*handler->second)(list, command);
    }
    if (outcome.pending) return;
    Answer(list, outcome);
  }
  --lists_under_way_;
  Respond(list->client, list->responses);
}

void Control::Answer(const ListPtr& list, const Outcome& outcome) {
  const json& command = list->commands[list->next++];
  json response = json::object();
  if (command.is_object()) {
    for (const char* field : {"command", "correlationData"}) {
      if (command.contains(field)) response[field] = command[field];
    }
  }
  if (outcome.error) {
    response["error"] = outcome.error->reason;
    response["code"] = CodeName(outcome.error->code);
  } else if (!outcome.data.is_null()) {
    const size_t bytes = Dump(outcome.data).size();
    if (list->data_bytes + bytes > limits::kPacketBytesMax) {
      response["error"] = "the response is full: ask for less, or in another list";
      response["code"] = CodeName(Code::RESOURCE_EXHAUSTED);
    } else {
      list->data_bytes += bytes;
      response["data"] = outcome.data;
    }
  }
  list->responses.push_back(std::move(response));
}

void Control::Respond(const std::string& client, const json& responses) {
  parts_.broker.PublishTo(client, std::string(kControlResponseTopic), Dump({{"responses", responses}}), 1);
}

domain::Command Control::NewCommand(const ListPtr& list) const {
  return parts_.gate.NewCommand(list->user, list->client);
}

Control::Outcome Control::Append(const ListPtr& list, domain::Command command) {
  command.mutable_origin()->set_token(next_token_);
  const Result<LogIndex> appended = parts_.log.Append(command);
  if (!appended) return Error{Code::UNAVAILABLE, appended.error().reason};
  waiting_[next_token_++] = list;
  return Outcome::Pending();
}

Control::Outcome Control::HashThenAppend(const ListPtr& list, const std::string& username,
                                         const std::string& password, Build build) {
  const bool submitted = parts_.pool.Submit([this, list, username, password, build = std::move(build)] {
    std::string hash = HashPassword(password);
    std::string mac = parts_.memory.Mac(username, hash, password);
    return WorkerPool::Completion([this, list, build, hash = std::move(hash), mac = std::move(mac)] {
      domain::Command command = NewCommand(list);
      build(command, hash, mac);
      const Outcome outcome = hash.empty()
                                  ? Outcome(Error{Code::RESOURCE_EXHAUSTED, "no memory to hash a password"})
                                  : Append(list, std::move(command));
      if (outcome.pending) return;
      Answer(list, outcome);
      Continue(list);
    });
  });
  if (!submitted) return Error{Code::RESOURCE_EXHAUSTED, "too many passwords are being hashed: try again"};
  return Outcome::Pending();
}

Control::Outcome Control::CreateUser(const ListPtr& list, const json& command) {
  const Result<UserId> user = UserArgument(command, "username");
  if (!user) return user.error();
  Result<std::optional<std::string>> password = PasswordArgument(command);
  if (!password) return std::move(password).error();
  internal::v1::CreateUser create;
  create.set_username(user->str());
  const Result<std::string> kind = OptionalText(command, "kind", 16);
  if (!kind) return kind.error();
  create.set_kind(kind->empty() ? "person" : *kind);
  if (create.kind() != "person" && create.kind() != "device" && create.kind() != "bot" &&
      create.kind() != "service") {
    return Error{Code::INVALID_ARGUMENT, "kind: one of person, device, bot, service"};
  }
  const json roles = command.value("roles", json::array());
  if (!roles.is_array()) return Error{Code::INVALID_ARGUMENT, "roles: give a list of names"};
  for (const json& role : roles) {
    if (role != "admin") return Error{Code::NOT_FOUND, "roles: this version has the role admin"};
  }
  if (!roles.empty()) create.add_roles("admin");
  if (parts_.view.FindUser(user->str()) != nullptr) {  // spares the derivation; apply() has the last word
    return Error{Code::ALREADY_EXISTS, "user " + user->str() + " exists"};
  }
  if (!*password) {
    domain::Command append = NewCommand(list);
    *append.mutable_create_user() = create;
    return Append(list, std::move(append));
  }
  return HashThenAppend(list, user->str(), **password,
                        [create](domain::Command& append, std::string hash, std::string mac) {
                          *append.mutable_create_user() = create;
                          append.mutable_create_user()->set_password_hash(std::move(hash));
                          append.mutable_create_user()->set_remembered_mac(std::move(mac));
                        });
}

Control::Outcome Control::SetUserPassword(const ListPtr& list, const json& command) {
  const Result<UserId> user = UserArgument(command, "username");
  if (!user) return user.error();
  Result<std::optional<std::string>> password = PasswordArgument(command);
  if (!password) return std::move(password).error();
  if (!*password) return Error{Code::INVALID_ARGUMENT, "password: give a string"};
  if (user->str() == kBridgeUser) {  // it reads its password from its file
    return Error{Code::FAILED_PRECONDITION, "the bridge's password is the server's own"};
  }
  if (parts_.view.FindUser(user->str()) == nullptr) return Error{Code::NOT_FOUND, "no user " + user->str()};
  return HashThenAppend(list, user->str(), **password,
                        [name = user->str()](domain::Command& append, std::string hash, std::string mac) {
                          append.mutable_set_password()->set_username(name);
                          append.mutable_set_password()->set_password_hash(std::move(hash));
                          append.mutable_set_password()->set_remembered_mac(std::move(mac));
                        });
}

Control::Outcome Control::DeleteUser(const ListPtr& list, const json& command) {
  const Result<UserId> user = UserArgument(command, "username");
  if (!user) return user.error();
  if (user->str() == list->user) return Error{Code::FAILED_PRECONDITION, "another admin must delete you"};
  if (user->str() == kBridgeUser) {
    return Error{Code::FAILED_PRECONDITION, user->str() + " is a service of this server and stays"};
  }
  domain::Command append = NewCommand(list);
  append.mutable_delete_user()->set_username(user->str());
  return Append(list, std::move(append));
}

Control::Outcome Control::ListUsers(const ListPtr&, const json& command) {
  Result<json> page = Page(command, parts_.view.UsersByName(), "users", [](const domain::User& user) {
    return json{{"username", user.record.username()},
                {"kind", user.record.kind()},
                {"roles", std::vector<std::string>(user.record.roles().begin(), user.record.roles().end())},
                {"disabled", user.record.disabled()}};
  });
  if (!page) return std::move(page).error();
  return Outcome::Data(std::move(*page));
}

Control::Outcome Control::CreateRoom(const ListPtr& list, const json& command) {
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
  domain::Command append = NewCommand(list);
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
  return Append(list, std::move(append));
}

Control::Outcome Control::AddMember(const ListPtr& list, const json& command) {
  const Result<RoomId> room = RoomArgument(command);
  if (!room) return room.error();
  const Result<UserId> user = UserArgument(command, "user");
  if (!user) return user.error();
  const Result<domain::Role> role = RoleArgument(command);
  if (!role) return role.error();
  domain::Command append = NewCommand(list);
  append.mutable_add_member()->set_room(room->str());
  append.mutable_add_member()->mutable_member()->set_user(user->str());
  append.mutable_add_member()->mutable_member()->set_role(*role);
  return Append(list, std::move(append));
}

Control::Outcome Control::RemoveMember(const ListPtr& list, const json& command) {
  const Result<RoomId> room = RoomArgument(command);
  if (!room) return room.error();
  const Result<UserId> user = UserArgument(command, "user");
  if (!user) return user.error();
  domain::Command append = NewCommand(list);
  append.mutable_remove_member()->set_room(room->str());
  append.mutable_remove_member()->set_user(user->str());
  return Append(list, std::move(append));
}

Control::Outcome Control::SetMemberRole(const ListPtr& list, const json& command) {
  const Result<RoomId> room = RoomArgument(command);
  if (!room) return room.error();
  const Result<UserId> user = UserArgument(command, "user");
  if (!user) return user.error();
  if (!command.contains("role")) return Error{Code::INVALID_ARGUMENT, "role: give a role"};
  const Result<domain::Role> role = RoleArgument(command);
  if (!role) return role.error();
  domain::Command append = NewCommand(list);
  append.mutable_set_member_role()->set_room(room->str());
  append.mutable_set_member_role()->mutable_member()->set_user(user->str());
  append.mutable_set_member_role()->mutable_member()->set_role(*role);
  return Append(list, std::move(append));
}

Control::Outcome Control::ListRooms(const ListPtr&, const json& command) {
  Result<json> page = Page(command, parts_.view.RoomsByName(), "rooms", [](const domain::Room& room) {
    return json{{"room", room.record.room()},
                {"kind", LowerName(room.record.kind())},
                {"title", room.record.title()}};
  });
  if (!page) return std::move(page).error();
  return Outcome::Data(std::move(*page));
}

Control::Outcome Control::GetRoom(const ListPtr&, const json& command) {
  const Result<RoomId> name = RoomArgument(command);
  if (!name) return name.error();
  const domain::Room* room = parts_.view.FindRoom(name->str());
  if (room == nullptr) return Error{Code::NOT_FOUND, "no room " + name->str()};
  std::map<std::string, std::string> roles;
  for (const domain::Membership& member : room->members) {
    if (member.role == v1::Member::UNSPECIFIED) continue;
    roles[parts_.view.At(member.user).record.username()] = LowerName(member.role);
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

Control::Outcome Control::Stats(const ListPtr&, const json&) {
  return Outcome::Data(parts_.stats());
}

}  // namespace parley::plugin
