// The admin commands that change outgoing webhooks. (The bridge shows and runs them: bridge_commands.cc.)

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "broker-plugin/auth/password.h"
#include "broker-plugin/control/admin_call.h"
#include "broker-plugin/control/arguments.h"
#include "parley/v1/message.pb.h"
#include "schemas/base64.h"
#include "schemas/url.h"

namespace parley::plugin {
namespace {

using nlohmann::json;

// As the Standard Webhooks specification has them.
constexpr std::string_view kSecretPrefix = "whsec_";
constexpr size_t kSecretBytes = 32;
constexpr size_t kSecretBytesMin = 24;
constexpr size_t kSecretBytesMax = 64;

Error Invalid(const std::string& field, const std::string& reason) {
  return {Code::INVALID_ARGUMENT, field + ": " + reason};
}

Result<std::string> WebhookArgument(const json& command) {
  Result<std::string> name = RequiredText(command, "webhook");
  if (!name) return name;
  if (ParseUserId(*name)) return name;  // the same grammar
  return Invalid("webhook", "1 to 64 of a-z 0-9 . _ - that start with a letter or digit");
}

Result<std::string> UrlArgument(const json& command) {
  Result<std::string> url = RequiredText(command, "url");
  if (!url) return url;
  if (Status checked = CheckUrl(*url); !checked) return std::move(checked).error().Within("url");
  return url;
}

// The bodies of an event by their names in the schema.
std::vector<std::string> KindsOfEvents() {
  std::vector<std::string> kinds;
  const auto* body = v1::Event::descriptor()->FindOneofByName("body");
  kinds.reserve(static_cast<size_t>(body->field_count()));
  for (int i = 0; i < body->field_count(); ++i) kinds.push_back(body->field(i)->name());
  return kinds;
}

// In the schema's order, each once.
Result<std::vector<std::string>> EventsArgument(const json& command) {
  const std::vector<std::string> kinds = KindsOfEvents();
  const json given = command.value("events", json::array());
  const auto is_kind = [&kinds](const json& name) {
    return name.is_string() &&
           std::find(kinds.begin(), kinds.end(), name.get_ref<const std::string&>()) != kinds.end();
  };
  if (!given.is_array() || !std::all_of(given.begin(), given.end(), is_kind)) {
    std::string names;
    for (const std::string& kind : kinds) names += (names.empty() ? "" : ", ") + kind;
    return Invalid("events", "a list of " + names + "; empty for all");
  }
  std::vector<std::string> events;
  for (const std::string& kind : kinds) {
    if (std::find(given.begin(), given.end(), kind) != given.end()) events.push_back(kind);
  }
  return events;
}

std::string NewSecret() {
  return std::string(kSecretPrefix) + ToBase64(*FromBase64(RandomSecret(kSecretBytes), Base64::kUrlSafe));
}

// Drawn when absent.
Result<std::string> SecretArgument(const json& command) {
  if (!command.contains("secret")) return NewSecret();
  Result<std::string> secret = RequiredText(command, "secret");
  if (!secret) return secret;
  if (secret->starts_with(kSecretPrefix)) {
    const auto key = FromBase64(std::string_view(*secret).substr(kSecretPrefix.size()), Base64::kStandard);
    if (key && key->size() >= kSecretBytesMin && key->size() <= kSecretBytesMax) return secret;
  }
  return Invalid("secret", "whsec_ and the base64 of 24 to 64 random bytes; absent: one is drawn");
}

// nullopt when absent.
Result<std::optional<bool>> FlagArgument(const json& command, const char* field) {
  const auto found = command.find(field);
  if (found == command.end()) return std::optional<bool>();
  if (!found->is_boolean()) return Invalid(field, "true or false");
  return std::optional(found->get<bool>());
}

Outcome CreateWebhook(const AdminCall& call) {
  const json& command = call.arguments();
  domain::Command append = call.NewCommand();
  domain::WebhookRecord& webhook = *append.mutable_create_webhook()->mutable_webhook();
  const Result<std::string> name = WebhookArgument(command);
  if (!name) return name.error();
  webhook.set_webhook(*name);
  const Result<std::string> url = UrlArgument(command);
  if (!url) return url.error();
  webhook.set_url(*url);
  if (command.contains("room")) {
    const Result<RoomId> room = RoomArgument(command);
    if (!room) return room.error();
    webhook.set_room(room->str());
  }
  const Result<std::vector<std::string>> events = EventsArgument(command);
  if (!events) return events.error();
  for (const std::string& event : *events) webhook.add_events(event);
  const Result<std::string> secret = SecretArgument(command);
  if (!secret) return secret.error();
  webhook.set_secret(*secret);
  return call.Append(std::move(append), {{"webhook", *name}, {"secret", *secret}});
}

Outcome UpdateWebhook(const AdminCall& call) {
  const json& command = call.arguments();
  domain::Command append = call.NewCommand();
  internal::v1::UpdateWebhook& update = *append.mutable_update_webhook();
  const Result<std::string> name = WebhookArgument(command);
  if (!name) return name.error();
  update.set_webhook(*name);
  json data = {{"webhook", *name}};
  if (command.contains("url")) {
    const Result<std::string> url = UrlArgument(command);
    if (!url) return url.error();
    update.set_url(*url);
  }
  if (command.contains("events")) {
    const Result<std::vector<std::string>> events = EventsArgument(command);
    if (!events) return events.error();
    update.set_with_events(true);
    for (const std::string& event : *events) update.add_events(event);
  }
  const Result<std::optional<bool>> disabled = FlagArgument(command, "disabled");
  if (!disabled) return disabled.error();
  if (*disabled) update.set_disabled(**disabled);
  const Result<std::optional<bool>> fresh = FlagArgument(command, "newSecret");
  if (!fresh) return fresh.error();
  if (fresh->value_or(false)) {
    update.set_secret(NewSecret());
    data["secret"] = update.secret();
  }
  if (!update.has_url() && !update.with_events() && !update.has_disabled() && !update.has_secret()) {
    return Invalid("url, events, disabled, newSecret", "give what to change");
  }
  return call.Append(std::move(append), std::move(data));
}

Outcome DeleteWebhook(const AdminCall& call) {
  const Result<std::string> name = WebhookArgument(call.arguments());
  if (!name) return name.error();
  domain::Command append = call.NewCommand();
  append.mutable_delete_webhook()->set_webhook(*name);
  return call.Append(std::move(append));
}

constexpr AdminCommand kCommands[] = {
    {"createWebhook", CreateWebhook},
    {"updateWebhook", UpdateWebhook},
    {"deleteWebhook", DeleteWebhook},
};

}  // namespace

std::span<const AdminCommand> WebhookCommands() {
  return kCommands;
}

}  // namespace parley::plugin
