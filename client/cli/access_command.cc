#include "client/cli/access_explain.h"
#include "client/cli/commands.h"
#include "client/cli/open.h"
#include "client/cli/report.h"

namespace parley::client {
namespace {

const std::vector<std::string>& Fields() {
  static const std::vector<std::string> fields = {"access", "client"};
  return fields;
}

}  // namespace

CommandHelp AccessHelp() {
  return RequestHelp(
      "parley access explain USER TOPIC: whether a user may use a topic, and what decides (for admins).\n"
      "The exit code is 0 when it may, 77 when it may not.\n\n"
      "  parley access explain sensor-7 sensors/sensor-7/temperature\n"
      "  parley access explain bob chat/v1/rooms/lobby/events/json --access subscribe",
      Fields(), DescribeShapes(AccessShapes()));
}

int RunAccess(const CommandContext& context) {
  Result<RequestOptions> options = ParseRequestOptions(context.words, Fields());
  if (!options) return UsageError("parley access", options.error());
  const GlobalOptions& global = options->global;
  if (global.help) return ShowHelp(AccessHelp());
  Result<std::string> command = ExplainCommand(*options);
  if (!command) return UsageError("parley access", command.error());
  ClientOptions client_options;
  client_options.admin = true;
  Result<std::unique_ptr<Client>> client = OpenClient(global, context, client_options);
  if (!client) return FailAs(client.error(), global.json, context);
  Result<std::vector<std::string>> answers = (*client)->Control({*command});
  if (!answers) return FailAs(answers.error(), global.json, context);
  const Explanation explanation = ReadExplanation(*command, answers->front(), global.json);
  if (!explanation.status) return FailAs(explanation.status.error(), global.json, context);
  for (const std::string& line : explanation.lines) PrintLine(line);
  return explanation.allowed ? 0 : Describe(Code::PERMISSION_DENIED).exit_code;
}

}  // namespace parley::client
