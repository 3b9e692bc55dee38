#include "client/cli/render_push.h"

#include <cstdlib>
#include <ctime>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/cli/admin_commands.h"
#include "schemas/json.h"

namespace parley::client {
namespace {

using testing::ElementsAre;

class RenderPushTest : public testing::Test {
 protected:
  void SetUp() override {
    setenv("TZ", "UTC", 1);
    tzset();
  }

  template <typename Message>
  static Message Read(const std::string& json) {
    Message message;
    const Status read = FromJson(json, message);
    EXPECT_TRUE(read) << read.error().reason;
    return message;
  }
};

TEST_F(RenderPushTest, Devices) {
  const auto list = Read<v1::PushListReply>(R"({"devices":[
      {"device":"phone","name":"Al\u001b[2J","provider":"WEB_PUSH","address":"https://push.example/…",
       "level":"MENTIONS","preview":"HIDDEN","quietHours":{"from":"22:00","to":"07:00","timeZone":"Europe/Berlin"},
       "rooms":[{"room":"lobby","mutedUntilMs":"18446744073709551615"},{"room":"garden","level":"NONE"}],
       "lastAcceptedMs":"1795595415000","lastFailure":"410 gone"},
      {"device":"pad","provider":"FCM","address":"abc…","mutedUntilMs":"1795595415000"}],
      "providers":["WEB_PUSH","FCM"],"vapidPublicKey":"BK"})");
  EXPECT_THAT(
      RenderPushList(list),
      ElementsAre("phone web_push https://push.example/… \"Al?[2J\" level mentions preview hidden quiet "
                  "22:00-07:00 Europe/Berlin",
                  "  lobby muted", "  garden level none", "  last accepted 2026-11-25 08:30:15",
                  "  last failure: 410 gone",
                  "pad fcm abc… level all preview shown muted until 2026-11-25 08:30:15",
                  "this server reaches: web_push fcm", "key for browsers (applicationServerKey): BK"));
}

constexpr const char* kExplanation =
    R"({"room":"lobby","seq":"7","sender":"alice","client":"alice-1","id":"m1",
    "gateMs":"1795595415000","committedMs":"1795595415003","deliveredMs":"1795595415004",
    "pushedMs":"1795595415124","readMs":"0","members":3,"deliveredTo":1,"readBy":0,"devices":[
    {"user":"bob","device":"phone","provider":"WEB_PUSH","state":"ACCEPTED","attempts":1,
     "answeredMs":"1795595415124","status":201},
    {"user":"bob","device":"pad","provider":"FCM","state":"SUPPRESSED","reason":"MUTED"},
    {"user":"carol","device":"tv","provider":"APNS","state":"FAILED","reason":"REFUSED","attempts":2,
     "status":400,"detail":"BadTopic","readMs":"1795595415999"}]})";

TEST_F(RenderPushTest, AnExplanation) {
  EXPECT_THAT(
      RenderMessageExplanation(Read<v1::MessageExplainReply>(kExplanation)),
      ElementsAre(
          "lobby #7 alice (alice-1) id m1", "  gate       2026-11-25 08:30:15.000",
          "  commit     2026-11-25 08:30:15.003  +3 ms", "  delivered  2026-11-25 08:30:15.004  +1 ms",
          "  pushed     2026-11-25 08:30:15.124  +120 ms", "  read       by nobody, as far as is known",
          "of 3 who may see it, 1 have received it, 0 have read it",
          "  bob phone (web_push): accepted by the provider, 1 attempt, HTTP 201, +124 ms",
          "  bob pad (fcm): not sent: muted",
          "  carol tv (apns): given up: the provider refuses it for good, 2 attempts, HTTP 400, "
          "BadTopic, read 2026-11-25 08:30:15.999"));
}

TEST_F(RenderPushTest, WhatIsNotKnownIsNotMadeUp) {
  const auto lines = RenderMessageExplanation(Read<v1::MessageExplainReply>(
      R"({"room":"lobby","seq":"7","sender":"alice","gateMs":"1795595415000","deliveredMs":"1795595414998",
          "deleted":true,"truncated":true})"));
  EXPECT_THAT(
      lines,
      ElementsAre("lobby #7 alice, deleted", "  gate       2026-11-25 08:30:15.000",
                  "  commit     not known any more", "  delivered  2026-11-25 08:30:14.998  -2 ms",
                  "  pushed     no notification was accepted", "  read       by nobody, as far as is known",
                  "of 0 who may see it, 0 have received it, 0 have read it", "  and more devices"));
}

TEST_F(RenderPushTest, AnAdminReadsTheSame) {
  const std::string response = R"({"command":"explainMessage","data":)" + std::string(kExplanation) + "}";
  EXPECT_EQ(ReadAnswer(response, false).lines,
            RenderMessageExplanation(Read<v1::MessageExplainReply>(kExplanation)));
}

TEST_F(RenderPushTest, AnAdminSeesTheDevicesOfAUser) {
  EXPECT_THAT(ReadAnswer(R"({"command":"listPush","data":{"users":[{"username":"bob","devices":[
      {"device":"pad","provider":"FCM","address":"abc…"}]}]}})",
                         false)
                  .lines,
              ElementsAre("bob:", "  pad fcm abc… level all preview shown"));
  EXPECT_THAT(ReadAnswer(R"({"command":"listPush","data":{"users":[]}})", false).lines,
              ElementsAre("no device is registered"));
  for (const char* nonsense : {R"([])", R"({"users":[7,{}]})", R"({"users":[{"devices":[7]}]})"}) {
    (void)ReadAnswer(R"({"command":"listPush","data":)" + std::string(nonsense) + "}", false);
  }
}

TEST_F(RenderPushTest, EveryReasonHasItsWords) {
  std::set<std::string> words;
  for (int reason = v1::Push::Reason_MIN; reason <= v1::Push::Reason_MAX; ++reason) {
    words.insert(ReasonInWords(static_cast<v1::Push::Reason>(reason)));
  }
  EXPECT_EQ(words.size(), static_cast<size_t>(v1::Push::Reason_MAX) + 1);
}

}  // namespace
}  // namespace parley::client
