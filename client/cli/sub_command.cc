#include <algorithm>
#include <chrono>
#include <iostream>

#include "client/api/raw_client.h"
#include "client/cli/commands.h"
#include "client/cli/raw_message.h"
#include "client/cli/report.h"
#include "client/cli/sub_options.h"

namespace parley::client {
namespace {

using Clock = std::chrono::steady_clock;
constexpr int64_t kStepMs = 1'000;

// False when nobody reads it any more.
bool Show(const MqttMessage& message, const SubOptions& options) {
  if (!options.raw) return PrintLine(options.global.json ? MessageJson(message) : RenderMessage(message));
  std::cout.write(message.payload.data(), static_cast<std::streamsize>(message.payload.size()));
  std::cout.flush();
  return static_cast<bool>(std::cout);
}

int Follow(RawClient& client, const SubOptions& options, const CommandContext& context) {
  const Clock::time_point start = Clock::now();
  uint64_t seen = 0;
  while (true) {
    int64_t wait_ms = kStepMs;
    if (options.timeout_ms) {
      const auto passed = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - start);
      wait_ms = std::clamp<int64_t>(*options.timeout_ms - passed.count(), 0, kStepMs);
    }
    Result<std::optional<MqttMessage>> message = client.Next(wait_ms);
    if (context.interrupted) return kExitInterrupted;
    if (!message) return Fail(message.error(), options.global.json);
    if (*message && !((*message)->retained && options.skip_retained)) {
      if (!Show(**message, options)) return 0;
      if (options.count && ++seen >= *options.count) return 0;
    }
    if (*message || wait_ms > 0) continue;
    if (!options.count) return 0;
    return Fail({Code::UNAVAILABLE, std::to_string(seen) + " messages came in time"}, options.global.json);
  }
}

}  // namespace

int RunSub(const CommandContext& context) {
  Result<SubOptions> options = ParseSubOptions(context.words);
  if (!options) return UsageError("parley sub", options.error());
  if (options->global.help) return ShowHelp(SubHelp());
  Result<MqttOptions> connection = ResolveConnection(options->global, context.environment);
  if (!connection) return Fail(connection.error(), options->global.json);
  RawClientOptions raw;
  raw.mqtt = *connection;
  raw.filters = options->filters;
  raw.qos = options->qos;
  raw.interrupted = &context.interrupted;
  Result<std::unique_ptr<RawClient>> client = RawClient::Connect(raw);
  if (!client) return FailAs(client.error(), options->global.json, context);
  return Follow(**client, *options, context);
}

}  // namespace parley::client
