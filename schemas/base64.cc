#include "schemas/base64.h"

#include <cstdint>

namespace parley {
namespace {

constexpr std::string_view kStandard = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view kForUrls = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

std::string Encode(std::string_view bytes, std::string_view alphabet) {
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  uint32_t bits = 0;
  int held = 0;
  for (const char byte : bytes) {
    bits = bits << 8 | static_cast<uint8_t>(byte);
    for (held += 8; held >= 6; held -= 6) text += alphabet[bits >> (held - 6) & 63];
  }
  if (held > 0) text += alphabet[bits << (6 - held) & 63];
  return text;
}

// -1: not of this alphabet.
int ValueOf(char digit, Base64 alphabet) {
  if (digit >= 'A' && digit <= 'Z') return digit - 'A';
  if (digit >= 'a' && digit <= 'z') return digit - 'a' + 26;
  if (digit >= '0' && digit <= '9') return digit - '0' + 52;
  if (alphabet != Base64::kUrlSafe && digit == '+') return 62;
  if (alphabet != Base64::kUrlSafe && digit == '/') return 63;
  if (alphabet != Base64::kStandard && digit == '-') return 62;
  if (alphabet != Base64::kStandard && digit == '_') return 63;
  return -1;
}

}  // namespace

std::string ToBase64(std::string_view bytes) {
  std::string text = Encode(bytes, kStandard);
  text.append((4 - text.size() % 4) % 4, '=');
  return text;
}

std::string ToBase64Url(std::string_view bytes) {
  return Encode(bytes, kForUrls);
}

std::optional<std::string> FromBase64(std::string_view text, Base64 alphabet) {
  const bool whole = text.size() % 4 == 0;
  if (alphabet == Base64::kStandard && !whole) return std::nullopt;
  if (whole) {
    for (int padding = 0; padding < 2 && !text.empty() && text.back() == '='; ++padding)
      text.remove_suffix(1);
  }
  if (text.size() % 4 == 1) return std::nullopt;
  std::string bytes;
  bytes.reserve(text.size() * 3 / 4);
  uint32_t bits = 0;
  int held = 0;
  for (const char digit : text) {
    const int value = ValueOf(digit, alphabet);
    if (value < 0) return std::nullopt;
    bits = bits << 6 | static_cast<uint32_t>(value);
    held += 6;
    if (held >= 8) {
      held -= 8;
      bytes += static_cast<char>(bits >> held & 255);
    }
  }
  if ((bits & ((uint32_t{1} << held) - 1)) != 0) return std::nullopt;
  return bytes;
}

}  // namespace parley
