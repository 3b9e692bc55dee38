#include "client/cli/settings.h"

#include <charconv>
#include <utility>
#include <vector>

#include "schemas/json.h"

namespace parley::client {
namespace {

Status Assign(Settings& settings, std::string_view key, std::string_view value) {
  if (key == "host") {
    settings.host = value;
  } else if (key == "port") {
    Result<uint16_t> port = ParsePort(value);
    if (!port) return std::move(port).error();
    settings.port = *port;
  } else if (key == "user" || key == "username") {
    settings.user = value;
  } else if (key == "password") {
    settings.password = value;
  } else if (key == "password-file") {
    settings.password_file = value;
  } else if (key == "client-id") {
    settings.client_id = value;
  } else if (key == "tls") {
    Result<bool> tls = ParseSwitch(value);
    if (!tls) return std::move(tls).error();
    settings.tls = *tls;
  } else if (key == "cafile") {
    settings.ca_file = value;
  } else if (key == "cert") {
    settings.cert_file = value;
  } else if (key == "key") {
    settings.key_file = value;
  } else {
    return Error{Code::INVALID_ARGUMENT, "no such setting: " + Printable(key, 64)};
  }
  return {};
}

}  // namespace

Settings Merge(Settings strong, const Settings& weak) {
  if (!strong.host) strong.host = weak.host;
  if (!strong.port) strong.port = weak.port;
  if (!strong.user) strong.user = weak.user;
  if (!strong.client_id) strong.client_id = weak.client_id;
  if (!strong.tls) strong.tls = weak.tls;
  if (!strong.ca_file) strong.ca_file = weak.ca_file;
  if (!strong.cert_file && !strong.key_file) {
    strong.cert_file = weak.cert_file;
    strong.key_file = weak.key_file;
  }
  if (!strong.password && !strong.password_file) {
    strong.password = weak.password;
    strong.password_file = weak.password_file;
  }
  return strong;
}

Result<Settings> ParseSettings(std::string_view text) {
  Settings settings;
  for (int number = 1; !text.empty(); ++number) {
    const size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    if (line.empty() || line[0] == '#') continue;
    const std::string where = "line " + std::to_string(number);
    const size_t equals = line.find('=');
    if (equals == std::string_view::npos) return Error{Code::INVALID_ARGUMENT, where + " is not key=value"};
    Status assigned = Assign(settings, line.substr(0, equals), line.substr(equals + 1));
    if (!assigned) return std::move(assigned).error().Within(where);
  }
  return settings;
}

Result<std::string> PrintSettings(const Settings& settings) {
  const std::vector<std::pair<const char*, std::optional<std::string>>> lines = {
      {"host", settings.host},
      {"port", settings.port ? std::optional(std::to_string(*settings.port)) : std::nullopt},
      {"user", settings.user},
      {"password", settings.password},
      {"password-file", settings.password_file},
      {"client-id", settings.client_id},
      {"tls", settings.tls ? std::optional<std::string>(*settings.tls ? "true" : "false") : std::nullopt},
      {"cafile", settings.ca_file},
      {"cert", settings.cert_file},
      {"key", settings.key_file}};
  std::string text;
  for (const auto& [key, value] : lines) {
    if (!value) continue;
    if (value->find_first_of("\r\n") != std::string::npos) {
      return Error{Code::INVALID_ARGUMENT, std::string(key) + " holds a line break"};
    }
    text.append(key).append("=").append(*value).append("\n");
  }
  return text;
}

Result<bool> ParseSwitch(std::string_view text) {
  if (text == "true" || text == "1" || text == "yes" || text == "on") return true;
  if (text == "false" || text == "0" || text == "no" || text == "off") return false;
  return Error{Code::INVALID_ARGUMENT, "say true or false"};
}

Result<uint16_t> ParsePort(std::string_view text) {
  uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size() || port == 0) {
    return Error{Code::INVALID_ARGUMENT, "a port is 1 to 65535"};
  }
  return port;
}

}  // namespace parley::client
