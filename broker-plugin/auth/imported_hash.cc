#include "broker-plugin/auth/imported_hash.h"

#include <array>
#include <charconv>
#include <optional>
#include <vector>

#include <openssl/crypto.h>
#include <openssl/evp.h>

namespace parley::plugin {
namespace {

constexpr size_t kHashBytes = 64;
constexpr size_t kSaltBytesMax = 64;
constexpr int kIterationsMax = 20'000;

using Bytes = std::vector<unsigned char>;

struct Parsed {
  int iterations = 0;  // 0: SHA512 once
  Bytes salt;
  Bytes hash;
};

// Takes the text up to the next '$' off `rest`.
std::string_view TakeField(std::string_view& rest) {
  const size_t dollar = rest.find('$');
  const std::string_view field = rest.substr(0, dollar);
  rest = dollar == std::string_view::npos ? std::string_view() : rest.substr(dollar + 1);
  return field;
}

std::optional<Bytes> Base64(std::string_view text) {
  if (text.empty() || text.size() % 4 != 0 || text.size() > 256) return std::nullopt;
  Bytes bytes(text.size() / 4 * 3);
  const int size = EVP_DecodeBlock(bytes.data(), reinterpret_cast<const unsigned char*>(text.data()),
                                   static_cast<int>(text.size()));
  if (size < 0) return std::nullopt;
  const size_t padding = text.substr(text.size() - 2) == "==" ? 2 : text.back() == '=' ? 1 : 0;
  bytes.resize(static_cast<size_t>(size) - padding);
  return bytes;
}

std::optional<Parsed> Parse(std::string_view hash) {
  if (!IsImportedHash(hash)) return std::nullopt;
  Parsed parsed;
  std::string_view rest = hash.substr(3);
  if (hash[1] == '7') {
    const std::string_view number = TakeField(rest);
    const auto [end, error] =
        std::from_chars(number.data(), number.data() + number.size(), parsed.iterations);
    if (error != std::errc() || end != number.data() + number.size() || parsed.iterations < 1) {
      return std::nullopt;
    }
  }
  std::optional<Bytes> salt = Base64(TakeField(rest));
  std::optional<Bytes> digest = Base64(TakeField(rest));
  if (!salt || !digest || !rest.empty() || salt->size() > kSaltBytesMax || digest->size() != kHashBytes) {
    return std::nullopt;
  }
  parsed.salt = std::move(*salt);
  parsed.hash = std::move(*digest);
  return parsed;
}

}  // namespace

bool IsImportedHash(std::string_view hash) {
  return hash.substr(0, 3) == "$7$" || hash.substr(0, 3) == "$6$";
}

Status CheckImportedHash(std::string_view hash) {
  const std::optional<Parsed> parsed = Parse(hash);
  if (!parsed) {
    return Error{
        Code::INVALID_ARGUMENT,
        "passwordHash: $7${iterations}${salt}${hash} or $6${salt}${hash}, as mosquitto_passwd writes it"};
  }
  if (parsed->iterations > kIterationsMax) {
    return Error{Code::INVALID_ARGUMENT,
                 "passwordHash: at most 20000 iterations; set a new password instead"};
  }
  return {};
}

bool VerifyImportedHash(std::string_view hash, std::string_view password) {
  const std::optional<Parsed> parsed = Parse(hash);
  if (!parsed || parsed->iterations > kIterationsMax) return false;
  std::array<unsigned char, kHashBytes> made{};
  if (parsed->iterations > 0) {
    if (PKCS5_PBKDF2_HMAC(password.data(), static_cast<int>(password.size()), parsed->salt.data(),
                          static_cast<int>(parsed->salt.size()), parsed->iterations, EVP_sha512(),
                          static_cast<int>(made.size()), made.data()) != 1) {
      return false;
    }
  } else {
    Bytes text(password.begin(), password.end());
    text.insert(text.end(), parsed->salt.begin(), parsed->salt.end());
    unsigned int size = 0;
    const bool done = EVP_Digest(text.data(), text.size(), made.data(), &size, EVP_sha512(), nullptr) == 1;
    OPENSSL_cleanse(text.data(), text.size());
    if (!done || size != made.size()) return false;
  }
  return CRYPTO_memcmp(made.data(), parsed->hash.data(), made.size()) == 0;
}

}  // namespace parley::plugin
