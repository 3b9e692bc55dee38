#include "client/cli/connection.h"

#include <utility>

#include "client/api/fresh_client_id.h"
#include "client/cli/files.h"
#include "schemas/names.h"

namespace parley::client {
namespace {

Result<std::string> ClientIdOf(const Settings& settings) {
  if (settings.client_id) {
    Result<ClientId> id = ParseClientId(*settings.client_id);
    if (!id) return std::move(id).error();
    return id->str();
  }
  return FreshClientId();
}

}  // namespace

Result<Settings> SettingsFromEnvironment(const Environment& environment) {
  Settings settings;
  settings.host = environment("PARLEY_HOST");
  if (const auto port = environment("PARLEY_PORT")) {
    Result<uint16_t> number = ParsePort(*port);
    if (!number) return std::move(number).error().Within("PARLEY_PORT");
    settings.port = *number;
  }
  settings.user = environment("PARLEY_USER");
  settings.password = environment("PARLEY_PASSWORD");
  settings.password_file = environment("PARLEY_PASSWORD_FILE");
  settings.client_id = environment("PARLEY_CLIENT_ID");
  return settings;
}

std::string ConfigPath(const GlobalOptions& global, const Environment& environment) {
  if (global.config) return *global.config;
  if (const auto path = environment("PARLEY_CONFIG")) return *path;
  if (const auto folder = environment("XDG_CONFIG_HOME")) return *folder + "/parley/config";
  return environment("HOME").value_or("") + "/.config/parley/config";
}

Result<MqttOptions> ResolveConnection(const GlobalOptions& global, const Environment& environment) {
  Result<Settings> from_environment = SettingsFromEnvironment(environment);
  if (!from_environment) return std::move(from_environment).error();
  Settings settings = Merge(global.settings, *from_environment);
  const std::string path = ConfigPath(global, environment);
  Result<std::string> file = ReadSmallFile(path);
  if (file) {
    Result<Settings> from_file = ParseSettings(*file);
    if (!from_file) return std::move(from_file).error().Within(path);
    settings = Merge(std::move(settings), *from_file);
  } else if (global.config || file.error().code != Code::NOT_FOUND) {
    return std::move(file).error().Within("configuration");
  }
  if (settings.password_file) {
    Result<std::string> password = ReadPasswordFile(*settings.password_file);
    if (!password) return std::move(password).error();
    settings.password = *password;
  }
  if (!settings.user) {
    return Error{Code::INVALID_ARGUMENT, "no user: give --user, set PARLEY_USER, or run `parley login` once"};
  }
  Result<std::string> client_id = ClientIdOf(settings);
  if (!client_id) return std::move(client_id).error();
  MqttOptions options;
  options.host = settings.host.value_or(options.host);
  options.port = settings.port.value_or(options.port);
  options.user = *settings.user;
  options.password = settings.password.value_or("");
  options.client_id = *client_id;
  options.give_up_after_ms = global.connect_timeout_ms;
  return options;
}

}  // namespace parley::client
