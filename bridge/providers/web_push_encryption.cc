#include "bridge/providers/web_push_encryption.h"

#include <algorithm>
#include <array>
#include <utility>

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/param_build.h>
#include <openssl/rand.h>

namespace parley::bridge {
namespace {

using namespace std::string_literals;

constexpr size_t kSaltBytes = 16;
constexpr size_t kPointBytes = 65;
constexpr size_t kSharedBytes = 32;
constexpr size_t kKeyBytes = 16;
constexpr size_t kNonceBytes = 12;
constexpr size_t kTagBytes = 16;
constexpr unsigned char kLastRecord = 2;
constexpr const char* kCurve = "prime256v1";

template <auto free>
struct Free {
  template <typename T>
  void operator()(T* object) const {
    free(object);
  }
};
using Context = std::unique_ptr<EVP_PKEY_CTX, Free<EVP_PKEY_CTX_free>>;
using Cipher = std::unique_ptr<EVP_CIPHER_CTX, Free<EVP_CIPHER_CTX_free>>;
using ParamBuild = std::unique_ptr<OSSL_PARAM_BLD, Free<OSSL_PARAM_BLD_free>>;
using Params = std::unique_ptr<OSSL_PARAM, Free<OSSL_PARAM_free>>;
using Number = std::unique_ptr<BIGNUM, Free<BN_clear_free>>;
using PublicKey = std::unique_ptr<EVP_PKEY, Free<EVP_PKEY_free>>;

const unsigned char* Bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

unsigned char* Bytes(std::string& text) {
  return reinterpret_cast<unsigned char*>(text.data());
}

Error Failed(const char* what) {
  ERR_clear_error();
  return {Code::INTERNAL, std::string("OpenSSL cannot ") + what};
}

// A key of P-256; null when the point is not on the curve. `scalar` null: a public one.
EVP_PKEY* KeyOf(std::string_view point, const BIGNUM* scalar) {
  const ParamBuild build(OSSL_PARAM_BLD_new());
  const Context context(EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr));
  EVP_PKEY* key = nullptr;
  if (build == nullptr || context == nullptr ||
      OSSL_PARAM_BLD_push_utf8_string(build.get(), OSSL_PKEY_PARAM_GROUP_NAME, kCurve, 0) != 1 ||
      OSSL_PARAM_BLD_push_octet_string(build.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size()) !=
          1 ||
      (scalar != nullptr && OSSL_PARAM_BLD_push_BN(build.get(), OSSL_PKEY_PARAM_PRIV_KEY, scalar) != 1)) {
    return nullptr;
  }
  const Params params(OSSL_PARAM_BLD_to_param(build.get()));
  const int selection = scalar == nullptr ? EVP_PKEY_PUBLIC_KEY : EVP_PKEY_KEYPAIR;
  if (params == nullptr || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &key, selection, params.get()) != 1) {
    return nullptr;
  }
  return key;
}

std::string Hmac(std::string_view key, std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), Bytes(text), text.size(), digest.data(),
       &size);
  return {reinterpret_cast<const char*>(digest.data()), size};
}

// HKDF (RFC 5869) with SHA-256 of at most 32 bytes, which is one block.
std::string Derive(std::string_view salt, std::string_view secret, std::string_view info, size_t bytes) {
  return Hmac(Hmac(salt, secret), std::string(info) + '\x01').substr(0, bytes);
}

Result<std::string> SharedSecret(EVP_PKEY* ours, EVP_PKEY* theirs) {
  const Context context(EVP_PKEY_CTX_new(ours, nullptr));
  std::string secret(kSharedBytes, '\0');
  size_t size = secret.size();
  if (context == nullptr || EVP_PKEY_derive_init(context.get()) != 1 ||
      EVP_PKEY_derive_set_peer(context.get(), theirs) != 1 ||
      EVP_PKEY_derive(context.get(), Bytes(secret), &size) != 1 || size != kSharedBytes) {
    return Failed("agree on a key");
  }
  return secret;
}

Result<std::string> Encrypt(std::string_view plain, std::string_view key, std::string_view nonce) {
  const Cipher cipher(EVP_CIPHER_CTX_new());
  std::string out(plain.size() + kTagBytes, '\0');
  int size = 0;
  int last = 0;
  if (cipher == nullptr ||
      EVP_EncryptInit_ex(cipher.get(), EVP_aes_128_gcm(), nullptr, Bytes(key), Bytes(nonce)) != 1 ||
      EVP_EncryptUpdate(cipher.get(), Bytes(out), &size, Bytes(plain), static_cast<int>(plain.size())) != 1 ||
      EVP_EncryptFinal_ex(cipher.get(), Bytes(out) + size, &last) != 1 ||
      EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_GET_TAG, kTagBytes, Bytes(out) + size + last) != 1) {
    return Failed("encrypt");
  }
  return out;
}

}  // namespace

void WebPushSecrets::FreeKey::operator()(evp_pkey_st* key) const {
  EVP_PKEY_free(key);
}

Result<WebPushSecrets> WebPushSecrets::Draw() {
  WebPushSecrets secrets;
  secrets.key_.reset(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", kCurve));
  secrets.point_.resize(kPointBytes);
  secrets.salt_.resize(kSaltBytes);
  size_t size = 0;
  if (secrets.key_ == nullptr ||
      EVP_PKEY_get_octet_string_param(secrets.key_.get(), OSSL_PKEY_PARAM_PUB_KEY, Bytes(secrets.point_),
                                      kPointBytes, &size) != 1 ||
      size != kPointBytes || RAND_bytes(Bytes(secrets.salt_), static_cast<int>(kSaltBytes)) != 1) {
    return Failed("draw a key");
  }
  return secrets;
}

Result<WebPushSecrets> WebPushSecrets::Of(std::string_view scalar, std::string_view point,
                                          std::string_view salt) {
  WebPushSecrets secrets;
  const Number number(BN_bin2bn(Bytes(scalar), static_cast<int>(scalar.size()), nullptr));
  secrets.key_.reset(KeyOf(point, number.get()));
  if (secrets.key_ == nullptr) return Failed("read the key");
  secrets.point_ = point;
  secrets.salt_ = salt;
  return secrets;
}

Result<std::string> EncryptWebPush(std::string_view plain, size_t padded_bytes,
                                   const WebPushReceiver& receiver, const WebPushSecrets& secrets) {
  const PublicKey theirs(KeyOf(receiver.point, nullptr));
  if (theirs == nullptr) {
    ERR_clear_error();
    return Error{Code::INVALID_ARGUMENT, "the subscription's p256dh is no point of P-256"};
  }
  const Result<std::string> shared = SharedSecret(secrets.key_.get(), theirs.get());
  if (!shared) return shared.error();
  const std::string secret =
      Derive(receiver.auth, *shared, "WebPush: info\0"s + receiver.point + secrets.point_, kSharedBytes);
  const std::string key = Derive(secrets.salt_, secret, "Content-Encoding: aes128gcm\0"s, kKeyBytes);
  const std::string nonce = Derive(secrets.salt_, secret, "Content-Encoding: nonce\0"s, kNonceBytes);
  std::string record(plain);
  record += static_cast<char>(kLastRecord);
  record.resize(std::max(record.size(), padded_bytes + 1), '\0');
  Result<std::string> encrypted = Encrypt(record, key, nonce);
  if (!encrypted) return encrypted;
  // Salt, record size (larger than the only record: 4096), the length of our point, and the point.
  return secrets.salt_ + "\x00\x00\x10\x00"s + static_cast<char>(kPointBytes) + secrets.point_ + *encrypted;
}

}  // namespace parley::bridge
