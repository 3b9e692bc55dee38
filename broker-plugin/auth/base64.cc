#include "broker-plugin/auth/base64.h"

#include <sodium.h>

namespace parley::plugin {

std::optional<std::string> FromBase64(std::string_view text, Base64 alphabet) {
  const bool padded = alphabet == Base64::kStandard || text.ends_with('=');
  const int variant = alphabet == Base64::kStandard ? sodium_base64_VARIANT_ORIGINAL
                      : padded                      ? sodium_base64_VARIANT_URLSAFE
                                                    : sodium_base64_VARIANT_URLSAFE_NO_PADDING;
  std::string bytes(text.size(), '\0');
  size_t length = 0;
  if (sodium_base642bin(reinterpret_cast<unsigned char*>(bytes.data()), bytes.size(), text.data(),
                        text.size(), nullptr, &length, nullptr, variant) != 0) {
    return std::nullopt;
  }
  bytes.resize(length);
  return bytes;
}

std::string ToBase64(std::string_view bytes) {
  std::string text(sodium_base64_encoded_len(bytes.size(), sodium_base64_VARIANT_ORIGINAL), '\0');
  sodium_bin2base64(text.data(), text.size(), reinterpret_cast<const unsigned char*>(bytes.data()),
                    bytes.size(), sodium_base64_VARIANT_ORIGINAL);
  text.pop_back();  // the terminating zero
  return text;
}

}  // namespace parley::plugin
