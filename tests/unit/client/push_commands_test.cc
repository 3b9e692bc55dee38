#include "client/cli/push_commands.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "parley/v1/request.pb.h"
#include "schemas/json.h"

namespace parley::client {
namespace {

using testing::ElementsAre;
using Words = std::vector<std::string>;

constexpr uint64_t kNowMs = 1'790'000'000'000;
constexpr const char* kSubscription =
    R"({"endpoint":"https://push.example/x","expirationTime":null,"keys":{"p256dh":"BP","auth":"AA"},"more":1})";

Result<RequestCall> Call(const Words& words, const std::string& file = kSubscription,
                         bool has_client_id = false) {
  const Result<RequestOptions> options = ParseRequestOptions(words, PushRequests().fields);
  if (!options) return options.error();
  const auto read = [&](const std::string& path) -> Result<std::string> {
    if (path == "missing") return Error{Code::NOT_FOUND, "missing"};
    return file;
  };
  return PushCallOf(*options, {read, kNowMs, has_client_id});
}

struct Case {
  Words words;
  std::string method;
  std::string request;
};

TEST(PushCommands, EverySubcommandHasItsRequest) {
  const std::vector<Case> cases = {
      {{"register", "--device", "phone", "--web-push", "s.json", "--name", "Al's", "--level", "mentions",
        "--preview", "hidden", "--quiet", "22:00-07:00", "--time-zone", "Europe/Berlin"},
       "push.register",
       R"({"device":"phone","name":"Al's","level":"MENTIONS","preview":"HIDDEN",)"
       R"("web_push":{"endpoint":"https://push.example/x","keys":{"p256dh":"BP","auth":"AA"}},)"
       R"("quiet_hours":{"from":"22:00","to":"07:00","time_zone":"Europe/Berlin"}})"},
      {{"register", "--device", "d", "--fcm", "token"},
       "push.register",
       R"({"device":"d","fcm":{"token":"token"}})"},
      {{"register", "--device", "d", "--apns", "a0b1", "--apns-topic", "org.example.chat"},
       "push.register",
       R"({"device":"d","apns":{"token":"a0b1","topic":"org.example.chat"}})"},
      {{"register", "--device", "d", "--webhook", "https://example.org/in"},
       "push.register",
       R"({"device":"d","webhook":{"url":"https://example.org/in"}})"},
      {{"list"}, "push.list", "{}"},
      {{"mute"}, "push.mute", R"({"until_ms":"18446744073709551615"})"},
      {{"mute", "--room", "lobby", "--device", "d", "--for", "2h"},
       "push.mute",
       R"({"device":"d","room":"lobby","until_ms":"1790007200000"})"},
      {{"mute", "--until", "2026-11-25T08:30:15Z"}, "push.mute", R"({"until_ms":"1795595415000"})"},
      {{"unmute", "--room", "lobby"}, "push.mute", R"({"room":"lobby","until_ms":"0"})"},
      {{"level", "none", "--room", "lobby"}, "push.mute", R"({"level":"NONE","room":"lobby"})"},
      {{"level", "default", "--room", "lobby"}, "push.mute", R"({"level":"DEFAULT","room":"lobby"})"},
      {{"preview", "hidden", "--device", "d"}, "push.mute", R"({"preview":"HIDDEN","device":"d"})"},
      {{"unregister", "--device", "d"}, "push.unregister", R"({"device":"d"})"},
      {{"test"}, "push.test", "{}"},
      {{"test", "--device", "d"}, "push.test", R"({"device":"d"})"},
  };
  for (const Case& c : cases) {
    const Result<RequestCall> call = Call(c.words);
    ASSERT_TRUE(call) << call.error().reason;
    EXPECT_EQ(call->method, c.method);
    // In whatever order.
    EXPECT_EQ(nlohmann::json::parse(call->request), nlohmann::json::parse(c.request)) << call->request;
    EXPECT_EQ(call->repeat, c.method == "push.list" ? Repeat::kYes : Repeat::kNo);
  }
}

TEST(PushCommands, TheServerCanReadEachRequest) {
  v1::PushRegisterRequest request;
  for (const Words& words :
       {Words{"register", "--device", "p", "--web-push", "-", "--quiet", "22:00-07:00", "--time-zone", "UTC"},
        Words{"register", "--device", "p", "--apns", "a0", "--level", "none"}}) {
    const Status read = FromJson(Call(words)->request, request);
    EXPECT_TRUE(read) << read.error().reason;
  }
  v1::PushMuteRequest mute;
  EXPECT_TRUE(FromJson(Call({"mute"})->request, mute));
  EXPECT_EQ(mute.until_ms(), UINT64_MAX);
}

TEST(PushCommands, AnExpirationOfTheBrowserIsKept) {
  const std::string file =
      R"({"endpoint":"https://e/","expirationTime":1795595415000,"keys":{"p256dh":"BP","auth":"AA"}})";
  EXPECT_EQ(Call({"register", "--device", "p", "--web-push", "-"}, file)->request,
            R"({"device":"p","web_push":{"endpoint":"https://e/","keys":{"p256dh":"BP","auth":"AA"},)"
            R"("expiration_time":1795595415000}})");
}

TEST(PushCommands, AFixedClientIdNamesTheDevice) {
  EXPECT_FALSE(Call({"register", "--fcm", "t"}));
  EXPECT_FALSE(Call({"unregister"}));
  EXPECT_EQ(Call({"register", "--fcm", "t"}, "", true)->request, R"({"fcm":{"token":"t"}})");
}

TEST(PushCommands, WhatMakesNoSenseIsRefused) {
  for (const Words& words : {
           Words{},
           Words{"frob"},
           Words{"register", "--device", "d"},
           Words{"register", "--device", "d", "--fcm", "t", "--webhook", "https://e/"},
           Words{"register", "--device", "d", "--fcm", "t", "--apns-topic", "x"},
           Words{"register", "--device", "d", "--web-push", "missing"},
           Words{"register", "--device", "d", "--fcm", "t", "--quiet", "22:00-07:00"},
           Words{"register", "--device", "d", "--fcm", "t", "--time-zone", "UTC"},
           Words{"register", "--device", "d", "--fcm", "t", "--quiet", "22:00", "--time-zone", "UTC"},
           Words{"register", "--device", "d", "--fcm", "t", "--level", "some"},
           Words{"register", "--device", "d", "--fcm", "t", "--level", "default"},
           Words{"register", "--device", "d", "--fcm", "t", "--preview", "inherit"},
           Words{"mute", "--for", "2h", "--until", "2100-01-01"},
           Words{"mute", "--for", "long"},
           Words{"mute", "--until", "1970-01-02"},
           Words{"unmute", "--for", "2h"},
           Words{"level"},
           Words{"level", "loud"},
           Words{"preview", "loud"},
           Words{"test", "--room", "lobby"},
       }) {
    EXPECT_FALSE(Call(words)) << testing::PrintToString(words);
  }
  for (const char* file : {"", "[]", "{}", R"({"endpoint":"https://e/"})", R"({"endpoint":1,"keys":{}})",
                           R"({"endpoint":"https://e/","keys":{"p256dh":"BP"}})"}) {
    EXPECT_FALSE(Call({"register", "--device", "d", "--web-push", "-"}, file)) << file;
  }
}

TEST(PushCommands, RepliesAreReadable) {
  EXPECT_THAT(
      ReadPushReply(*Call({"test"}), R"({"requestId":"r","code":"OK","reason":"","devices":2})", false),
      ElementsAre("a test is on its way to 2 devices"));
  EXPECT_THAT(ReadPushReply(*Call({"mute"}), R"({"requestId":"r","code":"OK","reason":""})", false),
              ElementsAre("push.mute: ok"));
  const std::string list = R"({"requestId":"r","code":"OK","reason":"","devices":[],"vapidPublicKey":"BK",)"
                           R"("providers":["WEB_PUSH"]})";
  EXPECT_THAT(ReadPushReply(*Call({"list"}), list, false),
              ElementsAre("no device is registered", "this server reaches: web_push",
                          "key for browsers (applicationServerKey): BK"));
  EXPECT_THAT(ReadPushReply(*Call({"list"}), list, true),
              ElementsAre(R"({"devices":[],"vapidPublicKey":"BK","providers":["WEB_PUSH"]})"));
  EXPECT_EQ(ReadPushReply(*Call({"list"}), "nonsense", false).size(), 1u);
}

}  // namespace
}  // namespace parley::client
