#include <memory>

#include "client/cli/ask.h"
#include "client/cli/commands.h"
#include "client/cli/explain_options.h"
#include "client/cli/open.h"
#include "client/cli/render.h"
#include "client/cli/render_push.h"
#include "client/cli/report.h"

namespace parley::client {

int RunExplain(const CommandContext& context) {
  const Result<ExplainOptions> options = ParseExplainOptions(context.words);
  if (!options) return UsageError("parley explain", options.error());
  if (options->global.help) return ShowHelp(ExplainHelp());
  const bool json = options->global.json;
  Result<std::unique_ptr<Client>> client = OpenClient(options->global, context);
  if (!client) return FailAs(client.error(), json, context);
  auto reply = Ask<v1::MessageExplainReply>(**client, "message.explain", options->request, Repeat::kYes);
  if (!reply) return FailAs(reply.error(), json, context);
  if (json) {
    reply->clear_request_id();
    PrintLine(ToJsonLine(*reply));
    return 0;
  }
  for (const std::string& line : RenderMessageExplanation(*reply)) {
    if (!PrintLine(line)) break;
  }
  return 0;
}

}  // namespace parley::client
