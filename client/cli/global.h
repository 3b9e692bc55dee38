#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "client/cli/settings.h"

namespace parley::client {

// What the command line says that every command understands.
struct GlobalOptions {
  Settings settings;
  std::optional<std::string> config;  // the settings file to read or, for login, to write
  int64_t connect_timeout_ms = 10'000;
  bool json = false;
  bool help = false;
};

}  // namespace parley::client
