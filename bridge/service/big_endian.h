#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace parley::bridge {

// Numbers in stored rows.

template <std::unsigned_integral Number>
void AppendBigEndian(std::string& row, Number value) {
  for (size_t i = sizeof(Number); i > 0; --i) row.push_back(static_cast<char>(value >> (8 * (i - 1))));
}

// The number at the front of `bytes`, which are enough.
template <std::unsigned_integral Number>
Number ReadBigEndian(std::string_view bytes) {
  uint64_t value = 0;
  for (const char byte : bytes.substr(0, sizeof(Number))) value = (value << 8) | static_cast<uint8_t>(byte);
  return static_cast<Number>(value);
}

}  // namespace parley::bridge
