#include "bridge/providers/apns.h"

#include <regex>
#include <set>

#include <gtest/gtest.h>

#include "schemas/json.h"
#include "tests/unit/bridge/provider_world.h"

namespace parley::bridge {
namespace {

using namespace parley::testing;
using nlohmann::json;
using Kind = PushVerdict::Kind;

constexpr int64_t kMinuteMs = 60'000;

HttpAnswer Reason(int status, const std::string& reason) {
  return Answered(status, json{{"reason", reason}}.dump());
}

class ApnsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    device_.set_device("phone");
    device_.mutable_apns()->set_token("00ffAA");
    auto made = MakeApns(options_);
    ASSERT_TRUE(made) << made.error().reason;
    apns_ = *std::move(made);
  }

  HttpRequest Request(const PushNotification& notification, int64_t wall_ms = kNowMs) {
    Result<HttpRequest> request = apns_->Build(notification, device_, wall_ms);
    EXPECT_TRUE(request) << request.error().reason;
    return *std::move(request);
  }

  std::string TokenAt(int64_t wall_ms) {
    return HeaderOf(Request(MessageForBob(), wall_ms), "authorization").substr(7);
  }

  TempFolder folder_;
  const TestKey key_ = EllipticKey();
  ApnsOptions options_ = {.key_file = FileWith(folder_, "key.p8", PemOf(key_)),
                          .key_id = "KEY1234567",
                          .team = "TEAM123456",
                          .topic = "org.example.chat",
                          .url = "https://apns.test"};
  std::unique_ptr<PushProvider> apns_;
  PushTargetDevice device_;
};

TEST_F(ApnsTest, AMessageIsAnAlert) {
  const HttpRequest request = Request(MessageForBob());
  EXPECT_EQ(request.url, "https://apns.test/3/device/00ffAA");
  EXPECT_EQ(HeaderOf(request, "apns-topic"), "org.example.chat");
  EXPECT_EQ(HeaderOf(request, "apns-push-type"), "alert");
  EXPECT_EQ(HeaderOf(request, "apns-priority"), "10");
  EXPECT_EQ(HeaderOf(request, "apns-expiration"), "1795681815");
  EXPECT_EQ(HeaderOf(request, "apns-collapse-id"), "r12");
  EXPECT_EQ(json::parse(request.body), json::parse(R"({
      "aps": {"alert": {"title": "The lobby", "body": "Alice: hello"}, "badge": 3, "sound": "default",
              "thread-id": "r12", "mutable-content": 1},
      "parley": {"type": "message", "id": "12-7-1", "user": "bob", "device": "phone", "room": "lobby", "roomKind": "GROUP",
                 "seq": "7", "tsMs": "1795595415000", "sender": "alice", "mention": "false", "urgent": "true",
                 "badge": "3", "unread": "2"}})"));
  PushNotification quiet = MessageForBob();
  quiet.urgent = false;
  EXPECT_EQ(HeaderOf(Request(quiet), "apns-priority"), "5");
}

TEST_F(ApnsTest, AWithdrawalIsABackgroundPush) {
  const HttpRequest request = Request(WithdrawalForBob());
  EXPECT_EQ(HeaderOf(request, "apns-push-type"), "background");
  EXPECT_EQ(HeaderOf(request, "apns-priority"), "5");
  EXPECT_EQ(json::parse(request.body), json::parse(R"({
      "aps": {"content-available": 1},
      "parley": {"type": "withdraw", "id": "12-7-1", "user": "bob", "device": "phone", "room": "lobby", "seq": "7"}})"));
  EXPECT_TRUE(apns_->can_withdraw());
}

TEST_F(ApnsTest, TheIdIsAUuidOfTheNotification) {
  PushNotification message = MessageForBob();
  std::set<std::string> ids;
  const auto id = [&] { return HeaderOf(Request(message), "apns-id"); };
  ids.insert(id());
  EXPECT_TRUE(std::regex_match(
      id(), std::regex("[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")))
      << id();
  EXPECT_EQ(ids.count(id()), 1U) << "the same for every attempt";
  message.user = "carol";
  EXPECT_TRUE(ids.insert(id()).second);
  message.device = "tablet";
  EXPECT_TRUE(ids.insert(id()).second);
  message.id = "12-8-1";
  EXPECT_TRUE(ids.insert(id()).second);
  message.kind = PushNotification::Kind::kWithdraw;
  EXPECT_TRUE(ids.insert(id()).second);
}

