#include "client/cli/admin_commands.h"

#include <map>
#include <string_view>
#include <utility>

#include <nlohmann/json.hpp>

#include "client/cli/render.h"
#include "schemas/json.h"

namespace parley::client {
namespace {

using Json = nlohmann::ordered_json;

Error Wrong(std::string reason) {
  return {Code::INVALID_ARGUMENT, std::move(reason)};
}

std::string Dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string Shown(const std::string& text) {
  return Printable(text, text.size());
}

// How a subcommand's arguments become fields.
struct Shape {
  const char* command;
  std::vector<const char*> fields;
  size_t required;
  const char* usage;
};

const std::map<std::string_view, Shape>& Shapes() {
  static const std::map<std::string_view, Shape> shapes = {
      {"create-user", {"createUser", {"username"}, 1, "create-user NAME"}},
      {"set-password", {"setUserPassword", {"username"}, 1, "set-password NAME"}},
      {"delete-user", {"deleteUser", {"username"}, 1, "delete-user NAME"}},
      {"list-users", {"listUsers", {}, 0, "list-users"}},
      {"create-room", {"createRoom", {"room"}, 1, "create-room NAME"}},
      {"add-member", {"addMember", {"room", "user", "role"}, 2, "add-member ROOM USER [ROLE]"}},
      {"remove-member", {"removeMember", {"room", "user"}, 2, "remove-member ROOM USER"}},
      {"set-role", {"setMemberRole", {"room", "user", "role"}, 3, "set-role ROOM USER ROLE"}},
      {"list-rooms", {"listRooms", {}, 0, "list-rooms"}},
      {"get-room", {"getRoom", {"room"}, 1, "get-room ROOM"}},
      {"stats", {"stats", {}, 0, "stats"}},
  };
  return shapes;
}

// Options that a subcommand does not have are an error, not ignored.
Status CheckOptions(const AdminOptions& options) {
  const bool user = options.subcommand == "create-user";
  const bool room = options.subcommand == "create-room";
  const bool password = options.new_password || options.password_stdin || options.no_password;
  if (password && !TakesPassword(options)) return Wrong(options.subcommand + " takes no password");
  if (options.no_password && !user) return Wrong("--no-password is for create-user");
  if (!options.roles.empty() && !user)
    return Wrong("--role is for create-user; else give the role behind the user");
  if (options.kind && !user && !room) return Wrong("--kind is for create-user and create-room");
  if ((options.title || !options.members.empty()) && !room)
    return Wrong("--title and --member are for create-room");
  return {};
}

// user[:role]
Json MemberOf(const std::string& text) {
  const size_t colon = text.find(':');
  return {{"user", text.substr(0, colon)},
          {"role", colon == std::string::npos ? "member" : text.substr(colon + 1)}};
}

void AddOptions(const AdminOptions& options, Json& command) {
  if (TakesPassword(options) && options.new_password) command["password"] = *options.new_password;
  if (options.subcommand == "create-user") {
    command["roles"] = options.roles;
    command["kind"] = options.kind.value_or("person");
  }
  if (options.subcommand == "create-room") {
    command["kind"] = options.kind.value_or("group");
    if (options.title) command["title"] = *options.title;
    command["members"] = Json::array();
    for (const std::string& member : options.members) command["members"].push_back(MemberOf(member));
  }
}

std::string TextOf(const Json& object, const char* name) {
  const auto field = object.find(name);
  if (field == object.end()) return "";
  if (field->is_string()) return Shown(field->get<std::string>());
  return field->dump(-1, ' ', true, Json::error_handler_t::replace);
}

// "name kind [roles] [title]", as far as the fields are there.
std::string RenderItem(const Json& item) {
  if (!item.is_object()) return item.dump(-1, ' ', true, Json::error_handler_t::replace);
  std::string line;
  for (const char* name : {"username", "room", "user", "kind", "role"}) {
    const std::string text = TextOf(item, name);
    if (!text.empty()) line += (line.empty() ? "" : " ") + text;
  }
  if (const auto roles = item.find("roles"); roles != item.end() && roles->is_array()) {
    for (const Json& role : *roles) line += " " + (role.is_string() ? Shown(role.get<std::string>()) : "?");
  }
  if (item.value("disabled", Json(false)) == true) line += " disabled";
  if (const std::string title = TextOf(item, "title"); !title.empty()) line += " \"" + title + "\"";
  return line;
}

const Json* ListOf(const Json& data) {
  if (!data.is_object()) return nullptr;
  for (const char* name : {"users", "rooms"}) {
    const auto list = data.find(name);
    if (list != data.end() && list->is_array()) return &*list;
  }
  return nullptr;
}

void RenderData(const Json& data, std::vector<std::string>& lines) {
  const Json* object =
      data.is_object() && data.contains("room") && data["room"].is_object() ? &data["room"] : &data;
  if (!object->is_object()) return lines.push_back(RenderItem(*object));
  if (object->contains("room")) lines.push_back(RenderItem(*object));
  for (const auto& [name, value] : object->items()) {
    if (value.is_array()) {
      for (const Json& item : value) lines.push_back("  " + RenderItem(item));
    } else if (!object->contains("room")) {
      lines.push_back(Shown(name) + ": " + TextOf(*object, name.c_str()));
    }
  }
}

}  // namespace

bool TakesPassword(const AdminOptions& options) {
  return options.subcommand == "create-user" || options.subcommand == "set-password";
}

Result<std::string> AdminCommand(const AdminOptions& options) {
  if (options.subcommand.empty()) return Wrong("which subcommand? See parley admin --help");
  const auto found = Shapes().find(options.subcommand);
  if (found == Shapes().end()) {
    return Wrong("no such subcommand: " + Printable(options.subcommand, 64) + ". See parley admin --help");
  }
  const Shape& shape = found->second;
  if (options.arguments.size() < shape.required || options.arguments.size() > shape.fields.size()) {
    return Wrong(std::string("usage: parley admin ") + shape.usage);
  }
  if (Status checked = CheckOptions(options); !checked) return std::move(checked).error();
  Json command = {{"command", shape.command}};
  for (size_t i = 0; i < options.arguments.size(); ++i) command[shape.fields[i]] = options.arguments[i];
  if (options.subcommand == "add-member" && options.arguments.size() == 2) command["role"] = "member";
  AddOptions(options, command);
  return Dump(command);
}

std::string ListCommand(const std::string& command, size_t offset) {
  Json json = Json::parse(command, nullptr, /*allow_exceptions=*/false);
  if (json.is_object()) json["offset"] = offset;
  return Dump(json);
}

AdminAnswer ReadAnswer(const std::string& response, bool json) {
  AdminAnswer answer;
  const Json object = Json::parse(response, nullptr, /*allow_exceptions=*/false);
  if (!object.is_object()) {
    answer.status = Error{Code::INTERNAL, "an answer that is no JSON object"};
    return answer;
  }
  const std::string name = TextOf(object, "command");
  if (object.contains("error")) {
    Error error{Code::INTERNAL, TextOf(object, "error")};
    for (const CodeEntry& entry : CodeTable()) {
      if (entry.name == TextOf(object, "code")) error.code = entry.code;
    }
    answer.lines.push_back(json ? Dump(object) : name + ": " + RenderError(error));
    answer.status = std::move(error);
    return answer;
  }
  const Json data = object.value("data", Json());
  if (const Json* list = ListOf(data)) {
    answer.items = list->size();
    answer.total = answer.items;
    const auto total = data.find("totalCount");
    if (total != data.end() && total->is_number_unsigned()) answer.total = total->get<size_t>();
    for (const Json& item : *list) answer.lines.push_back(json ? Dump(item) : RenderItem(item));
  } else if (json) {
    answer.lines.push_back(Dump(object));
  } else if (data.is_null()) {
    answer.lines.push_back(name + ": ok");
  } else {
    RenderData(data, answer.lines);
  }
  return answer;
}

}  // namespace parley::client
