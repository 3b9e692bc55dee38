#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "schemas/result.h"

struct evp_pkey_st;

namespace parley::bridge {

// What a browser gave with its subscription, as bytes.
struct WebPushReceiver {
  std::string point;  // 65 bytes: an uncompressed point of P-256
  std::string auth;   // 16 bytes
};

// What is drawn for one message: a key pair on P-256 and a salt. Never used twice.
class WebPushSecrets {
 public:
  // INTERNAL: OpenSSL cannot.
  static Result<WebPushSecrets> Draw();
  // For the example of RFC 8291. `scalar`: 32 bytes; `point`: 65; `salt`: 16.
  static Result<WebPushSecrets> Of(std::string_view scalar, std::string_view point, std::string_view salt);

 private:
  struct FreeKey {
    void operator()(evp_pkey_st* key) const;
  };
  using Key = std::unique_ptr<evp_pkey_st, FreeKey>;
  friend Result<std::string> EncryptWebPush(std::string_view plain, size_t padded_bytes,
                                            const WebPushReceiver& receiver, const WebPushSecrets& secrets);

  Key key_;
  std::string point_;
  std::string salt_;
};

// The body of a message as RFC 8291 has it (aes128gcm of RFC 8188, one record), filled up with zeros to
// `padded_bytes` before it is encrypted. INVALID_ARGUMENT: the receiver's point is not on the curve.
Result<std::string> EncryptWebPush(std::string_view plain, size_t padded_bytes,
                                   const WebPushReceiver& receiver, const WebPushSecrets& secrets);

}  // namespace parley::bridge
