#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "bridge/providers/jwt.h"
#include "bridge/providers/provider.h"

namespace parley::bridge {

// Web Push (RFC 8030): encrypted for the browser (RFC 8291), signed for its push service (RFC 8292).
class WebPush final : public PushProvider {
 public:
  // `key`: of P-256. `subject`: whom a push service can write to, "mailto:…" or "https://…"; "": nobody.
  WebPush(JwtSigner key, std::string subject) : key_(std::move(key)), subject_(std::move(subject)) {}

  // What a browser subscribes with (applicationServerKey), base64url.
  std::string public_key() const;

  v1::Push::Provider kind() const override { return v1::Push::WEB_PUSH; }
  bool can_withdraw() const override { return true; }

  std::optional<HttpRequest> SignIn(int64_t /*wall_ms*/) override { return std::nullopt; }
  PushVerdict TakeSignIn(const HttpAnswer& /*answer*/, int64_t /*wall_ms*/) override { return {}; }

  Result<HttpRequest> Build(const PushNotification& notification, const PushTargetDevice& device,
                            int64_t wall_ms) override;
  PushVerdict Judge(const HttpAnswer& answer, int64_t wall_ms) override;

 private:
  struct Token {
    std::string token;
    int64_t made_ms = 0;
  };

  // The authorization for a push service; the same one for hours.
  Result<std::string> AuthorizationFor(const std::string& origin, int64_t wall_ms);
  // Forgets tokens that are not new. True: there were some.
  bool ForgetTokens(int64_t wall_ms);

  const JwtSigner key_;
  const std::string subject_;
  std::map<std::string, Token> tokens_;  // by origin
};

// The origin of an http or https URL, as browsers write it: lower case, no default port. nullopt: it is none.
std::optional<std::string> OriginOf(const std::string& url);

}  // namespace parley::bridge
