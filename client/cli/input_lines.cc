#include "client/cli/input_lines.h"

#include <array>
#include <cerrno>
#include <utility>

#include <poll.h>
#include <unistd.h>

namespace parley::client {

std::optional<std::string> InputLines::Next(int timeout_ms) {
  if (std::optional<std::string> line = TakeLine()) return line;
  if (ended_) return std::nullopt;
  pollfd wanted{fd_, POLLIN, 0};
  if (poll(&wanted, 1, timeout_ms) <= 0) return std::nullopt;
  std::array<char, 4096> bytes{};
  const ssize_t count = read(fd_, bytes.data(), bytes.size());
  if (count < 0 && (errno == EINTR || errno == EAGAIN)) return std::nullopt;
  if (count <= 0) {
    ended_ = true;
  } else {
    buffer_.append(bytes.data(), static_cast<size_t>(count));
  }
  return TakeLine();
}

std::optional<std::string> InputLines::TakeLine() {
  const size_t end = buffer_.find('\n', searched_);
  if (end != std::string::npos) {
    std::string line = buffer_.substr(0, end < bytes_max_ ? end : bytes_max_);
    buffer_.erase(0, end + 1);
    searched_ = 0;
    return line;
  }
  // A line without an end is cut, so that it cannot fill the memory.
  if (buffer_.size() > bytes_max_) buffer_.resize(bytes_max_);
  searched_ = buffer_.size();
  if (!ended_ || buffer_.empty()) return std::nullopt;
  searched_ = 0;
  return std::exchange(buffer_, {});
}

}  // namespace parley::client
