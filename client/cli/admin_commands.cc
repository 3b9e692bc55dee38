#include "client/cli/admin_commands.h"

#include <array>
#include <string_view>
#include <utility>

#include "client/cli/render.h"
#include "client/cli/render_json.h"
#include "client/cli/render_push.h"
#include "schemas/json.h"

namespace parley::client {
namespace {

using Json = nlohmann::ordered_json;

Error Wrong(std::string reason) {
  return {Code::INVALID_ARGUMENT, std::move(reason)};
}

const std::vector<Shape>& Shapes() {
  static const std::vector<Shape> shapes = {
      {"create-user", "NAME", "make a user", "createUser", {"username"}, 1, {"role", "kind=person"}},
      {"set-password", "NAME", "give a user another password", "setUserPassword", {"username"}, 1, {}},
      {"delete-user", "NAME", "delete a user and erase what it wrote", "deleteUser", {"username"}, 1, {}},
      {"disable-user", "NAME", "log a user out and keep it out", "disableUser", {"username"}, 1, {}},
      {"enable-user", "NAME", "let a user log in again", "enableUser", {"username"}, 1, {}},
      {"get-user", "NAME", "show a user", "getUser", {"username"}, 1, {}},
      {"list-users", "", "list all users", "listUsers", {}, 0, {}},
      {"kick", "[NAME]", "disconnect a user, or one --client", "kick", {"username"}, 0, {"client"}},
      {"create-role", "ROLE", "make a role", "createRole", {"role"}, 1, {}},
      {"delete-role", "ROLE", "delete a role", "deleteRole", {"role"}, 1, {}},
      {"add-role-acl",
       "ROLE publish|subscribe TOPIC",
       "add a rule for plain topics to a role (%u, %c, + and # may stand in it)",
       "addRoleAcl",
       {"role", "acltype", "topic"},
       3,
       {"deny", "priority=0"}},
      {"remove-role-acl",
       "ROLE publish|subscribe TOPIC",
       "take a rule from a role",
       "removeRoleAcl",
       {"role", "acltype", "topic"},
       3,
       {}},
      {"add-user-acl",
       "NAME publish|subscribe TOPIC",
       "add a rule for plain topics to one user",
       "addUserAcl",
       {"username", "acltype", "topic"},
       3,
       {"deny", "priority=0"}},
      {"remove-user-acl",
       "NAME publish|subscribe TOPIC",
       "take a rule from one user",
       "removeUserAcl",
       {"username", "acltype", "topic"},
       3,
       {}},
      {"add-user-role",
       "NAME ROLE",
       "give a user a role",
       "addUserRole",
       {"username", "role"},
       2,
       {"priority=0"}},
      {"remove-user-role",
       "NAME ROLE",
       "take a role from a user",
       "removeUserRole",
       {"username", "role"},
       2,
       {}},
      {"get-role", "ROLE", "show a role and its rules", "getRole", {"role"}, 1, {}},
      {"list-roles", "", "list all roles", "listRoles", {}, 0, {}},
      {"create-room",
       "ROOM",
       "make a room",
       "createRoom",
       {"room"},
       1,
       {"kind=group", "title", "history", "retention-days", "max-message-bytes", "member"}},
      {"update-room",
       "ROOM",
       "change a room",
       "updateRoom",
       {"room"},
       1,
       {"title", "history", "retention-days", "max-message-bytes"}},
      {"delete-room", "ROOM", "delete a room and its messages", "deleteRoom", {"room"}, 1, {}},
      {"get-room", "ROOM", "show a room and its members", "getRoom", {"room"}, 1, {}},
      {"list-rooms", "", "list all rooms", "listRooms", {}, 0, {}},
      {"add-member", "ROOM USER [ROLE]", "add a member", "addMember", {"room", "user", "role"}, 2, {}},
      {"remove-member", "ROOM USER", "remove a member", "removeMember", {"room", "user"}, 2, {}},
      {"set-role",
       "ROOM USER ROLE",
       "change a member's role",
       "setMemberRole",
       {"room", "user", "role"},
       3,
       {}},
      {"bind-topic",
       "FILTER ROOM",
       "make events of a room of what is published to plain topics",
       "bindTopic",
       {"filter", "room"},
       2,
       {"content-type"}},
      {"unbind-topic", "FILTER ROOM", "stop that", "unbindTopic", {"filter", "room"}, 2, {}},
      {"list-bindings", "", "list all bindings", "listBindings", {}, 0, {}},
      {"get-config", "", "show the settings that can change live", "getConfig", {}, 0, {}},
      {"set-config", "NAME VALUE", "change one of them", "setConfig", {"name", "value"}, 2, {}},
      {"backup", "PATH", "copy the store into a new folder of the server", "backup", {"path"}, 1, {}},
      {"stats", "", "what the server counts", "stats", {}, 0, {}},
      {"feed", "", "who follows the change feed, and how far each is", "listFeedConsumers", {}, 0, {}},
      {"dead-letters list",
       "[CONSUMER]",
       "entries of the feed that a consumer could not handle",
       "listDeadLetters",
       {"consumer"},
       0,
       {}},
      {"dead-letters replay",
       "CONSUMER [INDEX]",
       "hand it all of them, or one, again",
       "replayDeadLetters",
       {"consumer", "index"},
       1,
       {}},
      {"dead-letters drop",
       "CONSUMER [INDEX]",
       "give all of them, or one, up",
       "dropDeadLetters",
       {"consumer", "index"},
       1,
       {}},
      {"explain",
       "ROOM SEQ",
       "what became of a message: its times, and each device",
       "explainMessage",
       {"room", "seq"},
       2,
       {}},
      {"push-devices",
       "NAME",
       "which devices of a user are told of messages",
       "listPush",
       {"username"},
       1,
       {}},
      {"webhooks list", "", "where events go besides, and how far each is", "listWebhooks", {}, 0, {}},
      {"webhooks show", "NAME", "show one", "getWebhook", {"webhook"}, 1, {}},
      {"webhooks create",
       "NAME URL",
       "send events of one --room, or of all, to an address; shows its secret, once",
       "createWebhook",
       {"webhook", "url"},
       2,
       {"room", "event"}},
      {"webhooks update",
       "NAME",
       "change one (--event all: every kind)",
       "updateWebhook",
       {"webhook"},
       1,
       {"url", "event", "new-secret", "disable", "enable"}},
      {"webhooks delete", "NAME", "send nothing more, for good", "deleteWebhook", {"webhook"}, 1, {}},
      {"webhooks pause", "NAME", "hold what comes until resume", "pauseWebhook", {"webhook"}, 1, {}},
      {"webhooks resume", "NAME", "go on where it stopped", "resumeWebhook", {"webhook"}, 1, {}},
      {"webhooks test", "NAME", "send a test, and show what came back", "testWebhook", {"webhook"}, 1, {}},
  };
  return shapes;
}

Status CheckPassword(const AdminOptions& options) {
  const bool password = options.new_password || options.password_stdin || options.no_password;
  if (password && !TakesPassword(options)) return Wrong(options.subcommand + " takes no password");
  if (options.no_password && options.subcommand != "create-user") {
    return Wrong("--no-password is for create-user");
  }
  return {};
}

// A list that comes in pages says how many there are in all.
const Json* PagedList(const Json& data) {
  return data.is_object() && data.contains("totalCount") ? FirstList(data) : nullptr;
}

}  // namespace

bool TakesPassword(const AdminOptions& options) {
  return options.subcommand == "create-user" || options.subcommand == "set-password";
}

std::vector<SubcommandHelp> AdminSubcommands() {
  std::vector<SubcommandHelp> lines = DescribeShapes(Shapes());
  lines.push_back({"import", "import", "users and rules of Mosquitto's acl_file and password_file (--help)"});
  lines.push_back({"batch", "batch", "commands as JSON, one a line, from stdin"});
  return lines;
}

Result<std::string> AdminCommand(const AdminOptions& options) {
  std::vector<std::string> words = options.arguments;
  const Shape* shape = FindShape(Shapes(), options.subcommand);
  if (shape == nullptr) shape = FindFamilyShape(Shapes(), options.subcommand, words);
  if (shape == nullptr) {
    const std::string usage = FamilyUsage(Shapes(), options.subcommand);
    return usage.empty() ? NoSuchSubcommand("admin", options.subcommand) : Wrong("usage: " + usage);
  }
  if (Status checked = CheckPassword(options); !checked) return std::move(checked).error();
  Result<std::string> fields = FillShape(*shape, words, options.values, EnumCase::kLower);
  if (!fields) return std::move(fields).error();
  Json command = {{"command", shape->command}};
  Json arguments = Json::parse(*fields);
  if (options.subcommand == "kick" && arguments.empty()) return Wrong("kick whom? A user, or --client ID");
  if (options.subcommand == "add-member" && !arguments.contains("role")) arguments["role"] = "member";
  if (options.subcommand == "set-config") {  // numbers and true / false are themselves
    Json value = Json::parse(arguments["value"].get<std::string>(), nullptr, /*allow_exceptions=*/false);
    if (!value.is_number() && !value.is_boolean()) value = arguments["value"];
    arguments = Json{{arguments["name"].get<std::string>(), std::move(value)}};
  }
  if (options.subcommand == "dead-letters" && arguments.contains("index")) {  // one of them
    std::string one(shape->command);
    one.pop_back();
    command["command"] = one;
  }
  if (shape->command == "updateWebhook") {
    if (arguments.size() < 2) return Wrong("what is to change? See parley admin --help");
    if (options.values.count("disable") > 0 && options.values.count("enable") > 0) {
      return Wrong("either --disable or --enable");
    }
  }
  command.update(arguments);
  if (options.new_password) command["password"] = *options.new_password;
  return DumpJson(command);
}

std::string ListCommand(const std::string& command, size_t offset) {
  Json json = Json::parse(command, nullptr, /*allow_exceptions=*/false);
  if (json.is_object()) json["offset"] = offset;
  return DumpJson(json);
}

AdminAnswer ReadAnswer(const std::string& response, bool json) {
  AdminAnswer answer;
  const Json object = Json::parse(response, nullptr, /*allow_exceptions=*/false);
  if (!object.is_object()) {
    answer.status = Error{Code::INTERNAL, "an answer that is no JSON object"};
    return answer;
  }
  const std::string name = FieldText(object, "command");
  if (object.contains("error")) {
    Error error{CodeNamed(FieldText(object, "code")), FieldText(object, "error")};
    answer.lines.push_back(json ? DumpJson(object) : name + ": " + RenderError(error));
    answer.status = std::move(error);
    return answer;
  }
  const Json data = object.value("data", Json());
  if (const Json* list = PagedList(data)) {
    answer.items = list->size();
    const Json& total = data["totalCount"];
    answer.total = total.is_number_unsigned() ? total.get<size_t>() : answer.items;
    for (const Json& item : *list) answer.lines.push_back(json ? DumpJson(item) : RenderItem(item));
  } else if (json) {
    answer.lines.push_back(DumpJson(object));
  } else if (data.is_null()) {
    answer.lines.push_back(name + ": ok");
  } else if (v1::MessageExplainReply explained;
             name == "explainMessage" && FromJson(DumpJson(data), explained)) {
    answer.lines = RenderMessageExplanation(explained);
  } else if (name == "listPush") {
    answer.lines = RenderUsersPush(data);
  } else {
    RenderData(data, answer.lines);
  }
  return answer;
}

}  // namespace parley::client
