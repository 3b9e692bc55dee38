#include "broker-plugin/auth/password.h"

#include <vector>

#include <sodium.h>

#include "broker-plugin/auth/imported_hash.h"

namespace parley::plugin {
namespace {

constexpr unsigned long long kPasses = 2;
constexpr size_t kMemoryBytes = size_t{19} * 1024 * 1024;

}  // namespace

bool StartCrypto() {
  return sodium_init() >= 0;
}

std::string HashPassword(std::string_view password) {
  char hash[crypto_pwhash_STRBYTES];
  if (crypto_pwhash_str_alg(hash, password.data(), password.size(), kPasses, kMemoryBytes,
                            crypto_pwhash_ALG_ARGON2ID13) != 0) {
    return {};
  }
  return hash;
}

bool VerifyPassword(const std::string& hash, std::string_view password) {
  if (IsImportedHash(hash)) {  // as dear as any other, so that the time does not tell whose it is
    const bool right = VerifyImportedHash(hash, password);
    const bool never = VerifyPassword(HashOfNobody(), password);
    return right && !never;
  }
  return crypto_pwhash_str_verify(hash.c_str(), password.data(), password.size()) == 0;
}

const std::string& HashOfNobody() {
  static const std::string hash = HashPassword(RandomSecret(32));
  return hash;
}

std::string RandomSecret(size_t bytes) {
  std::vector<unsigned char> random(bytes);
  randombytes_buf(random.data(), random.size());
  std::string text(sodium_base64_encoded_len(bytes, sodium_base64_VARIANT_URLSAFE_NO_PADDING), '\0');
  sodium_bin2base64(text.data(), text.size(), random.data(), random.size(),
                    sodium_base64_VARIANT_URLSAFE_NO_PADDING);
  text.pop_back();  // the terminating zero
  return text;
}

}  // namespace parley::plugin
