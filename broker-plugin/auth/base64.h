#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace parley::plugin {

// Base64 (RFC 4648). Any thread.
enum class Base64 {
  kStandard,  // padded
  kUrlSafe,   // padded or not
};

// nullopt when it is not that.
std::optional<std::string> FromBase64(std::string_view text, Base64 alphabet);
std::string ToBase64(std::string_view bytes);

}  // namespace parley::plugin
