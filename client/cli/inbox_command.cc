#include <iostream>
#include <optional>
#include <utility>

#include "client/api/client.h"
#include "client/cli/commands.h"
#include "client/cli/inbox_options.h"
#include "client/cli/open.h"
#include "client/cli/render.h"
#include "client/cli/report.h"
#include "schemas/limits.h"

namespace parley::client {
namespace {

constexpr int64_t kStepMs = 1'000;

// The inbox of one user, each item once, in order: by sync, and live in between.
class Inbox {
 public:
  Inbox(Client& client, bool json) : client_(client), json_(json) {}

  // All items since the last call, or the newest ones.
  Status CatchUp() {
    v1::SyncRequest request;
    request.set_limit(parley::limits::kPageMax);
    request.set_events_per_room(1);
    request.set_cursor(cursor_);
    while (true) {
      Result<v1::SyncReply> page = client_.Sync(request);
      if (!page) return std::move(page).error();
      for (const v1::InboxItem& item : page->inbox()) Show(item);
      request.set_cursor(page->cursor());
      if (!page->more()) break;
    }
    cursor_ = request.cursor();
    return {};
  }

  Status OnLive(const v1::InboxItem& item) {
    if (item.useq() > have_ + 1) {  // something was missed
      if (Status caught_up = CatchUp(); !caught_up) return caught_up;
    }
    Show(item);
    return {};
  }

  // Somebody still reads what is printed.
  bool read() const { return read_; }

 private:
  void Show(const v1::InboxItem& item) {
    if (item.useq() <= have_) return;
    have_ = item.useq();
    read_ = read_ && PrintLine(json_ ? ToJsonLine(item) : RenderInboxItem(item));
  }

  Client& client_;
  const bool json_;
  std::string cursor_ = "0";
  uint64_t have_ = 0;
  bool read_ = true;
};

int Follow(Client& client, Inbox& inbox, bool json, const CommandContext& context) {
  bool behind = false;  // what came meanwhile could not be asked for yet
  while (inbox.read()) {
    Result<std::optional<Client::StreamItem>> item = client.Next(kStepMs);
    if (context.interrupted) return kExitInterrupted;
    if (!item) return Fail(item.error(), json);
    std::optional<Status> done;
    if (!*item) {
      if (behind) done = inbox.CatchUp();
    } else if (const auto* live = std::get_if<v1::InboxItem>(&**item)) {
      done = inbox.OnLive(*live);
    } else if (std::holds_alternative<CaughtUp>(**item)) {  // the subscription stands
      done = inbox.CatchUp();
    } else if (const auto* notice = std::get_if<Notice>(&**item)) {
      Fail(notice->what, json);  // a line, not the end
    } else if (const auto* change = std::get_if<ConnectionChange>(&**item)) {
      std::cerr << "parley: " << (change->lost ? "connection lost; trying again" : "connected again") << '\n';
    }
    // The bridge may come back later than the broker.
    if (!done) continue;
    behind = !*done && done->error().code == Code::UNAVAILABLE;
    if (!*done && !behind) return FailAs(done->error(), json, context);
  }
  return 0;
}

}  // namespace

int RunInbox(const CommandContext& context) {
  const Result<InboxOptions> options = ParseInboxOptions(context.words);
  if (!options) return UsageError("parley inbox", options.error());
  const GlobalOptions& global = options->global;
  if (global.help) return ShowHelp(InboxHelp());
  ClientOptions client_options;
  client_options.stream.inbox = options->follow;
  Result<std::unique_ptr<Client>> client = OpenClient(global, context, client_options);
  if (!client) return FailAs(client.error(), global.json, context);
  Inbox inbox(**client, global.json);
  if (options->follow) return Follow(**client, inbox, global.json, context);
  if (Status shown = inbox.CatchUp(); !shown) return FailAs(shown.error(), global.json, context);
  return 0;
}

}  // namespace parley::client
