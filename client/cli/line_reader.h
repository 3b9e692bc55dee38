#pragma once

#include <cstddef>
#include <istream>
#include <optional>
#include <string>

namespace parley::client {

// Reads input of bounded length, byte for byte. What lies beyond the bound is dropped: choose one that is
// refused anyway.
class LineReader {
 public:
  LineReader(std::istream& input, size_t bytes_max) : bytes_(*input.rdbuf()), bytes_max_(bytes_max) {}

  // The next line without its '\n' (a '\r' stays); the last one needs none. Nothing at the end of the input.
  std::optional<std::string> Next() { return Until('\n'); }

  // All that is left.
  std::string Rest() { return Until(kEnd).value_or(""); }

 private:
  static constexpr int kEnd = std::char_traits<char>::eof();

  std::optional<std::string> Until(int stop) {
    int c = bytes_.sbumpc();
    if (c == kEnd) return std::nullopt;
    std::string text;
    for (; c != kEnd && c != stop; c = bytes_.sbumpc()) {
      if (text.size() < bytes_max_) text += static_cast<char>(c);
    }
    return text;
  }

  std::streambuf& bytes_;
  const size_t bytes_max_;
};

}  // namespace parley::client
