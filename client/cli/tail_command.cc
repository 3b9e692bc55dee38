#include <algorithm>
#include <chrono>
#include <iostream>

#include "client/api/client.h"
#include "client/cli/commands.h"
#include "client/cli/positions.h"
#include "client/cli/render.h"
#include "client/cli/report.h"
#include "client/cli/tail_options.h"

namespace parley::client {
namespace {

using Clock = std::chrono::steady_clock;

// Time left in steps of at most a second.
int64_t NextWaitMs(const std::optional<Clock::time_point>& deadline) {
  constexpr int64_t kStepMs = 1'000;
  if (!deadline) return kStepMs;
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(*deadline - Clock::now());
  return std::clamp<int64_t>(left.count(), 0, kStepMs);
}

// Prints until the count or the time is reached, or the stream ends; returns the exit code.
int Follow(Client& client, const TailOptions& options, const CommandContext& context,
           PositionKeeper* keeper) {
  const bool json = options.global.json;
  std::optional<Clock::time_point> deadline;
  if (options.timeout_ms) deadline = Clock::now() + std::chrono::milliseconds(*options.timeout_ms);
  uint64_t seen = 0;
  while (true) {
    Result<std::optional<Client::StreamItem>> item = client.Next(NextWaitMs(deadline));
    if (context.interrupted) return kExitInterrupted;
    if (!item) return Fail(item.error(), json);
    if (*item) {
      if (const auto* event = std::get_if<v1::Event>(&**item)) {
        if (!PrintLine(json ? ToJsonLine(*event) : RenderEvent(*event))) {
          return context.interrupted ? kExitInterrupted : 0;  // nobody reads any more
        }
        if (keeper != nullptr) keeper->Shown(*event);
        if (options.count && ++seen >= *options.count) return 0;
      } else if (const auto* notice = std::get_if<Notice>(&**item)) {
        Fail(notice->what, json);  // a line, not the end
      } else if (const auto* caught_up = std::get_if<CaughtUp>(&**item)) {
        if (keeper != nullptr) keeper->CaughtUp(caught_up->cursor);
      }
    }
    if (keeper != nullptr) {
      if (Status saved = keeper->Save(/*now=*/false); !saved) return Fail(saved.error(), json);
    }
    if (!deadline || Clock::now() < *deadline) continue;
    if (!options.count) return 0;
    return Fail({Code::UNAVAILABLE, std::to_string(seen) + " events came in time"}, json);
  }
}

}  // namespace

int RunTail(const CommandContext& context) {
  Result<TailOptions> options = ParseTailOptions(context.words);
  if (!options) return UsageError("parley tail", options.error());
  if (options->global.help) return ShowHelp(TailHelp());
  Result<MqttOptions> connection = ResolveConnection(options->global, context.environment);
  if (!connection) return Fail(connection.error(), options->global.json);
  const bool json = options->global.json;
  ClientOptions client_options;
  client_options.mqtt = *connection;
  client_options.stream = options->stream;
  client_options.interrupted = &context.interrupted;
  PositionKeeper keeper(PositionsPath("tail", *connection, context.environment));
  if (options->resume) {
    if (Status loaded = keeper.Load(); !loaded) return Fail(loaded.error(), json);
    client_options.stream.cursor = keeper.positions().cursor;
    client_options.stream.seen = keeper.positions().rooms;
  }
  Result<std::unique_ptr<Client>> client = Client::Connect(client_options);
  if (!client) return FailAs(client.error(), json, context);
  const int exit_code = Follow(**client, *options, context, options->resume ? &keeper : nullptr);
  if (Status saved = keeper.Save(/*now=*/true); !saved) return Fail(saved.error(), json);
  return exit_code;
}

}  // namespace parley::client
