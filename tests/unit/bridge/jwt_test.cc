#include "bridge/providers/jwt.h"

#include <gtest/gtest.h>

#include "tests/unit/bridge/provider_world.h"

namespace parley::bridge {
namespace {

using namespace parley::testing;

TEST(Jwt, AnEllipticKeySignsByEs256) {
  const TestKey key = EllipticKey();
  const Result<JwtSigner> signer = JwtSigner::FromPem(PemOf(key));
  ASSERT_TRUE(signer) << signer.error().reason;
  EXPECT_EQ(signer->public_point().size(), 65U);
  EXPECT_EQ(signer->public_point().front(), '\x04');
  // Lengths of r and s differ from time to time; of DER they would be seen.
  for (int round = 0; round < 300; ++round) {
    const Result<std::string> token = signer->Sign({{"kid", "K"}}, {{"iss", "team"}, {"round", round}});
    ASSERT_TRUE(token) << token.error().reason;
    ASSERT_TRUE(Verifies(*token, key)) << *token;
    EXPECT_EQ(PartOf(*token, 0), (nlohmann::json{{"alg", "ES256"}, {"typ", "JWT"}, {"kid", "K"}}));
    EXPECT_EQ(PartOf(*token, 1), (nlohmann::json{{"iss", "team"}, {"round", round}}));
    EXPECT_FALSE(Verifies(*token, EllipticKey()));
  }
}

TEST(Jwt, AnRsaKeySignsByRs256) {
  const TestKey key = RsaKey();
  const Result<JwtSigner> signer = JwtSigner::FromPem(PemOf(key));
  ASSERT_TRUE(signer) << signer.error().reason;
  EXPECT_FALSE(signer->is_elliptic());
  const Result<std::string> token = signer->Sign(nlohmann::json::object(), {{"aud", "https://a.example"}});
  ASSERT_TRUE(token) << token.error().reason;
  EXPECT_TRUE(Verifies(*token, key));
  EXPECT_EQ(PartOf(*token, 0)["alg"], "RS256");
  std::string changed = *token;
  changed[changed.find('.') + 3] ^= 1;
  EXPECT_FALSE(Verifies(changed, key));
}

TEST(Jwt, OtherKeysAreRefused) {
  const std::pair<std::string, std::string> cases[] = {
      {"", "no private key"},
      {"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "no private key"},
      {PemOf(EllipticKey("P-384")), "not P-256"},
      {PemOf(RsaKey(1024)), "fewer than 2048"},
      {PemOf({EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"), EVP_PKEY_free}), "neither"},
  };
  for (const auto& [pem, why] : cases) {
    const Result<JwtSigner> signer = JwtSigner::FromPem(pem);
    ASSERT_FALSE(signer) << why;
    EXPECT_EQ(signer.error().code, Code::INVALID_ARGUMENT);
    EXPECT_NE(signer.error().reason.find(why), std::string::npos) << signer.error().reason;
  }
}

TEST(Jwt, AnEncryptedKeyIsRefusedAndNobodyIsAsked) {
  const TestKey key = EllipticKey();
  const std::unique_ptr<BIO, decltype(&BIO_free_all)> sink(BIO_new(BIO_s_mem()), BIO_free_all);
  const std::string passphrase = "secret";
  ASSERT_EQ(PEM_write_bio_PKCS8PrivateKey(sink.get(), key.get(), EVP_aes_128_cbc(), passphrase.data(),
                                          static_cast<int>(passphrase.size()), nullptr, nullptr),
            1);
  char* bytes = nullptr;
  const long size = BIO_get_mem_data(sink.get(), &bytes);
  EXPECT_FALSE(JwtSigner::FromPem({bytes, static_cast<size_t>(size)}));
}

TEST(Jwt, TextThatIsNotUtf8IsRefused) {
  const Result<JwtSigner> signer = JwtSigner::FromPem(PemOf(EllipticKey()));
  ASSERT_TRUE(signer);
  const Result<std::string> token = signer->Sign(nlohmann::json::object(), {{"iss", "\xff"}});
  ASSERT_FALSE(token);
  EXPECT_EQ(token.error().code, Code::INVALID_ARGUMENT);
}

}  // namespace
}  // namespace parley::bridge