TEST_F(ApnsTest, TheTokenIsSignedAndKeptFor55Minutes) {
  const std::string token = TokenAt(kNowMs);
  EXPECT_TRUE(Verifies(token, key_));
  EXPECT_EQ(PartOf(token, 0), (json{{"alg", "ES256"}, {"typ", "JWT"}, {"kid", "KEY1234567"}}));
  EXPECT_EQ(PartOf(token, 1), (json{{"iss", "TEAM123456"}, {"iat", kNowMs / 1000}}));
  EXPECT_EQ(TokenAt(kNowMs + 55 * kMinuteMs - 1), token);
  const std::string next = TokenAt(kNowMs + 55 * kMinuteMs);
  EXPECT_NE(next, token);
  EXPECT_TRUE(Verifies(next, key_));
  EXPECT_EQ(PartOf(next, 1)["iat"], (kNowMs + 55 * kMinuteMs) / 1000);
  EXPECT_FALSE(apns_->SignIn(kNowMs + 55 * kMinuteMs)) << "nobody is asked";
}

TEST_F(ApnsTest, AnExpiredTokenIsReplacedNotMoreOftenThanEach20Minutes) {
  const HttpAnswer expired = Reason(403, "ExpiredProviderToken");
  const std::string token = TokenAt(kNowMs);
  EXPECT_EQ(apns_->Judge(expired, kNowMs + 10'000).kind, Kind::kSignIn);
  const std::string second = TokenAt(kNowMs + 10'000);
  EXPECT_NE(second, token);
  // Others that were sent with the old one.
  EXPECT_EQ(apns_->Judge(expired, kNowMs + 11'000).kind, Kind::kSignIn);
  EXPECT_EQ(TokenAt(kNowMs + 11'000), second);
  const PushVerdict early = apns_->Judge(expired, kNowMs + 10'000 + 20 * kMinuteMs - 1);
  EXPECT_EQ(early.kind, Kind::kBlocked);
  EXPECT_NE(early.detail.find("clock"), std::string::npos);
  EXPECT_EQ(TokenAt(kNowMs + 600'000), second);
  EXPECT_EQ(apns_->Judge(expired, kNowMs + 10'000 + 20 * kMinuteMs).kind, Kind::kSignIn);
  EXPECT_NE(TokenAt(kNowMs + 10'000 + 20 * kMinuteMs), second);
}

TEST_F(ApnsTest, EveryDocumentedAnswer) {
  const std::tuple<HttpAnswer, Kind> cases[] = {
      {Answered(200), Kind::kAccepted},
      {Reason(400, "BadCollapseId"), Kind::kRefused},
      {Reason(400, "BadDeviceToken"), Kind::kDead},
      {Reason(400, "BadExpirationDate"), Kind::kRefused},
      {Reason(400, "BadMessageId"), Kind::kRefused},
      {Reason(400, "BadPriority"), Kind::kRefused},
      {Reason(400, "BadTopic"), Kind::kRefused},
      {Reason(400, "DeviceTokenNotForTopic"), Kind::kDead},
      {Reason(400, "DuplicateHeaders"), Kind::kRefused},
      {Reason(400, "IdleTimeout"), Kind::kRetry},
      {Reason(400, "InvalidPushType"), Kind::kRefused},
      {Reason(400, "MissingDeviceToken"), Kind::kRefused},
      {Reason(400, "MissingTopic"), Kind::kBlocked},
      {Reason(400, "PayloadEmpty"), Kind::kRefused},
      {Reason(400, "TopicDisallowed"), Kind::kRefused},
      {Reason(403, "BadCertificate"), Kind::kBlocked},
      {Reason(403, "BadCertificateEnvironment"), Kind::kBlocked},
      {Reason(403, "Forbidden"), Kind::kRefused},
      {Reason(403, "InvalidProviderToken"), Kind::kBlocked},
      {Reason(403, "MissingProviderToken"), Kind::kBlocked},
      {Reason(403, "UnrelatedKeyIdInToken"), Kind::kBlocked},
      {Reason(403, "BadEnvironmentKeyIdInToken"), Kind::kBlocked},
      {Reason(404, "BadPath"), Kind::kBlocked},
      {Reason(405, "MethodNotAllowed"), Kind::kBlocked},
      {Reason(410, "ExpiredToken"), Kind::kDead},
      {Reason(410, "Unregistered"), Kind::kDead},
      {Answered(410), Kind::kDead},
      {Reason(413, "PayloadTooLarge"), Kind::kRefused},
      {Reason(429, "TooManyProviderTokenUpdates"), Kind::kRetry},
      {Reason(429, "TooManyRequests"), Kind::kRetry},
      {Reason(500, "InternalServerError"), Kind::kRetry},
      {Reason(503, "ServiceUnavailable"), Kind::kRetry},
      {Reason(503, "Shutdown"), Kind::kRetry},
      {Answered(400, "no JSON"), Kind::kRefused},
      {Answered(301), Kind::kBlocked},
      {Unanswered(HttpAnswer::Kind::kNotSent), Kind::kRetry},
      {Unanswered(HttpAnswer::Kind::kNoAnswer), Kind::kNoAnswer},
      {Unanswered(HttpAnswer::Kind::kForbidden), Kind::kRefused},
  };
  const std::string token = TokenAt(kNowMs);
  for (const auto& [answer, kind] : cases) {
    const PushVerdict verdict = apns_->Judge(answer, kNowMs);
    EXPECT_EQ(verdict.kind, kind) << answer.status << " " << answer.body;
    EXPECT_EQ(verdict.detail.empty(), kind == Kind::kAccepted);
    EXPECT_EQ(TokenAt(kNowMs), token) << answer.body;
  }
  HttpAnswer later = Reason(429, "TooManyRequests");
  later.headers["retry-after"] = "30";
  EXPECT_EQ(apns_->Judge(later, kNowMs).retry_after_ms, 30'000);
}

TEST_F(ApnsTest, TheTopicIsTheDevicesElseTheServers) {
  device_.mutable_apns()->set_topic("org.example.other");
  EXPECT_EQ(HeaderOf(Request(MessageForBob()), "apns-topic"), "org.example.other");
  options_.topic = "";
  SetUp();
  device_.mutable_apns()->set_topic("");
  const auto request = apns_->Build(MessageForBob(), device_, kNowMs);
  ASSERT_FALSE(request);
  EXPECT_EQ(request.error().code, Code::INVALID_ARGUMENT);
}

TEST_F(ApnsTest, ALongTextIsCutBetweenTwoCharacters) {
  for (const char* const character : {"a", "ä", "€", "😀", "\"", "\x01"}) {
    PushNotification message = MessageForBob();
    message.text.clear();
    while (message.text.size() < 6'000) message.text += character;
    const HttpRequest request = Request(message);
    EXPECT_LE(request.body.size(), 4'096U);
    const std::string body = json::parse(request.body)["aps"]["alert"]["body"];
    EXPECT_TRUE(IsUtf8(body));
    EXPECT_EQ(("Alice: " + message.text).compare(0, body.size(), body), 0);
    EXPECT_GT(body.size(), 400U) << "not cut to nothing";
  }
}

TEST_F(ApnsTest, WhatIsNotADeviceOfApnsIsRefused) {
  for (const char* token : {"", "../x", "00f g"}) {
    device_.mutable_apns()->set_token(token);
    EXPECT_FALSE(apns_->Build(MessageForBob(), device_, kNowMs)) << token;
  }
  device_.mutable_fcm()->set_token("x");
  EXPECT_FALSE(apns_->Build(MessageForBob(), device_, kNowMs));
}

TEST_F(ApnsTest, WrongOptionsAreSaidInOneLine) {
  const auto wrong = [&](auto change) {
    ApnsOptions options = options_;
    change(options);
    const auto made = MakeApns(options);
    EXPECT_FALSE(made);
    return made ? "" : made.error().reason;
  };
  EXPECT_NE(wrong([](auto& options) { options.key_id = ""; }).find("key id"), std::string::npos);
  EXPECT_NE(wrong([](auto& options) { options.team = ""; }).find("team"), std::string::npos);
  EXPECT_NE(wrong([&](auto& options) { options.key_file = folder_ / "none"; }).find("none"),
            std::string::npos);
  EXPECT_NE(
      wrong([&](auto& options) { options.key_file = FileWith(folder_, "rsa", PemOf(RsaKey())); }).find(".p8"),
      std::string::npos);
  EXPECT_NE(wrong([&](auto& options) {
              options.key_file = FileWith(folder_, "big", std::string(70'000, 'x'));
            }).find("too large"),
            std::string::npos);
}

}  // namespace
}  // namespace parley::bridge
