#include "bridge/providers/web_push.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <sys/stat.h>
#include <unistd.h>

#include "bridge/providers/payload.h"
#include "bridge/providers/providers.h"
#include "bridge/providers/vapid_key.h"
#include "bridge/providers/web_push_encryption.h"
#include "bridge/providers/web_push_limits.h"
#include "bridge/providers/webhook.h"
#include "schemas/base64.h"
#include "schemas/json.h"
#include "tests/support/temp_folder.h"

namespace parley::bridge {
namespace {

using Kind = PushVerdict::Kind;
using Notified = PushNotification::Kind;

using testing::TempFolder;

constexpr int64_t kNow = 1'000'000'000'000;
constexpr int64_t kHourMs = 3'600'000;
// Of the example in appendix A of RFC 8291.
constexpr const char* kReceiverPoint =
    "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4";
constexpr const char* kReceiverAuth = "BTBZMqHH6r4Tts7J_aSIgg";

std::string Bytes(const char* text) {
  return FromBase64(text, Base64::kEither).value_or("");
}

PushNotification Message() {
  PushNotification notification;
  notification.kind = Notified::kMessage;
  notification.id = "12-7-1";
  notification.user = "bob";
  notification.device = "phone";
  notification.room = "lobby";
  notification.room_title = "The lobby";
  notification.room_kind = v1::Room::GROUP;
  notification.seq = 7;
  notification.ts_ms = 1'795'595'415'000;
  notification.sender = "alice";
  notification.sender_name = "Alice";
  notification.text = "hello";
  notification.badge = 3;
  notification.unread = 2;
  notification.collapse = "r12";
  notification.expires_ms = kNow + kHourMs;
  return notification;
}

PushTargetDevice Browser(const std::string& endpoint = "https://push.example.org/a/b") {
  PushTargetDevice device;
  device.mutable_web_push()->set_endpoint(endpoint);
  device.mutable_web_push()->mutable_keys()->set_p256dh(kReceiverPoint);
  device.mutable_web_push()->mutable_keys()->set_auth(kReceiverAuth);
  return device;
}

std::string HeaderOf(const HttpRequest& request, const std::string& name) {
  for (const auto& [key, value] : request.headers) {
    if (key == name) return value;
  }
  return "none";
}

WebPush MakeWebPush(const TempFolder& folder, const std::string& subject = "mailto:a@example.org") {
  return {JwtSigner::FromPem(*ReadOrMakeKeyFile(folder / "vapid.pem")).value(), subject};
}

nlohmann::json ClaimsOf(const std::string& authorization) {
  const size_t first = authorization.find('.') + 1;
  const std::string claims = authorization.substr(first, authorization.find('.', first) - first);
  return nlohmann::json::parse(FromBase64(claims, Base64::kEither).value_or(""));
}

TEST(WebPushEncryption, TheExampleOfTheRfc) {
  const auto secrets = WebPushSecrets::Of(
      Bytes("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"),
      Bytes("BP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A8"),
      Bytes("DGv6ra1nlYgDCS1FRnbzlw"));
  ASSERT_TRUE(secrets);
  const auto body = EncryptWebPush("When I grow up, I want to be a watermelon", 0,
                                   {Bytes(kReceiverPoint), Bytes(kReceiverAuth)}, *secrets);
  ASSERT_TRUE(body);
  EXPECT_EQ(
      ToBase64Url(*body),
      "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6Tlz"
      "AC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN");
}

TEST(WebPushEncryption, AReceiverThatIsNotOnTheCurve) {
  std::string point = Bytes(kReceiverPoint);
  point.back() = static_cast<char>(point.back() ^ 1);
  const auto body = EncryptWebPush("x", 0, {point, Bytes(kReceiverAuth)}, *WebPushSecrets::Draw());
  ASSERT_FALSE(body);
  EXPECT_EQ(body.error().code, Code::INVALID_ARGUMENT);
}

TEST(WebPushEncryption, NoTwoAreTheSameAndALengthTellsLittle) {
  const WebPushReceiver receiver{Bytes(kReceiverPoint), Bytes(kReceiverAuth)};
  const auto one = EncryptWebPush("x", 128, receiver, *WebPushSecrets::Draw());
  const auto other = EncryptWebPush(std::string(128, 'x'), 128, receiver, *WebPushSecrets::Draw());
  ASSERT_TRUE(one && other);
  EXPECT_EQ(one->size(), other->size());
  EXPECT_NE(one->substr(0, 86), other->substr(0, 86));
}

TEST(PushPayload, SaysWhatTheDocumentSays) {
  const auto payload = PayloadOf(Message(), 4'000);
  ASSERT_TRUE(payload);
  EXPECT_EQ(nlohmann::json::parse(*payload), nlohmann::json::parse(R"({
    "type": "message", "id": "12-7-1", "user": "bob", "device": "phone", "room": "lobby", "roomTitle": "The lobby",
    "roomKind": "GROUP", "seq": "7", "tsMs": "1795595415000", "sender": "alice", "senderName": "Alice",
    "text": "hello", "mention": false, "urgent": false, "badge": 3, "unread": 2})"));
  PushNotification withdraw = Message();
  withdraw.kind = Notified::kWithdraw;
  EXPECT_EQ(nlohmann::json::parse(*PayloadOf(withdraw, 4'000)), nlohmann::json::parse(R"({
    "type": "withdraw", "id": "12-7-1", "user": "bob", "device": "phone", "room": "lobby", "seq": "7"})"));
  PushNotification test = Message();
  test.kind = Notified::kTest;
  EXPECT_EQ(nlohmann::json::parse(*PayloadOf(test, 4'000)), nlohmann::json::parse(R"({
    "type": "test", "id": "12-7-1", "user": "bob", "device": "phone", "tsMs": "1795595415000",
    "text": "hello"})"));
}

TEST(PushPayload, WhatIsHiddenIsNotThere) {
  PushNotification hidden = Message();
  hidden.text = hidden.sender = hidden.sender_name = hidden.room_title = "";
  const auto json = nlohmann::json::parse(*PayloadOf(hidden, 4'000));
  for (const char* name : {"text", "sender", "senderName", "roomTitle"}) EXPECT_FALSE(json.contains(name));
}

TEST(PushPayload, ATextIsCutBetweenTwoCharacters) {
  for (const char* character : {"a", "ü", "€", "😀", "\"", "\x01"}) {
    PushNotification notification = Message();
    notification.text.clear();
    while (notification.text.size() < 2'048) notification.text += character;
    const std::string whole = notification.text;
    for (size_t bytes_max = 400; bytes_max < 406; ++bytes_max) {
      const auto payload = PayloadOf(notification, bytes_max);
      ASSERT_TRUE(payload);
      EXPECT_LE(payload->size(), bytes_max);
      const std::string text = nlohmann::json::parse(*payload).value("text", "");
      EXPECT_FALSE(text.empty());
      EXPECT_TRUE(IsUtf8(text));
      EXPECT_EQ(whole.substr(0, text.size()), text);
    }
  }
  PushNotification titled = Message();
  titled.room_title = std::string(4'000, 't');
  ASSERT_TRUE(PayloadOf(titled, 400));
  EXPECT_FALSE(PayloadOf(titled, 100));
}

TEST(WebPush, OneMessage) {
  const TempFolder folder;
  WebPush push = MakeWebPush(folder);
  PushNotification notification = Message();
  notification.text = std::string(4'000, '"');
  const auto request = push.Build(notification, Browser(), kNow);
  ASSERT_TRUE(request);
  EXPECT_EQ(request->url, "https://push.example.org/a/b");
  EXPECT_EQ(request->body.size(), 4'096U);
  EXPECT_EQ(HeaderOf(*request, "TTL"), "3600");
  EXPECT_EQ(HeaderOf(*request, "Urgency"), "normal");
  EXPECT_EQ(HeaderOf(*request, "Topic"), "r12");
  EXPECT_EQ(HeaderOf(*request, "Content-Encoding"), "aes128gcm");
  notification.urgent = true;
  notification.expires_ms = kNow - 1;
  const auto urgent = push.Build(notification, Browser(), kNow);
  EXPECT_EQ(HeaderOf(*urgent, "Urgency"), "high");
  EXPECT_EQ(HeaderOf(*urgent, "TTL"), "0");
  EXPECT_EQ(push.public_key().size(), 87U);
  PushTargetDevice bad = Browser();
  bad.mutable_web_push()->mutable_keys()->set_p256dh("AAAA");
  EXPECT_EQ(push.Build(Message(), bad, kNow).error().code, Code::INVALID_ARGUMENT);
}

TEST(WebPush, ATokenServesOnePushServiceForHours) {
  const TempFolder folder;
  WebPush push = MakeWebPush(folder);
  const auto authorization = [&](const char* endpoint, int64_t now_ms) {
    return HeaderOf(*push.Build(Message(), Browser(endpoint), now_ms), "Authorization");
  };
  const std::string first = authorization("https://one.example/a", kNow);
  EXPECT_EQ(authorization("https://ONE.example:443/b?c", kNow + 10 * kHourMs), first);
  const nlohmann::json claims = ClaimsOf(first);
  EXPECT_EQ(claims, (nlohmann::json{{"aud", "https://one.example"},
                                    {"exp", (kNow + 12 * kHourMs) / 1000},
                                    {"sub", "mailto:a@example.org"}}));
  EXPECT_NE(authorization("https://one.example/a", kNow + 11 * kHourMs), first);
  EXPECT_EQ(ClaimsOf(authorization("http://127.0.0.1:8080/a", kNow))["aud"], "http://127.0.0.1:8080");
}

TEST(WebPush, WhatAnAnswerMeans) {
  const TempFolder folder;
  WebPush push = MakeWebPush(folder, "");
  const std::vector<std::pair<int, Kind>> rows = {
      {200, Kind::kAccepted}, {201, Kind::kAccepted}, {202, Kind::kAccepted}, {301, Kind::kRefused},
      {400, Kind::kRefused},  {401, Kind::kRefused},  {403, Kind::kRefused},  {404, Kind::kDead},
      {408, Kind::kRetry},    {410, Kind::kDead},     {413, Kind::kRefused},  {429, Kind::kRetry},
      {500, Kind::kRetry},    {503, Kind::kRetry}};
  for (const auto& [status, kind] : rows) {
    EXPECT_EQ(push.Judge({.kind = HttpAnswer::Kind::kAnswered, .status = status}, kNow).kind, kind) << status;
  }
  EXPECT_EQ(push.Judge({.kind = HttpAnswer::Kind::kNotSent}, kNow).kind, Kind::kRetry);
  EXPECT_EQ(push.Judge({.kind = HttpAnswer::Kind::kNoAnswer}, kNow).kind, Kind::kNoAnswer);
  EXPECT_EQ(push.Judge({.kind = HttpAnswer::Kind::kForbidden}, kNow).kind, Kind::kRefused);
  const HttpAnswer later{
      .kind = HttpAnswer::Kind::kAnswered, .status = 429, .headers = {{"retry-after", "7"}}};
  EXPECT_EQ(push.Judge(later, kNow).retry_after_ms, 7'000);
}

TEST(WebPush, ATokenThatIsRefusedIsMadeAnewOnce) {
  const TempFolder folder;
  WebPush push = MakeWebPush(folder);
  const HttpAnswer refused{.kind = HttpAnswer::Kind::kAnswered, .status = 403};
  ASSERT_TRUE(push.Build(Message(), Browser(), kNow));
  EXPECT_EQ(push.Judge(refused, kNow + 1).kind, Kind::kRefused);  // it is as new as it can be
  EXPECT_EQ(push.Judge(refused, kNow + kHourMs).kind, Kind::kSignIn);
  EXPECT_EQ(push.Judge(refused, kNow + kHourMs).kind, Kind::kRefused);
}

TEST(WebhookPush, IsSigned) {
  EXPECT_FALSE(MakeWebhookPush("secret"));
  const auto push = MakeWebhookPush("whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz\n");
  ASSERT_TRUE(push);
  PushTargetDevice device;
  device.mutable_webhook()->set_url("https://example.org/in");
  const auto request = (*push)->Build(Message(), device, kNow);
  ASSERT_TRUE(request);
  EXPECT_EQ(request->url, "https://example.org/in");
  EXPECT_EQ(HeaderOf(*request, "webhook-id"), "12-7-1");
  EXPECT_EQ(HeaderOf(*request, "webhook-timestamp"), std::to_string(kNow / 1000));
  EXPECT_EQ(HeaderOf(*request, "webhook-signature").substr(0, 3), "v1,");
  EXPECT_EQ((*push)->Judge({.kind = HttpAnswer::Kind::kAnswered, .status = 404}, kNow).kind, Kind::kRefused);
  EXPECT_EQ((*push)->Judge({.kind = HttpAnswer::Kind::kAnswered, .status = 410}, kNow).kind, Kind::kDead);
}

TEST(Providers, TheKeyOfWebPushIsMadeOnceForItsOwnerAlone) {
  const TempFolder folder;
  ProviderOptions options;
  options.vapid_key_path = folder / "vapid.pem";
  const auto first = MakeProviders(options);
  ASSERT_TRUE(first);
  ASSERT_EQ(first->providers.size(), 1U);
  struct stat status {};
  ASSERT_EQ(stat(options.vapid_key_path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
  EXPECT_EQ(MakeProviders(options)->vapid_public_key, first->vapid_public_key);
  EXPECT_EQ(unlink(options.vapid_key_path.c_str()), 0);
  EXPECT_NE(MakeProviders(options)->vapid_public_key, first->vapid_public_key);
}

TEST(Providers, AFileThatIsWrongIsNamed) {
  const TempFolder folder;
  ProviderOptions options;
  options.vapid_key_path = folder / "";  // a folder
  EXPECT_NE(MakeProviders(options).error().reason.find(options.vapid_key_path), std::string::npos);
  options.vapid_key_path = folder / "none/vapid.pem";
  EXPECT_NE(MakeProviders(options).error().reason.find("/none/vapid.pem"), std::string::npos);
  options.vapid_key_path = folder / "vapid.pem";
  options.webhook_secret_path = options.vapid_key_path;
  EXPECT_NE(MakeProviders(options).error().reason.find(options.vapid_key_path), std::string::npos);
}

}  // namespace
}  // namespace parley::bridge
