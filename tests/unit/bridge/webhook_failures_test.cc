// Webhooks that fail, and that are paused.

#include "bridge/service/limits.h"
#include "bridge/webhooks/hook_request.h"
#include "bridge/webhooks/webhook_engine.h"
#include "tests/unit/bridge/webhook_world.h"

namespace parley::bridge {
namespace {

TEST_F(WebhookEngineTest, AFailureIsTriedAgainAndTheOtherRoomGoesOn) {
  CreateHook("h");
  world_.tiny.Say("one", "alice");
  Settle();
  receiver_.Answer(0, 503, {{"retry-after", "7"}});
  Settle();
  EXPECT_THAT(Status("h").state.last_error, HasSubstr("the receiver answered 503"));
  EXPECT_EQ(Status("h").rooms_failing, 1U);
  world_.tiny.Say("two", "alice");
  Pass(5'000);
  EXPECT_THAT(receiver_.open(), ElementsAre("two/2")) << "7 s have not passed";
  receiver_.TakeAll();
  Pass(1'000);
  ASSERT_THAT(receiver_.open(), ElementsAre("one/2"));
  receiver_.TakeAll();
  Settle();
  const HookStatus status = Status("h");
  EXPECT_EQ(status.state.last_error, "");
  EXPECT_EQ(status.state.failed_attempts, 1U);
  EXPECT_EQ(status.state.delivered, 2U);
}

TEST_F(WebhookEngineTest, EveryKindOfFailureSaysWhy) {
  CreateHook("h");
  world_.tiny.Say("one", "alice");
  Settle();
  receiver_.Answer(0, 302, {{"location", "http://127.0.0.1/"}});
  Settle();
  EXPECT_THAT(Status("h").state.last_error, HasSubstr("answered 302: redirects are not followed"));
  Pass(3'000);
  ASSERT_THAT(receiver_.requests, SizeIs(1));
  HttpAnswer forbidden;
  forbidden.kind = HttpAnswer::Kind::kForbidden;
  forbidden.error = "10.0.0.1 is a private address";
  receiver_.Answer(0, std::move(forbidden));
  Settle();
  EXPECT_THAT(Status("h").state.last_error, HasSubstr("10.0.0.1 is a private address"));
  EXPECT_EQ(Status("h").state.last_status, 0U);
}

TEST_F(WebhookEngineTest, ItIsPausedWhenItFailsTooOftenAndGoesOnWhereItStopped) {
  CreateHook("h");
  world_.tiny.Say("one", "alice");
  Settle();
  for (int attempt = 0; attempt < 10 && !Status("h").state.paused; ++attempt) {
    ASSERT_THAT(receiver_.requests, SizeIs(1));
    receiver_.Answer(0, 500);
    Settle();
    if (!Status("h").state.paused) Pass(30'000);
  }
  EXPECT_TRUE(Status("h").state.paused);
  EXPECT_THAT(Status("h").state.why, HasSubstr("it failed too often"));
  EXPECT_THAT(world_.said.back(), HasSubstr("h: paused: it failed too often"));
  world_.tiny.Say("one", "alice");
  Pass(1'000'000);
  EXPECT_THAT(receiver_.requests, IsEmpty());
  Start();
  Settle();
  EXPECT_THAT(receiver_.requests, IsEmpty()) << "a restart changes nothing";
  EXPECT_TRUE(Status("h").state.paused);
  ASSERT_TRUE(With("h", [&](const auto& found) { return engine_->Resume(found); }));
  EXPECT_FALSE(With("h", [&](const auto& found) { return engine_->Resume(found); }));
  SettleTaking();
  EXPECT_THAT(receiver_.taken, ElementsAre("one/2", "one/3"));
}

TEST_F(WebhookEngineTest, GonePausesAtOnce) {
  CreateHook("h");
  world_.tiny.Say("one", "alice");
  Settle();
  receiver_.Answer(0, 410);
  Settle();
  EXPECT_TRUE(Status("h").state.paused);
  EXPECT_THAT(Status("h").state.why, HasSubstr("410"));
}

TEST_F(WebhookEngineTest, AnAdministratorPausesAndWhatWasInFlightCounts) {
  CreateHook("h");
  world_.tiny.Say("one", "alice");
  world_.tiny.Say("one", "alice");
  Settle();
  ASSERT_TRUE(With("h", [&](const auto& found) { return engine_->Pause(found); }));
  const auto again = With("h", [&](const auto& found) { return engine_->Pause(found); });
  EXPECT_EQ(again.error().code, Code::FAILED_PRECONDITION);
  receiver_.TakeAll();
  Settle();
  EXPECT_THAT(receiver_.requests, IsEmpty());
  EXPECT_EQ(Status("h").state.delivered, 1U);
  ASSERT_TRUE(With("h", [&](const auto& found) { return engine_->Resume(found); }));
  SettleTaking();
  EXPECT_THAT(receiver_.taken, ElementsAre("one/2", "one/3"));
}

TEST_F(WebhookEngineTest, AnAddressThatMayNotBeCalledPausesWithTheReason) {
  domain::Command command = Create("h");
  command.mutable_create_webhook()->mutable_webhook()->set_url("http://192.168.1.1/");
  world_.tiny.Apply(command);
  Settle();
  world_.tiny.Say("one", "alice");
  Settle();
  EXPECT_THAT(receiver_.requests, IsEmpty());
  EXPECT_TRUE(Status("h").state.paused);
  EXPECT_THAT(Status("h").state.why, HasSubstr("192.168.1.1"));
}

TEST_F(WebhookEngineTest, WhatCannotBeKeptStopsItAndIsSaid) {
  // A damaged row is refused at the start.
  store::LocalBatch batch;
  batch.Put(HookKey("h"), "?");
  ASSERT_TRUE(world_.local->Write(batch, store::LocalStore::Durability::kProcess));
  EXPECT_THAT(engine_->Load().error().reason, HasSubstr("the position of webhook h is damaged"));
}

TEST(HookRequest, RetryAfterIsSecondsOrADate) {
  const auto after = [](const std::string& value) {
    HttpAnswer answer;
    answer.kind = HttpAnswer::Kind::kAnswered;
    answer.status = 429;
    answer.headers["retry-after"] = value;
    return JudgeAnswer(answer, 784'111'777'000 - 30'000).retry_after_ms;  // wall clock: before the date below
  };
  EXPECT_EQ(after("120"), 120'000);
  EXPECT_EQ(after("99999999999999999999999"), limits::kWebhookRetryAfterMsMax);
  EXPECT_EQ(after("Sun, 06 Nov 1994 08:49:37 GMT"), 30'000);
  EXPECT_EQ(after("Sun, 06 Nov 1994 08:00:00 GMT"), 0);
  EXPECT_EQ(after("-5"), std::nullopt);
  EXPECT_EQ(after("soon"), std::nullopt);
  EXPECT_EQ(after(""), std::nullopt);
}

}  // namespace
}  // namespace parley::bridge
