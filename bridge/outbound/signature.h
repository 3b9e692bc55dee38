#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "schemas/result.h"

namespace parley::bridge {

// Signatures of webhooks as the Standard Webhooks specification has them: the headers webhook-id,
// webhook-timestamp (seconds) and webhook-signature ("v1," and the base64 of HMAC-SHA-256 over
// "id.timestamp.body").
class WebhookSigner {
 public:
  // `secret`: "whsec_" and the base64 of 24 to 64 bytes. INVALID_ARGUMENT otherwise.
  static Result<WebhookSigner> Of(std::string_view secret);

  std::vector<std::pair<std::string, std::string>> Headers(std::string_view id, int64_t timestamp_s,
                                                           std::string_view body) const;

 private:
  explicit WebhookSigner(std::string key) : key_(std::move(key)) {}
  std::string key_;
};

}  // namespace parley::bridge
