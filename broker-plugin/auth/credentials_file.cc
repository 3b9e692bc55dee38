#include "broker-plugin/auth/credentials_file.h"

#include <cerrno>
#include <cstring>
#include <fstream>

#include <fcntl.h>
#include <unistd.h>

namespace parley::plugin {
namespace {

Error Failed(const std::string& what, const std::string& path) {
  return {Code::INTERNAL, what + " " + path + ": " + std::strerror(errno)};
}

bool WriteAll(int fd, const std::string& text) {
  size_t written = 0;
  while (written < text.size()) {
    const ssize_t step = ::write(fd, text.data() + written, text.size() - written);
    if (step < 0) return false;
    written += static_cast<size_t>(step);
  }
  return ::fsync(fd) == 0;
}

}  // namespace

Result<std::optional<Credentials>> ReadCredentials(const std::string& path) {
  if (::access(path.c_str(), F_OK) != 0 && errno == ENOENT) return std::optional<Credentials>();
  std::ifstream file(path);
  if (!file) return Failed("read", path);
  Credentials credentials;
  for (std::string line; std::getline(file, line);) {
    const size_t equals = line.find('=');
    if (equals == std::string::npos) continue;
    if (line.substr(0, equals) == "username") credentials.username = line.substr(equals + 1);
    if (line.substr(0, equals) == "password") credentials.password = line.substr(equals + 1);
  }
  if (credentials.username.empty() || credentials.password.empty()) {
    return Error{Code::FAILED_PRECONDITION, path + " needs the lines username=… and password=…"};
  }
  return std::optional(std::move(credentials));
}

Status WriteCredentials(const std::string& path, const Credentials& credentials) {
  const std::string temporary = path + ".new";
  ::unlink(temporary.c_str());
  const int fd = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (fd < 0) return Failed("make", temporary);
  const bool written =
      WriteAll(fd, "username=" + credentials.username + "\npassword=" + credentials.password + "\n");
  Status status = written ? Status() : Status(Failed("write", temporary));
  ::close(fd);
  if (written && ::rename(temporary.c_str(), path.c_str()) != 0) status = Failed("rename to", path);
  if (!status) ::unlink(temporary.c_str());
  return status;
}

}  // namespace parley::plugin
