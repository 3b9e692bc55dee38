#include "bridge/outbound/signature.h"

#include <array>
#include <optional>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "schemas/base64.h"

namespace parley::bridge {
namespace {

constexpr std::string_view kPrefix = "whsec_";
constexpr size_t kKeyBytesMin = 24;
constexpr size_t kKeyBytesMax = 64;

std::string HmacSha256(const std::string& key, std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
       reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data(), &size);
  return {reinterpret_cast<const char*>(digest.data()), size};
}

}  // namespace

Result<WebhookSigner> WebhookSigner::Of(std::string_view secret) {
  if (secret.substr(0, kPrefix.size()) == kPrefix) {
    std::optional<std::string> key = FromBase64(secret.substr(kPrefix.size()), Base64::kEither);
    if (key && key->size() >= kKeyBytesMin && key->size() <= kKeyBytesMax)
      return WebhookSigner(std::move(*key));
  }
  return Error{Code::INVALID_ARGUMENT, "a webhook's secret is whsec_ and the base64 of 24 to 64 bytes"};
}

std::vector<std::pair<std::string, std::string>> WebhookSigner::Headers(std::string_view id,
                                                                        int64_t timestamp_s,
                                                                        std::string_view body) const {
  const std::string timestamp = std::to_string(timestamp_s);
  std::string signed_text;
  signed_text.reserve(id.size() + timestamp.size() + body.size() + 2);
  signed_text.append(id).append(".").append(timestamp).append(".").append(body);
  return {{"webhook-id", std::string(id)},
          {"webhook-timestamp", timestamp},
          {"webhook-signature", "v1," + ToBase64(HmacSha256(key_, signed_text))}};
}

}  // namespace parley::bridge
