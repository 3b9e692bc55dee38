#include <chrono>
#include <iostream>
#include <iterator>
#include <memory>

#include "client/cli/commands.h"
#include "client/cli/connection.h"
#include "client/cli/files.h"
#include "client/cli/open.h"
#include "client/cli/push_commands.h"
#include "client/cli/report.h"
#include "schemas/limits.h"

namespace parley::client {
namespace {

Result<std::string> ReadFileOrInput(const std::string& path) {
  if (path != "-") return ReadSmallFile(path);
  std::string text;
  for (auto next = std::istreambuf_iterator<char>(std::cin); next != std::istreambuf_iterator<char>();
       ++next) {
    if (text.size() >= parley::limits::kPacketBytesMax) {
      return Error{Code::RESOURCE_EXHAUSTED, "stdin is too large"};
    }
    text += *next;
  }
  return text;
}

uint64_t NowMs() {
  using std::chrono::milliseconds;
  using std::chrono::system_clock;
  const auto since = std::chrono::duration_cast<milliseconds>(system_clock::now().time_since_epoch());
  return static_cast<uint64_t>(since.count());
}

}  // namespace

int RunPush(const CommandContext& context) {
  const Result<RequestOptions> options = ParseRequestOptions(context.words, PushRequests().fields);
  if (!options) return UsageError("parley push", options.error());
  const GlobalOptions& global = options->global;
  if (global.help) return ShowHelp(PushHelp());
  const Result<Settings> settings = ResolveSettings(global, context.environment);
  if (!settings) return Fail(settings.error(), global.json);
  const Result<RequestCall> call =
      PushCallOf(*options, {&ReadFileOrInput, NowMs(), settings->client_id.has_value()});
  if (!call) {
    return call.error().code == Code::INVALID_ARGUMENT ? UsageError("parley push", call.error())
                                                       : Fail(call.error(), global.json);
  }
  Result<std::unique_ptr<Client>> client = OpenClient(global, context);
  if (!client) return FailAs(client.error(), global.json, context);
  const Result<std::string> reply = (*client)->Ask(call->method, call->request, call->repeat);
  if (!reply) return FailAs(reply.error(), global.json, context);
  for (const std::string& line : ReadPushReply(*call, *reply, global.json)) {
    if (!PrintLine(line)) break;
  }
  return 0;
}

CommandHelp PushHelp() {
  const RequestGroup& group = PushRequests();
  return RequestHelp(group.usage, group.fields, DescribeShapes(group.shapes));
}

}  // namespace parley::client
