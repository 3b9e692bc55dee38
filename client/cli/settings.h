#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "schemas/result.h"

namespace parley::client {

// What one source (command line, environment, file) says about the connection. Names are those of the
// options.
struct Settings {
  std::optional<std::string> host;
  std::optional<uint16_t> port;
  std::optional<std::string> user;
  std::optional<std::string> password;
  std::optional<std::string> password_file;
  std::optional<std::string> client_id;
};

// `strong` where it says something, else `weak`. A password and a password file are one thing: the source
// that names either wins with it.
Settings Merge(Settings strong, const Settings& weak);

// Reads a file of `key=value` lines: host, port, user (or username), password, password-file, client-id.
// Lines that are empty or start with '#' are skipped; all behind '=' is the value. INVALID_ARGUMENT names the
// line.
Result<Settings> ParseSettings(std::string_view text);

// The text of such a file. A value must not hold a line break: INVALID_ARGUMENT.
Result<std::string> PrintSettings(const Settings& settings);

// 1 to 65535. INVALID_ARGUMENT.
Result<uint16_t> ParsePort(std::string_view text);

}  // namespace parley::client
