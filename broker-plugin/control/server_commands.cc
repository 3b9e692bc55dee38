// The admin commands about the server itself.

#include "broker-plugin/control/admin_call.h"
#include "broker-plugin/control/arguments.h"
#include "broker-plugin/control/control.h"
#include "schemas/limits.h"

namespace parley::plugin {
namespace {

using internal::v1::SetConfig;
using nlohmann::json;

// What can be set while the server runs, and within which bounds.
struct Setting {
  const char* name;
  Bounds bounds;
  void (SetConfig::*set)(uint32_t);
  uint32_t domain::Config::*value;
};
constexpr Setting kSettings[] = {
    {"maxDraftBytes",
     {1024, limits::kDraftBytesCeiling},
     &SetConfig::set_max_draft_bytes,
     &domain::Config::max_draft_bytes},
    {"publishesPerSecond",
     {1, 1'000'000},
     &SetConfig::set_publishes_per_second,
     &domain::Config::publishes_per_second},
    {"roomsPerUser", {1, 1'000'000}, &SetConfig::set_rooms_per_user, &domain::Config::rooms_per_user},
    {"subscriptionsPerClient",
     {10, 1'000'000},
     &SetConfig::set_subscriptions_per_client,
     &domain::Config::subscriptions_per_client},
};

Outcome Stats(const AdminCall& call) {
  return Outcome::Data(call.parts().stats());
}

Outcome SetConfiguration(const AdminCall& call) {
  domain::Command append = call.NewCommand();
  SetConfig& set = *append.mutable_set_config();
  bool any = false;
  for (const Setting& setting : kSettings) {
    if (!call.arguments().contains(setting.name)) continue;
    const Result<uint32_t> value = NumberArgument(call.arguments(), setting.name, setting.bounds);
    if (!value) return value.error();
    (set.*setting.set)(*value);
    any = true;
  }
  for (const auto& [name, value] : call.arguments().items()) {  // a misspelt name must not pass for done
    bool known = name == "command" || name == "correlationData";
    for (const Setting& setting : kSettings) known = known || name == setting.name;
    if (!known) return Error{Code::INVALID_ARGUMENT, name + ": no such setting; getConfig shows all"};
  }
  if (!any) return Error{Code::INVALID_ARGUMENT, "give a setting; getConfig shows all"};
  return call.Append(std::move(append));
}

Outcome GetConfiguration(const AdminCall& call) {
  json config = json::object();
  for (const Setting& setting : kSettings) config[setting.name] = call.parts().view.config().*setting.value;
  return Outcome::Data({{"config", std::move(config)}});
}

// Ends connections; who may log in does so again.
Outcome Kick(const AdminCall& call) {
  const json& command = call.arguments();
  if (command.contains("username") == command.contains("client")) {
    return Error{Code::INVALID_ARGUMENT, "username, client: give one of them"};
  }
  std::string user;
  std::string client;
  if (command.contains("username")) {
    const Result<UserId> named = UserArgument(command, "username");
    if (!named) return named.error();
    user = named->str();
  } else {
    const Result<std::string> named = RequiredText(command, "client");
    if (!named) return named.error();
    const Result<ClientId> parsed = ParseClientId(*named);
    if (!parsed) return Error{Code::INVALID_ARGUMENT, "client: " + parsed.error().reason};
    client = parsed->str();
  }
  const size_t count = call.parts().kick(user, client);
  if (count == 0) return Error{Code::NOT_FOUND, (user.empty() ? client : user) + " is not connected"};
  return Outcome::Data({{"kicked", count}});
}

constexpr AdminCommand kCommands[] = {
    {"stats", Stats},
    {"setConfig", SetConfiguration},
    {"getConfig", GetConfiguration},
    {"kick", Kick},
};

}  // namespace

std::span<const AdminCommand> ServerCommands() {
  return kCommands;
}

}  // namespace parley::plugin
