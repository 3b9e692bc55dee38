#include "bridge/app/credentials.h"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>

#include "bridge/service/limits.h"

namespace parley::bridge {
namespace {

// The value of `name=value` on a line of its own; empty when there is none.
std::string ValueOf(std::string_view text, std::string_view name) {
  while (!text.empty()) {
    const size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    if (line.size() > name.size() && line.substr(0, name.size()) == name && line[name.size()] == '=') {
      return std::string(line.substr(name.size() + 1));
    }
  }
  return {};
}

}  // namespace

Result<Credentials> ParseCredentials(std::string_view text) {
  Credentials credentials{ValueOf(text, "username"), ValueOf(text, "password")};
  if (credentials.username.empty()) return Error{Code::INVALID_ARGUMENT, "there is no line username=…"};
  if (credentials.password.empty()) return Error{Code::INVALID_ARGUMENT, "there is no line password=…"};
  return credentials;
}

Result<Credentials> ReadCredentials(const std::string& path) {
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  std::string text;
  if (file) {
    text.resize(limits::kCredentialsBytesMax + 1);
    file.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<size_t>(file.gcount()));
  }
  if (!file.is_open() || file.bad()) {
    const int cause = errno;
    const Code code = cause == ENOENT ? Code::NOT_FOUND : Code::PERMISSION_DENIED;
    return Error{code, "cannot read " + path + ": " + std::strerror(cause) +
                           (cause == ENOENT ? " (the broker's plugin makes it at its first start)" : "")};
  }
  if (text.size() > limits::kCredentialsBytesMax) {
    return Error{Code::INVALID_ARGUMENT, path + " is too large for a credentials file"};
  }
  Result<Credentials> credentials = ParseCredentials(text);
  if (!credentials) return std::move(credentials).error().Within(path);
  return credentials;
}

}  // namespace parley::bridge
