#pragma once

#include <cstddef>
#include <optional>
#include <string>

namespace parley::client {

// Lines of a terminal or pipe, without waiting for more than asked: reads by poll(). What is longer than the
// bound is cut: choose one that is refused anyway. One thread.
class InputLines {
 public:
  // `fd` is borrowed.
  InputLines(int fd, size_t bytes_max) : fd_(fd), bytes_max_(bytes_max) {}

  // The next line without its '\n'; the last one needs none. Nothing when none came within `timeout_ms`, a
  // signal came, or the input has ended.
  std::optional<std::string> Next(int timeout_ms);

  // True once all was given out and nothing more will come.
  bool ended() const { return ended_ && buffer_.empty(); }

 private:
  std::optional<std::string> TakeLine();

  const int fd_;
  const size_t bytes_max_;
  std::string buffer_;
  size_t searched_ = 0;  // no '\n' before
  bool ended_ = false;
};

}  // namespace parley::client
