#include "bridge/providers/fcm.h"

#include <gtest/gtest.h>

#include "schemas/json.h"
#include "tests/unit/bridge/provider_world.h"

namespace parley::bridge {
namespace {

using namespace parley::testing;
using nlohmann::json;
using Kind = PushVerdict::Kind;

std::string ErrorBody(int code, const std::string& status, const std::string& error_code) {
  json error = {{"code", code}, {"message", "words"}, {"status", status}};
  if (!error_code.empty()) {
    error["details"] = json::array(
        {{{"@type", "type.googleapis.com/google.firebase.fcm.v1.FcmError"}, {"errorCode", error_code}}});
  }
  return json{{"error", error}}.dump();
}

class FcmTest : public ::testing::Test {
 protected:
  void SetUp() override {
    device_.set_device("phone");
    device_.mutable_fcm()->set_token("token:1");
    const auto made = Make(account_);
    ASSERT_TRUE(made) << made.error().reason;
  }

  Result<bool> Make(const json& account, const std::string& url = "https://fcm.test") {
    auto made = MakeFcm({.account_file = FileWith(folder_, "account.json", account.dump()), .url = url});
    if (!made) return made.error();
    fcm_ = *std::move(made);
    return true;
  }

  void SignIn(int64_t wall_ms = kNowMs, int64_t seconds = 3'600, const std::string& token = "t1") {
    ASSERT_TRUE(fcm_->SignIn(wall_ms));
    const json body = {{"access_token", token}, {"expires_in", seconds}, {"token_type", "Bearer"}};
    EXPECT_EQ(fcm_->TakeSignIn(Answered(200, body.dump()), wall_ms).kind, Kind::kAccepted);
  }

  json MessageOf(const PushNotification& notification) {
    const Result<HttpRequest> request = fcm_->Build(notification, device_, kNowMs);
    EXPECT_TRUE(request) << request.error().reason;
    return json::parse(request->body).at("message");
  }

