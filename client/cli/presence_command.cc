#include <memory>
#include <utility>

#include "client/api/raw_client.h"
#include "client/cli/ask.h"
#include "client/cli/commands.h"
#include "client/cli/open.h"
#include "client/cli/presence_options.h"
#include "client/cli/render.h"
#include "client/cli/render_presence.h"
#include "client/cli/report.h"
#include "schemas/topic.h"

namespace parley::client {
namespace {

constexpr int64_t kStepMs = 1'000;

// False when nobody reads it any more.
bool Show(const v1::Presence& presence, bool json) {
  return PrintLine(json ? ToJsonLine(presence) : RenderPresence(presence));
}

bool Show(const v1::RoomPresence& presence, bool json) {
  if (json) return PrintLine(ToJsonLine(presence));
  for (const std::string& line : RenderRoomPresence(presence)) {
    if (!PrintLine(line)) return false;
  }
  return true;
}

int AskOnce(const PresenceOptions& options, const CommandContext& context) {
  const bool json = options.global.json;
  Result<std::unique_ptr<Client>> client = OpenClient(options.global, context);
  if (!client) return FailAs(client.error(), json, context);
  if (options.sets()) {
    // The same again changes nothing more.
    const auto set = Ask<v1::PresenceSetReply>(**client, "presence.set", options.set, Repeat::kYes);
    if (!set) return FailAs(set.error(), json, context);
    Show(set->presence(), json);
    return 0;
  }
  const auto got = Ask<v1::PresenceGetReply>(**client, "presence.get", options.get, Repeat::kYes);
  if (!got) return FailAs(got.error(), json, context);
  for (const v1::Presence& presence : got->presences()) {
    if (!Show(presence, json)) return 0;
  }
  if (got->has_room_presence()) Show(got->room_presence(), json);
  return 0;
}

// A message of a presence topic; others and what was taken back are nothing to show.
bool ShowMessage(const MqttMessage& message, bool json) {
  const Result<ChatTopic> topic = ParseChatTopic(message.topic);
  if (!topic || message.payload.empty()) return true;
  if (std::holds_alternative<RoomTopic>(*topic)) {
    v1::RoomPresence presence;
    return !presence.ParseFromString(message.payload) || Show(presence, json);
  }
  v1::Presence presence;
  return !presence.ParseFromString(message.payload) || Show(presence, json);
}

int Watch(const PresenceOptions& options, const CommandContext& context) {
  const bool json = options.global.json;
  Result<MqttOptions> connection = ResolveConnection(options.global, context.environment);
  if (!connection) return Fail(connection.error(), json);
  RawClientOptions raw;
  raw.mqtt = *connection;
  raw.interrupted = &context.interrupted;
  for (const std::string& user : options.get.users()) {
    raw.filters.push_back(UserPresenceTopic(user, Encoding::kPb));
  }
  if (!options.get.room().empty()) {
    raw.filters.push_back(RoomPresenceTopic(options.get.room(), Encoding::kPb));
  }
  if (raw.filters.empty()) raw.filters.push_back(UserPresenceTopic(connection->user, Encoding::kPb));
  Result<std::unique_ptr<RawClient>> client = RawClient::Connect(raw);
  if (!client) return FailAs(client.error(), json, context);
  while (true) {
    Result<std::optional<MqttMessage>> message = (*client)->Next(kStepMs);
    if (context.interrupted) return kExitInterrupted;
    if (!message) return Fail(message.error(), json);
    if (*message && !ShowMessage(**message, json)) return 0;
  }
}

}  // namespace

int RunPresence(const CommandContext& context) {
  Result<PresenceOptions> options = ParsePresenceOptions(context.words);
  if (!options) return UsageError("parley presence", options.error());
  if (options->global.help) return ShowHelp(PresenceHelp());
  return options->watch ? Watch(*options, context) : AskOnce(*options, context);
}

}  // namespace parley::client
