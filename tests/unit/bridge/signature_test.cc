#include "bridge/outbound/signature.h"

#include <string>

#include <gtest/gtest.h>

#include "bridge/outbound/base64.h"

namespace parley::bridge {
namespace {

TEST(Base64, AsTheRfcHasIt) {
  const std::pair<std::string, std::string> vectors[] = {{"", ""},
                                                         {"f", "Zg=="},
                                                         {"fo", "Zm8="},
                                                         {"foo", "Zm9v"},
                                                         {"foob", "Zm9vYg=="},
                                                         {"fooba", "Zm9vYmE="},
                                                         {"foobar", "Zm9vYmFy"},
                                                         {"\xfb\xff\xfe", "+//+"}};
  for (const auto& [bytes, text] : vectors) {
    EXPECT_EQ(Base64(bytes), text);
    EXPECT_EQ(FromBase64(text), bytes);
    EXPECT_EQ(FromBase64(Base64Url(bytes)), bytes);
  }
  EXPECT_EQ(Base64Url("\xfb\xff\xfe"), "-__-");
  EXPECT_EQ(Base64Url("f"), "Zg");
  for (const char* wrong : {"Z", "Zg=", "Zh==", "Zm9v\n", "Zm 9v", "====", "Zg==Zg=="})
    EXPECT_EQ(FromBase64(wrong), std::nullopt) << wrong;
}

// The secret, id, time and body of the example in the Standard Webhooks specification; the signature is what
// another implementation of HMAC says of them.
TEST(WebhookSigner, SignsAsTheSpecificationSays) {
  const auto signer = WebhookSigner::Of("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
  ASSERT_TRUE(signer);
  const auto headers =
      signer->Headers("msg_p5jXN8AQM9LWM0D4loKWxJek", 1'614'265'330, R"({"test": 2432232314})");
  const std::vector<std::pair<std::string, std::string>> expected = {
      {"webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek"},
      {"webhook-timestamp", "1614265330"},
      {"webhook-signature", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="}};
  EXPECT_EQ(headers, expected);
}

TEST(WebhookSigner, TakesOnlyWholeSecrets) {
  EXPECT_TRUE(WebhookSigner::Of("whsec_" + Base64(std::string(24, 'k'))));
  EXPECT_TRUE(WebhookSigner::Of("whsec_" + Base64(std::string(64, 'k'))));
  for (const std::string& wrong : {std::string(), std::string("whsec_"), Base64(std::string(32, 'k')),
                                   "whsec_" + Base64(std::string(23, 'k')),
                                   "whsec_" + Base64(std::string(65, 'k')), std::string("whsec_!!!")}) {
    const auto signer = WebhookSigner::Of(wrong);
    ASSERT_FALSE(signer) << wrong;
    EXPECT_EQ(signer.error().code, Code::INVALID_ARGUMENT);
  }
}

}  // namespace
}  // namespace parley::bridge
