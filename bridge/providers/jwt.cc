#include "bridge/providers/jwt.h"

#include <array>
#include <cstdint>
#include <limits>
#include <utility>

#include <nlohmann/json.hpp>
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/pem.h>

#include "schemas/base64.h"

namespace parley::bridge {
namespace {

constexpr int kRsaBitsMin = 2048;
// r and s of P-256, each.
constexpr int kEcPartBytes = 32;
constexpr size_t kEcPointBytes = 65;

template <auto free>
struct Free {
  template <typename T>
  void operator()(T* object) const {
    free(object);
  }
};

// A key that wants a passphrase must fail, not ask at a terminal.
int NoPassphrase(char* /*buffer*/, int /*size*/, int /*writing*/, void* /*data*/) {
  return -1;
}

Error Failed(const std::string& what) {
  ERR_clear_error();
  return {Code::INTERNAL, "OpenSSL cannot " + what};
}

Error BadKey(const std::string& why) {
  ERR_clear_error();
  return {Code::INVALID_ARGUMENT, why};
}

// The uncompressed point of a key on P-256; "" of another one.
std::string PointOf(EVP_PKEY* key) {
  unsigned char* bytes = nullptr;
  const size_t size = EVP_PKEY_get1_encoded_public_key(key, &bytes);
  std::string point(reinterpret_cast<const char*>(bytes), bytes == nullptr ? 0 : size);
  OPENSSL_free(bytes);
  return point;
}

bool IsP256(EVP_PKEY* key) {
  std::array<char, 32> name{};
  return EVP_PKEY_get_group_name(key, name.data(), name.size(), nullptr) == 1 &&
         OBJ_txt2nid(name.data()) == NID_X9_62_prime256v1;
}

// JSON Web Signatures hold r and s side by side, OpenSSL gives them as DER.
Result<std::string> RawOf(const std::string& der) {
  const auto* bytes = reinterpret_cast<const unsigned char*>(der.data());
  const std::unique_ptr<ECDSA_SIG, Free<ECDSA_SIG_free>> parts(
      d2i_ECDSA_SIG(nullptr, &bytes, static_cast<long>(der.size())));
  std::array<unsigned char, size_t{2} * kEcPartBytes> raw{};
  if (parts == nullptr || BN_bn2binpad(ECDSA_SIG_get0_r(parts.get()), raw.data(), kEcPartBytes) < 0 ||
      BN_bn2binpad(ECDSA_SIG_get0_s(parts.get()), raw.data() + kEcPartBytes, kEcPartBytes) < 0)
    return Failed("read its own signature");
  return std::string(reinterpret_cast<const char*>(raw.data()), raw.size());
}

}  // namespace

void JwtSigner::FreeKey::operator()(evp_pkey_st* key) const {
  EVP_PKEY_free(key);
}

JwtSigner::JwtSigner(Key key, std::string public_point)
    : key_(std::move(key)), public_point_(std::move(public_point)) {}

Result<JwtSigner> JwtSigner::FromPem(std::string_view pem) {
  if (pem.size() > std::numeric_limits<int>::max()) return BadKey("is too large for a private key");
  const std::unique_ptr<BIO, Free<BIO_free_all>> source(
      BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  if (source == nullptr) return Failed("read a key");
  Key key(PEM_read_bio_PrivateKey(source.get(), nullptr, NoPassphrase, nullptr));
  if (key == nullptr) return BadKey("no private key in PEM without a passphrase can be read there");
  switch (EVP_PKEY_get_base_id(key.get())) {
    case EVP_PKEY_RSA:
      if (EVP_PKEY_get_bits(key.get()) < kRsaBitsMin)
        return BadKey("the RSA key has fewer than " + std::to_string(kRsaBitsMin) + " bits");
      return JwtSigner(std::move(key), "");
    case EVP_PKEY_EC: {
      if (!IsP256(key.get())) return BadKey("the key's curve is not P-256");
      std::string point = PointOf(key.get());
      if (point.size() != kEcPointBytes || point.front() != '\x04')
        return BadKey("the key has no public point");
      return JwtSigner(std::move(key), std::move(point));
    }
    default:
      return BadKey("is neither a P-256 nor an RSA key");
  }
}

Result<std::string> JwtSigner::Sign(const nlohmann::json& header, const nlohmann::json& claims) const {
  nlohmann::json whole = header;
  whole["alg"] = is_elliptic() ? "ES256" : "RS256";
  whole["typ"] = "JWT";
  std::string token;
  try {
    token = ToBase64Url(whole.dump()) + "." + ToBase64Url(claims.dump());
  } catch (const nlohmann::json::exception&) {
    return Error{Code::INVALID_ARGUMENT, "a token's text is not UTF-8"};
  }
  Result<std::string> signature = Signature(token);
  if (!signature) return std::move(signature).error();
  return token + "." + ToBase64Url(*signature);
}

Result<std::string> JwtSigner::Signature(std::string_view text) const {
  const std::unique_ptr<EVP_MD_CTX, Free<EVP_MD_CTX_free>> context(EVP_MD_CTX_new());
  const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
  size_t size = 0;
  if (context == nullptr ||
      EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key_.get()) != 1 ||
      EVP_DigestSign(context.get(), nullptr, &size, bytes, text.size()) != 1)
    return Failed("sign");
  std::string signature(size, '\0');
  if (EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size, bytes,
                     text.size()) != 1)
    return Failed("sign");
  signature.resize(size);
  if (!is_elliptic()) return signature;
  return RawOf(signature);
}

}  // namespace parley::bridge
