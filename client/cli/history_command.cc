#include <iostream>

#include "client/api/client.h"
#include "client/cli/commands.h"
#include "client/cli/history_options.h"
#include "client/cli/open.h"
#include "client/cli/progress.h"
#include "client/cli/render.h"
#include "client/cli/report.h"
#include "schemas/limits.h"

namespace parley::client {
namespace {

bool PrintEvents(const v1::HistoryPageReply& page, bool json) {
  for (const v1::Event& event : page.events()) {
    if (!PrintLine(json ? ToJsonLine(event) : RenderEvent(event))) return false;
  }
  return true;
}

int ShowPage(Client& client, const HistoryOptions& options, const CommandContext& context) {
  const bool json = options.global.json;
  Result<v1::HistoryPageReply> page = client.History(options.request);
  if (!page) {
    Fail(page.error(), json);
    return ExitCode(page.error(), context);
  }
  if (!PrintEvents(*page, json) || json || !page->more() || page->events_size() == 0) return 0;
  if (options.request.has_after() || options.request.has_at_ms()) {
    std::cerr << "more: --after " << page->events(page->events_size() - 1).seq() << '\n';
  } else {
    std::cerr << "more: --before " << page->events(0).seq() << '\n';
  }
  return 0;
}

int ShowAll(Client& client, const HistoryOptions& options, const CommandContext& context) {
  const bool json = options.global.json;
  v1::HistoryPageRequest request = options.request;
  if (!request.has_after() && !request.has_at_ms()) request.set_after(0);
  if (request.limit() == 0) request.set_limit(parley::limits::kPageMax);
  Progress progress(Progress::Output::kGoesOn);
  uint64_t shown = 0;
  while (true) {
    Result<v1::HistoryPageReply> page = client.History(request);
    if (!page) {
      Fail(page.error(), json);
      return ExitCode(page.error(), context);
    }
    if (!PrintEvents(*page, json)) return 0;
    if (!page->more() || page->events_size() == 0) return 0;
    shown += static_cast<uint64_t>(page->events_size());
    progress.Update(shown, page->head(), "events");
    request.clear_at_ms();
    request.set_after(page->events(page->events_size() - 1).seq());
  }
}

}  // namespace

int RunHistory(const CommandContext& context) {
  Result<HistoryOptions> options = ParseHistoryOptions(context.words);
  if (!options) return UsageError("parley history", options.error());
  if (options->global.help) return ShowHelp(HistoryHelp());
  Result<std::unique_ptr<Client>> client = OpenClient(options->global, context);
  if (!client) return FailAs(client.error(), options->global.json, context);
  return options->all ? ShowAll(**client, *options, context) : ShowPage(**client, *options, context);
}

}  // namespace parley::client
