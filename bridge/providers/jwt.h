#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "schemas/result.h"

struct evp_pkey_st;

namespace parley::bridge {

// Signs JSON Web Tokens (RFC 7519) with a private key: ES256 with one of P-256, RS256 with one of RSA.
class JwtSigner {
 public:
  // `pem`: an unencrypted private key, EC on P-256 or RSA of 2048 bits or more. INVALID_ARGUMENT otherwise.
  static Result<JwtSigner> FromPem(std::string_view pem);

  // The token in its compact form (RFC 7515). `header` is an object and is added to "alg" and "typ".
  // INTERNAL: OpenSSL could not sign; INVALID_ARGUMENT: a text in it is not UTF-8.
  Result<std::string> Sign(const nlohmann::json& header, const nlohmann::json& claims) const;

  // An elliptic curve's public key, uncompressed: 65 bytes that start with 0x04. "" of an RSA key.
  const std::string& public_point() const { return public_point_; }
  bool is_elliptic() const { return !public_point_.empty(); }

 private:
  struct FreeKey {
    void operator()(evp_pkey_st* key) const;
  };
  using Key = std::unique_ptr<evp_pkey_st, FreeKey>;

  JwtSigner(Key key, std::string public_point);
  Result<std::string> Signature(std::string_view text) const;

  Key key_;
  std::string public_point_;
};

}  // namespace parley::bridge