  TempFolder folder_;
  const TestKey key_ = RsaKey();
  const json account_ = {{"type", "service_account"},      {"project_id", "project-1"},
                         {"private_key_id", "key-1"},      {"private_key", PemOf(key_)},
                         {"client_email", "push@project"}, {"token_uri", "https://oauth.test/token"}};
  std::unique_ptr<PushProvider> fcm_;
  PushTargetDevice device_;
};

TEST_F(FcmTest, SignsInByTheAccountsKey) {
  const auto request = fcm_->SignIn(kNowMs);
  ASSERT_TRUE(request);
  EXPECT_EQ(request->url, "https://oauth.test/token");
  EXPECT_EQ(HeaderOf(*request, "content-type"), "application/x-www-form-urlencoded");
  const std::string begin = "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=";
  ASSERT_EQ(request->body.substr(0, begin.size()), begin);
  const std::string assertion = request->body.substr(begin.size());
  EXPECT_TRUE(Verifies(assertion, key_));
  EXPECT_EQ(PartOf(assertion, 0), (json{{"alg", "RS256"}, {"typ", "JWT"}, {"kid", "key-1"}}));
  EXPECT_EQ(PartOf(assertion, 1), (json{{"iss", "push@project"},
                                        {"scope", "https://www.googleapis.com/auth/firebase.messaging"},
                                        {"aud", "https://oauth.test/token"},
                                        {"iat", kNowMs / 1000},
                                        {"exp", kNowMs / 1000 + 3600}}));
}

TEST_F(FcmTest, KeepsTheTokenUntilFiveMinutesBeforeItExpires) {
  SignIn(kNowMs, 3'600);
  EXPECT_FALSE(fcm_->SignIn(kNowMs + 3'300'000 - 1));
  EXPECT_TRUE(fcm_->SignIn(kNowMs + 3'300'000));
  // A short one until half of its life.
  SignIn(kNowMs + 3'300'000, 60);
  EXPECT_FALSE(fcm_->SignIn(kNowMs + 3'300'000 + 29'999));
  EXPECT_TRUE(fcm_->SignIn(kNowMs + 3'300'000 + 30'000));
}

TEST_F(FcmTest, AnswersOfASignIn) {
  const std::tuple<HttpAnswer, Kind> cases[] = {
      {Answered(200, "{}"), Kind::kRetry},
      {Answered(200, "no JSON"), Kind::kRetry},
      {Answered(200, R"({"access_token":"a b","expires_in":3600})"), Kind::kRetry},
      {Answered(200, R"({"access_token":"a","expires_in":0})"), Kind::kRetry},
      {Answered(200, R"({"access_token":"a","expires_in":"soon"})"), Kind::kRetry},
      {Answered(400, R"({"error":"invalid_grant","error_description":"Invalid JWT"})"), Kind::kBlocked},
      {Answered(401, R"({"error":"invalid_client"})"), Kind::kBlocked},
      {Answered(404), Kind::kBlocked},
      {Answered(302), Kind::kBlocked},
      {Answered(429), Kind::kRetry},
      {Answered(500), Kind::kRetry},
      {Answered(503), Kind::kRetry},
      {Unanswered(HttpAnswer::Kind::kNotSent), Kind::kRetry},
      {Unanswered(HttpAnswer::Kind::kNoAnswer), Kind::kRetry},
      {Unanswered(HttpAnswer::Kind::kForbidden), Kind::kBlocked},
  };
  for (const auto& [answer, kind] : cases) {
    const PushVerdict verdict = fcm_->TakeSignIn(answer, kNowMs);
    EXPECT_EQ(verdict.kind, kind) << answer.status << " " << answer.body;
    EXPECT_FALSE(verdict.detail.empty());
    EXPECT_TRUE(fcm_->SignIn(kNowMs)) << "no token came";
  }
  EXPECT_EQ(fcm_->TakeSignIn(Answered(400, R"({"error":"invalid_grant","error_description":"Bad clock"})"), 0)
                .detail,
            "sign in: 400 invalid_grant: Bad clock");
}

TEST_F(FcmTest, AMessageIsANotificationWithItsFields) {
  EXPECT_FALSE(fcm_->Build(MessageForBob(), device_, kNowMs)) << "before it has signed in";
  SignIn();
  const Result<HttpRequest> request = fcm_->Build(MessageForBob(), device_, kNowMs);
  ASSERT_TRUE(request) << request.error().reason;
  EXPECT_EQ(request->url, "https://fcm.test/v1/projects/project-1/messages:send");
  EXPECT_EQ(HeaderOf(*request, "authorization"), "Bearer t1");
  EXPECT_EQ(HeaderOf(*request, "content-type"), "application/json");
  EXPECT_EQ(json::parse(request->body), json::parse(R"({"message": {
      "token": "token:1",
      "notification": {"title": "The lobby", "body": "Alice: hello"},
      "data": {"type": "message", "id": "12-7-1", "user": "bob", "device": "phone", "room": "lobby", "roomKind": "GROUP",
               "seq": "7", "tsMs": "1795595415000", "sender": "alice", "mention": "false", "urgent": "true",
               "badge": "3", "unread": "2"},
      "android": {"collapse_key": "r12", "priority": "HIGH", "ttl": "86400s", "notification": {"tag": "r12"}}}})"));
}

TEST_F(FcmTest, AWithdrawalIsDataAlone) {
  SignIn();
  EXPECT_EQ(MessageOf(WithdrawalForBob()), json::parse(R"({
      "token": "token:1",
      "data": {"type": "withdraw", "id": "12-7-1", "user": "bob", "device": "phone", "room": "lobby", "seq": "7"},
      "android": {"collapse_key": "r12", "priority": "NORMAL", "ttl": "86400s"}})"));
  EXPECT_TRUE(fcm_->can_withdraw());
}

TEST_F(FcmTest, TheTimeToLiveIsWhatFcmTakes) {
  SignIn();
  PushNotification message = MessageForBob();
  message.expires_ms = kNowMs - 1;
  EXPECT_EQ(MessageOf(message)["android"]["ttl"], "0s");
  message.expires_ms = kNowMs + int64_t{100} * 86'400'000;
  EXPECT_EQ(MessageOf(message)["android"]["ttl"], "2419200s");
}

TEST_F(FcmTest, AHiddenPreviewSaysHowMuch) {
  SignIn();
  PushNotification message = MessageForBob();
  message.room_title = message.sender = message.sender_name = message.text = "";
  EXPECT_EQ(MessageOf(message)["notification"], (json{{"title", "lobby"}, {"body", "2 unread messages"}}));
  message.room = "";
  message.room_kind = v1::Room::DIRECT;
  message.unread = 1;
  EXPECT_EQ(MessageOf(message)["notification"], (json{{"title", "Chat"}, {"body", "New message"}}));
}

TEST_F(FcmTest, ALongTextIsCutBetweenTwoCharacters) {
  SignIn();
  for (const char* const character : {"a", "ä", "€", "😀", "\"", "\x01"}) {
    PushNotification message = MessageForBob();
    message.text.clear();
    while (message.text.size() < 6'000) message.text += character;
    json made = MessageOf(message);
    const std::string body = made["notification"]["body"];
    EXPECT_TRUE(IsUtf8(body));
    EXPECT_EQ(("Alice: " + message.text).compare(0, body.size(), body), 0);
    made.erase("token");
    made.erase("android");
    EXPECT_LE(made.dump().size(), 4'096U);
    EXPECT_GT(body.size(), 400U) << "not cut to nothing";
  }
}

TEST_F(FcmTest, WhatCannotFitIsRefused) {
  SignIn();
  PushNotification message = MessageForBob();
  message.sender_name = std::string(5'000, 'x');
  const auto request = fcm_->Build(message, device_, kNowMs);
  ASSERT_FALSE(request);
  EXPECT_EQ(request.error().code, Code::INVALID_ARGUMENT);
  device_.mutable_apns()->set_token("aa");
  EXPECT_FALSE(fcm_->Build(MessageForBob(), device_, kNowMs)) << "of another service";
}

TEST_F(FcmTest, EveryDocumentedAnswer) {
  const std::tuple<HttpAnswer, Kind> cases[] = {
      {Answered(200, R"({"name":"projects/project-1/messages/1"})"), Kind::kAccepted},
      {Answered(400, ErrorBody(400, "INVALID_ARGUMENT", "INVALID_ARGUMENT")), Kind::kRefused},
      {Answered(400, ErrorBody(400, "INVALID_ARGUMENT", "")), Kind::kRefused},
      {Answered(404, ErrorBody(404, "NOT_FOUND", "UNREGISTERED")), Kind::kDead},
      {Answered(404, ErrorBody(404, "NOT_FOUND", "")), Kind::kBlocked},  // the project
      {Answered(404, "<html>"), Kind::kBlocked},
      {Answered(403, ErrorBody(403, "PERMISSION_DENIED", "SENDER_ID_MISMATCH")), Kind::kDead},
      {Answered(403, ErrorBody(403, "PERMISSION_DENIED", "")), Kind::kBlocked},  // the account
      {Answered(429, ErrorBody(429, "RESOURCE_EXHAUSTED", "QUOTA_EXCEEDED")), Kind::kRetry},
      {Answered(500, ErrorBody(500, "INTERNAL", "INTERNAL")), Kind::kRetry},
      {Answered(503, ErrorBody(503, "UNAVAILABLE", "UNAVAILABLE")), Kind::kRetry},
      {Answered(502, "bad gateway"), Kind::kRetry},
      {Answered(301), Kind::kBlocked},
      {Answered(418, "[]"), Kind::kRefused},
      {Unanswered(HttpAnswer::Kind::kNotSent), Kind::kRetry},
      {Unanswered(HttpAnswer::Kind::kNoAnswer), Kind::kNoAnswer},
      {Unanswered(HttpAnswer::Kind::kForbidden), Kind::kRefused},
  };
  SignIn();
  for (const auto& [answer, kind] : cases) {
    EXPECT_EQ(fcm_->Judge(answer, kNowMs).kind, kind) << answer.status << " " << answer.body;
    EXPECT_FALSE(fcm_->SignIn(kNowMs)) << "the token stays";
  }
}

TEST_F(FcmTest, RetryAfterIsHeard) {
  const std::string body = ErrorBody(429, "RESOURCE_EXHAUSTED", "QUOTA_EXCEEDED");
  EXPECT_EQ(fcm_->Judge(Answered(429, body, {{"retry-after", "7"}}), kNowMs).retry_after_ms, 7'000);
  EXPECT_EQ(fcm_->Judge(Answered(429, body), kNowMs).retry_after_ms, 60'000);
  EXPECT_EQ(fcm_->Judge(Answered(503, "", {{"retry-after", "99999999999999999999"}}), kNowMs).retry_after_ms,
            3'600'000);
  EXPECT_EQ(fcm_->Judge(Answered(503, "", {{"retry-after", "soon"}}), kNowMs).retry_after_ms, std::nullopt);
}

TEST_F(FcmTest, ARefusedTokenIsReplacedOnce) {
  const HttpAnswer refused = Answered(401, ErrorBody(401, "UNAUTHENTICATED", ""));
  SignIn();
  EXPECT_EQ(fcm_->Judge(refused, kNowMs).kind, Kind::kSignIn);
  SignIn(kNowMs, 3'600, "t2");
  // Others that were sent with the old token are sent again with the new one.
  EXPECT_EQ(fcm_->Judge(refused, kNowMs + 500).kind, Kind::kSignIn);
  EXPECT_FALSE(fcm_->SignIn(kNowMs + 500));
  EXPECT_EQ(fcm_->Judge(refused, kNowMs + 60'000).kind, Kind::kSignIn);
  EXPECT_TRUE(fcm_->SignIn(kNowMs + 60'000));
}

TEST_F(FcmTest, AThirdPartysErrorIsRefusedOnceAnotherTokenWasNoHelp) {
  const HttpAnswer refused = Answered(401, ErrorBody(401, "UNAUTHENTICATED", "THIRD_PARTY_AUTH_ERROR"));
  SignIn();
  EXPECT_EQ(fcm_->Judge(refused, kNowMs).kind, Kind::kSignIn);
  SignIn();
  EXPECT_EQ(fcm_->Judge(refused, kNowMs + 1'000).kind, Kind::kRefused);
}

TEST_F(FcmTest, TheFileMustBeAServiceAccount) {
  const std::pair<const char*, json> wrong[] = {
      {"project_id", ""},   {"project_id", "a/b"},
      {"project_id", 7},    {"private_key", ""},
      {"private_key", "x"}, {"private_key", PemOf(EllipticKey())},
      {"client_email", ""}, {"token_uri", "file:///etc/passwd"},
  };
  for (const auto& [name, value] : wrong) {
    json account = account_;
    account[name] = value;
    const auto made = Make(account);
    ASSERT_FALSE(made) << name << " " << value;
    EXPECT_EQ(made.error().code, Code::INVALID_ARGUMENT);
    EXPECT_NE(made.error().reason.find(name), std::string::npos) << made.error().reason;
    EXPECT_EQ(made.error().reason.find('\n'), std::string::npos);
  }
  EXPECT_FALSE(Make(json::array()));
  EXPECT_EQ(MakeFcm({.account_file = folder_ / "none", .url = ""}).error().code, Code::NOT_FOUND);
  ASSERT_TRUE(Make(account_, ""));
  SignIn();
  EXPECT_EQ(fcm_->Build(MessageForBob(), device_, kNowMs)->url,
            "https://fcm.googleapis.com/v1/projects/project-1/messages:send");
}

}  // namespace
}  // namespace parley::bridge
