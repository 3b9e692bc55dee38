#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace parley {

// Base64 (RFC 4648): the alphabet of its section 4 with padding, and that of section 5, for URLs, without.
std::string ToBase64(std::string_view bytes);
std::string ToBase64Url(std::string_view bytes);

enum class Base64 {
  kStandard,  // padded
  kUrlSafe,   // padded or not
  kEither,    // of both alphabets, padded or not
};
// nullopt: anything else stands in it, or bits are left over.
std::optional<std::string> FromBase64(std::string_view text, Base64 alphabet);

}  // namespace parley
