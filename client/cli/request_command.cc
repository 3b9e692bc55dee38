#include <iostream>

#include "client/cli/commands.h"
#include "client/cli/files.h"
#include "client/cli/open.h"
#include "client/cli/render.h"
#include "client/cli/render_json.h"
#include "client/cli/report.h"
#include "client/cli/request_commands.h"

namespace parley::client {
namespace {

int ListRooms(const GlobalOptions& global, const CommandContext& context) {
  Result<std::unique_ptr<Client>> client = OpenClient(global, context);
  if (!client) return FailAs(client.error(), global.json, context);
  Result<std::vector<v1::RoomState>> rooms = (*client)->Rooms();
  if (!rooms) return FailAs(rooms.error(), global.json, context);
  for (const v1::RoomState& room : *rooms) {
    if (!PrintLine(global.json ? ToJsonLine(room) : RenderRoom(room))) break;
  }
  return 0;
}

// users.changePassword wants the old one, which is that of the connection, and a new one.
Status AddPasswords(const GlobalOptions& global, const CommandContext& context, RequestCall& call) {
  Result<MqttOptions> connection = ResolveConnection(global, context.environment);
  if (!connection) return std::move(connection).error();
  Result<std::string> password = AskPassword("New password: ");
  if (!password) return std::move(password).error();
  nlohmann::ordered_json object = nlohmann::ordered_json::parse(call.request);
  object["old_password"] = connection->password;
  object["new_password"] = *password;
  call.request = DumpJson(object);
  return {};
}

// Asks, page after page, and prints; the exit code.
int AskAndPrint(RequestCall call, const GlobalOptions& global, const CommandContext& context) {
  Result<std::unique_ptr<Client>> client = OpenClient(global, context);
  if (!client) return FailAs(client.error(), global.json, context);
  while (true) {
    Result<std::string> reply = (*client)->Ask(call.method, call.request, call.repeat);
    if (!reply) return FailAs(reply.error(), global.json, context);
    const ReplyLines read = ReadReply(call, *reply, global.json);
    for (const std::string& line : read.lines) {
      if (!PrintLine(line)) return 0;
    }
    if (read.page.empty()) return 0;
    call = NextPage(std::move(call), read.page);
  }
}

CommandHelp HelpOf(const RequestGroup& group) {
  return RequestHelp(group.usage, group.fields, DescribeShapes(group.shapes));
}

int RunGroup(const RequestGroup& group, const CommandContext& context) {
  const std::string name = "parley " + std::string(group.name);
  Result<RequestOptions> options = ParseRequestOptions(context.words, group.fields);
  if (!options) return UsageError(name, options.error());
  const GlobalOptions& global = options->global;
  if (global.help) return ShowHelp(HelpOf(group));
  if (&group == &RoomRequests() && options->subcommand.empty()) options->subcommand = "list";
  Result<RequestCall> call = CallOf(group, *options);
  if (!call) return UsageError(name, call.error());
  if (call->method == "rooms.list") return ListRooms(global, context);
  if (call->method == "users.changePassword") {
    if (Status asked = AddPasswords(global, context, *call); !asked) return Fail(asked.error(), global.json);
  }
  if (call->method == "users.get" && options->arguments.empty()) {
    Result<MqttOptions> connection = ResolveConnection(global, context.environment);
    if (!connection) return Fail(connection.error(), global.json);
    call->request = DumpJson({{"user", connection->user}});
  }
  return AskAndPrint(std::move(*call), global, context);
}

}  // namespace

int RunRooms(const CommandContext& context) {
  return RunGroup(RoomRequests(), context);
}

int RunMembers(const CommandContext& context) {
  return RunGroup(MemberRequests(), context);
}

int RunUsers(const CommandContext& context) {
  return RunGroup(UserRequests(), context);
}

CommandHelp RoomsHelp() {
  return HelpOf(RoomRequests());
}

CommandHelp MembersHelp() {
  return HelpOf(MemberRequests());
}

CommandHelp UsersHelp() {
  return HelpOf(UserRequests());
}

}  // namespace parley::client
