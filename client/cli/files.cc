#include "client/cli/files.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <iostream>
#include <system_error>

#include <fcntl.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

namespace parley::client {
namespace {

constexpr size_t kSmallFileBytesMax = size_t{1024} * 1024;

Error FileError(const std::string& path) {
  const int number = errno;
  Code code = Code::UNAVAILABLE;
  if (number == ENOENT || number == ENOTDIR) code = Code::NOT_FOUND;
  if (number == EACCES || number == EPERM) code = Code::PERMISSION_DENIED;
  return {code, path + ": " + std::strerror(number)};
}

class OpenFile {
 public:
  explicit OpenFile(int fd) : fd_(fd) {}
  ~OpenFile() {
    if (fd_ >= 0) close(fd_);
  }
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;
  int fd() const { return fd_; }

 private:
  const int fd_;
};

bool WriteAll(int fd, const std::string& text) {
  size_t done = 0;
  while (done < text.size()) {
    const ssize_t count = write(fd, text.data() + done, text.size() - done);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    done += static_cast<size_t>(count);
  }
  return true;
}

// The terminal without echo, as long as this lives.
class NoEcho {
 public:
  NoEcho() {
    if (tcgetattr(STDIN_FILENO, &before_) != 0) return;
    termios silent = before_;
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    changed_ = tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent) == 0;
  }
  ~NoEcho() {
    if (changed_) tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
  }
  NoEcho(const NoEcho&) = delete;
  NoEcho& operator=(const NoEcho&) = delete;

 private:
  termios before_{};
  bool changed_ = false;
};

std::string FirstLine(const std::string& text) {
  std::string line = text.substr(0, text.find('\n'));
  if (!line.empty() && line.back() == '\r') line.pop_back();
  return line;
}

}  // namespace

Result<std::string> ReadSmallFile(const std::string& path) {
  const OpenFile file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.fd() < 0) return FileError(path);
  std::string text;
  std::array<char, 4096> buffer{};
  while (true) {
    const ssize_t count = read(file.fd(), buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return FileError(path);
    if (count == 0) return text;
    text.append(buffer.data(), static_cast<size_t>(count));
    if (text.size() > kSmallFileBytesMax) {
      return Error{Code::RESOURCE_EXHAUSTED, path + " is larger than 1 MiB"};
    }
  }
}

Status WritePrivateFile(const std::string& path, const std::string& text) {
  const std::filesystem::path folder = std::filesystem::path(path).parent_path();
  std::error_code error;
  if (!folder.empty() && std::filesystem::create_directories(folder, error) && !error) {
    chmod(folder.c_str(), 0700);
  }
  const std::string fresh = path + ".new";
  unlink(fresh.c_str());  // left by a run that was killed
  {
    const OpenFile file(open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (file.fd() < 0) return FileError(fresh);
    if (!WriteAll(file.fd(), text) || fsync(file.fd()) != 0) {
      Error failed = FileError(fresh);
      unlink(fresh.c_str());
      return failed;
    }
  }
  if (rename(fresh.c_str(), path.c_str()) != 0) return FileError(path);
  return {};
}

Result<std::string> ReadPasswordFile(const std::string& path) {
  Result<std::string> text = ReadSmallFile(path);
  if (!text) return std::move(text).error().Within("password file");
  return FirstLine(*text);
}

Result<std::string> AskPassword(const std::string& prompt) {
  std::string line;
  if (isatty(STDIN_FILENO) != 0) {
    std::cerr << prompt << std::flush;
    const NoEcho no_echo;
    std::getline(std::cin, line);
    std::cerr << '\n';
  } else {
    std::getline(std::cin, line);
  }
  line = FirstLine(line);
  if (line.empty()) return Error{Code::INVALID_ARGUMENT, "no password was given"};
  return line;
}

}  // namespace parley::client
