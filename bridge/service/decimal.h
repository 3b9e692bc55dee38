#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>

namespace parley::bridge {

// A number as std::to_string() writes it: digits only, no leading zero, at most 64 bits.
inline std::optional<uint64_t> ParseDecimal(std::string_view text) {
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  if (text.size() > 1 && text[0] == '0') return std::nullopt;
  return value;
}

}  // namespace parley::bridge
