#include "client/cli/connection.h"

#include <cerrno>
#include <cstring>
#include <utility>

#include <unistd.h>

#include "client/api/fresh_client_id.h"
#include "client/cli/files.h"
#include "schemas/names.h"

namespace parley::client {
namespace {

constexpr uint16_t kTlsPort = 8883;

Result<std::string> ClientIdOf(const Settings& settings) {
  if (settings.client_id) {
    Result<ClientId> id = ParseClientId(*settings.client_id);
    if (!id) return std::move(id).error();
    return id->str();
  }
  return FreshClientId();
}

// A file that cannot be read is said here, by name: a handshake that fails later says nothing of use.
Status CheckReadable(const char* what, const std::string& path) {
  if (path.empty() || access(path.c_str(), R_OK) == 0) return {};
  return Error{Code::NOT_FOUND, std::string(what) + " " + path + ": " + std::strerror(errno)};
}

Result<TlsOptions> TlsOf(const Settings& settings) {
  TlsOptions tls;
  tls.ca_file = settings.ca_file.value_or("");
  tls.cert_file = settings.cert_file.value_or("");
  tls.key_file = settings.key_file.value_or("");
  const bool named = settings.ca_file || settings.cert_file || settings.key_file;
  tls.enabled = settings.tls.value_or(named);
  if (!tls.enabled) return TlsOptions();
  if (tls.cert_file.empty() != tls.key_file.empty()) {
    return Error{Code::INVALID_ARGUMENT, "--cert and --key belong together"};
  }
  if (Status ca = CheckReadable("--cafile", tls.ca_file); !ca) return std::move(ca).error();
  if (Status cert = CheckReadable("--cert", tls.cert_file); !cert) return std::move(cert).error();
  if (Status key = CheckReadable("--key", tls.key_file); !key) return std::move(key).error();
  return tls;
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
  if (const auto tls = environment("PARLEY_TLS")) {
    Result<bool> on = ParseSwitch(*tls);
    if (!on) return std::move(on).error().Within("PARLEY_TLS");
    settings.tls = *on;
  }
  settings.ca_file = environment("PARLEY_CAFILE");
  settings.cert_file = environment("PARLEY_CERT");
  settings.key_file = environment("PARLEY_KEY");
  return settings;
}

std::string ConfigPath(const GlobalOptions& global, const Environment& environment) {
  if (global.config) return *global.config;
  if (const auto path = environment("PARLEY_CONFIG")) return *path;
  if (const auto folder = environment("XDG_CONFIG_HOME")) return *folder + "/parley/config";
  return environment("HOME").value_or("") + "/.config/parley/config";
}

Result<Settings> ResolveSettings(const GlobalOptions& global, const Environment& environment) {
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
  return settings;
}

Result<MqttOptions> ResolveConnection(const GlobalOptions& global, const Environment& environment) {
  Result<Settings> resolved = ResolveSettings(global, environment);
  if (!resolved) return std::move(resolved).error();
  Settings settings = std::move(*resolved);
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
  Result<TlsOptions> tls = TlsOf(settings);
  if (!tls) return std::move(tls).error();
  options.tls = *tls;
  options.port = settings.port.value_or(options.tls.enabled ? kTlsPort : options.port);
  options.user = *settings.user;
  options.password = settings.password.value_or("");
  options.client_id = *client_id;
  options.give_up_after_ms = global.connect_timeout_ms;
  return options;
}

}  // namespace parley::client
