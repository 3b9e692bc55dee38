#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace parley::bridge {

// Base64 as RFC 4648 has it: the alphabet of section 4 with padding, and that of section 5 (for URLs)
// without.
std::string Base64(std::string_view bytes);
std::string Base64Url(std::string_view bytes);

// Either alphabet, with or without padding. nullopt: anything else stands in it, or bits are left over.
std::optional<std::string> FromBase64(std::string_view text);

}  // namespace parley::bridge
