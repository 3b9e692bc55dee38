#pragma once

#include <algorithm>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "bridge/providers/provider.h"
#include "schemas/base64.h"
#include "tests/support/temp_folder.h"

// Keys, tokens and answers for the tests of the push services.
namespace parley::testing {

using TestKey = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

inline TestKey EllipticKey(const char* curve = "P-256") {
  return {EVP_EC_gen(curve), EVP_PKEY_free};
}

inline TestKey RsaKey(unsigned bits = 2048) {
  return {EVP_RSA_gen(bits), EVP_PKEY_free};
}

inline std::string PemOf(const TestKey& key) {
  const std::unique_ptr<BIO, decltype(&BIO_free_all)> sink(BIO_new(BIO_s_mem()), BIO_free_all);
  EXPECT_EQ(PEM_write_bio_PrivateKey(sink.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr), 1);
  char* bytes = nullptr;
  const long size = BIO_get_mem_data(sink.get(), &bytes);
  return {bytes, static_cast<size_t>(size)};
}

inline std::vector<std::string> SplitAt(std::string_view text, char separator) {
  std::vector<std::string> parts;
  while (true) {
    const size_t end = text.find(separator);
    parts.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

// 0: the header of a token, 1: its claims.
inline nlohmann::json PartOf(const std::string& token, size_t part) {
  return nlohmann::json::parse(FromBase64(SplitAt(token, '.').at(part), Base64::kEither).value());
}

// As RFC 7515 has it, by OpenSSL alone.
inline bool Verifies(const std::string& token, const TestKey& key) {
  const size_t end = token.rfind('.');
  const std::string text = token.substr(0, end);
  std::string signature = FromBase64(token.substr(end + 1), Base64::kEither).value();
  if (EVP_PKEY_get_base_id(key.get()) == EVP_PKEY_EC) {
    if (signature.size() != 64) return false;
    const auto* raw = reinterpret_cast<const unsigned char*>(signature.data());
    const std::unique_ptr<ECDSA_SIG, decltype(&ECDSA_SIG_free)> parts(ECDSA_SIG_new(), ECDSA_SIG_free);
    ECDSA_SIG_set0(parts.get(), BN_bin2bn(raw, 32, nullptr), BN_bin2bn(raw + 32, 32, nullptr));
    unsigned char* der = nullptr;
    const int size = i2d_ECDSA_SIG(parts.get(), &der);
    signature.assign(reinterpret_cast<const char*>(der), static_cast<size_t>(size));
    OPENSSL_free(der);
  }
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  EXPECT_EQ(EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, key.get()), 1);
  return EVP_DigestVerify(context.get(), reinterpret_cast<const unsigned char*>(signature.data()),
                          signature.size(), reinterpret_cast<const unsigned char*>(text.data()),
                          text.size()) == 1;
}

inline bridge::HttpAnswer Answered(int status, std::string body = {},
                                   std::map<std::string, std::string> headers = {}) {
  return {.kind = bridge::HttpAnswer::Kind::kAnswered,
          .status = status,
          .headers = std::move(headers),
          .body = std::move(body)};
}

inline bridge::HttpAnswer Unanswered(bridge::HttpAnswer::Kind kind) {
  return {.kind = kind, .error = "why"};
}

// "" when there is none.
inline std::string HeaderOf(const bridge::HttpRequest& request, const std::string& name) {
  const auto found = std::find_if(request.headers.begin(), request.headers.end(),
                                  [&](const auto& header) { return header.first == name; });
  return found == request.headers.end() ? "" : found->second;
}

inline std::string FileWith(const TempFolder& folder, const std::string& name, const std::string& text) {
  std::ofstream(folder / name, std::ios::binary) << text;
  return folder / name;
}

inline constexpr int64_t kNowMs = 1'795'595'415'000;

inline bridge::PushNotification MessageForBob() {
  bridge::PushNotification message;
  message.id = "12-7-1";
  message.user = "bob";
  message.device = "phone";
  message.room = "lobby";
  message.room_title = "The lobby";
  message.room_kind = v1::Room::GROUP;
  message.seq = 7;
  message.ts_ms = kNowMs;
  message.sender = "alice";
  message.sender_name = "Alice";
  message.text = "hello";
  message.urgent = true;
  message.badge = 3;
  message.unread = 2;
  message.collapse = "r12";
  message.expires_ms = kNowMs + 86'400'000;
  return message;
}

inline bridge::PushNotification WithdrawalForBob() {
  bridge::PushNotification withdrawal = MessageForBob();
  withdrawal.kind = bridge::PushNotification::Kind::kWithdraw;
  withdrawal.text.clear();
  return withdrawal;
}

}  // namespace parley::testing
