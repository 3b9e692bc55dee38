#pragma once

#include <functional>
#include <optional>
#include <string>

#include "client/api/client.h"
#include "client/cli/global.h"
#include "client/cli/settings.h"
#include "schemas/result.h"

namespace parley::client {

// Reads an environment variable; nothing when it is not set or empty. Passed in for tests.
using Environment = std::function<std::optional<std::string>(const std::string&)>;

// What PARLEY_HOST, PARLEY_PORT, PARLEY_USER, PARLEY_PASSWORD, PARLEY_PASSWORD_FILE, PARLEY_CLIENT_ID,
// PARLEY_TLS, PARLEY_CAFILE, PARLEY_CERT, PARLEY_KEY say.
Result<Settings> SettingsFromEnvironment(const Environment& environment);

// Where the settings file is: --config, PARLEY_CONFIG, $XDG_CONFIG_HOME/parley/config,
// ~/.config/parley/config.
std::string ConfigPath(const GlobalOptions& global, const Environment& environment);

// What command line > environment > file say. A missing file is an error only when --config names it.
Result<Settings> ResolveSettings(const GlobalOptions& global, const Environment& environment);

// The connection that these settings ask for. Without a client id it makes a new one, so that two commands do
// not push each other out.
Result<MqttOptions> ResolveConnection(const GlobalOptions& global, const Environment& environment);

}  // namespace parley::client
