#include "bridge/outbound/signature.h"

#include <string>

#include <gtest/gtest.h>

#include "schemas/base64.h"

namespace parley::bridge {
namespace {

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
  EXPECT_TRUE(WebhookSigner::Of("whsec_" + ToBase64(std::string(24, 'k'))));
  EXPECT_TRUE(WebhookSigner::Of("whsec_" + ToBase64(std::string(64, 'k'))));
  for (const std::string& wrong : {std::string(), std::string("whsec_"), ToBase64(std::string(32, 'k')),
                                   "whsec_" + ToBase64(std::string(23, 'k')),
                                   "whsec_" + ToBase64(std::string(65, 'k')), std::string("whsec_!!!")}) {
    const auto signer = WebhookSigner::Of(wrong);
    ASSERT_FALSE(signer) << wrong;
    EXPECT_EQ(signer.error().code, Code::INVALID_ARGUMENT);
  }
}

}  // namespace
}  // namespace parley::bridge
