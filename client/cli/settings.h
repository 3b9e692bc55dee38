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
  std::optional<bool> tls;               // true also when a file below is named
  std::optional<std::string> ca_file;    // who may vouch for the broker; else those the system trusts
  std::optional<std::string> cert_file;  // who we are
  std::optional<std::string> key_file;
};

// `strong` where it says something, else `weak`. A password and a password file are one thing: the source
// that names either wins with it.
Settings Merge(Settings strong, const Settings& weak);

// Reads a file of `key=value` lines: host, port, user (or username), password, password-file, client-id,
// tls, cafile, cert, key.
// Lines that are empty or start with '#' are skipped; all behind '=' is the value. INVALID_ARGUMENT names the
// line.
Result<Settings> ParseSettings(std::string_view text);

// The text of such a file. A value must not hold a line break: INVALID_ARGUMENT.
Result<std::string> PrintSettings(const Settings& settings);

// "true" or "false" (also 1, yes, on; 0, no, off). INVALID_ARGUMENT.
Result<bool> ParseSwitch(std::string_view text);

// 1 to 65535. INVALID_ARGUMENT.
Result<uint16_t> ParsePort(std::string_view text);

}  // namespace parley::client
