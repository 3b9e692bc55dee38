// What a webhook is told of, and in which order.

#include "bridge/webhooks/webhook_engine.h"

#include "bridge/service/limits.h"
#include "bridge/webhooks/hook_request.h"
#include "tests/unit/bridge/webhook_world.h"

namespace parley::bridge {
namespace {

TEST_F(WebhookEngineTest, WithoutWebhooksNothingIsStartedOrKept) {
  world_.tiny.Say("one", "alice");
  Settle();
  EXPECT_THAT(engine_->statuses(), IsEmpty());
  EXPECT_EQ(clients_started_, 0);
  EXPECT_THAT(world_.local->Scan(HookPrefix(), {}, 10).value(), IsEmpty());
}

TEST_F(WebhookEngineTest, WhatComesAfterItsCreationIsPostedSigned) {
  world_.tiny.Say("one", "alice", "before");
  CreateHook("h");
  EXPECT_THAT(receiver_.requests, IsEmpty());
  world_.tiny.Say("one", "alice", "after");
  Settle();
  ASSERT_THAT(receiver_.requests, SizeIs(1));
  const Receiver::Request& request = receiver_.requests.front();
  EXPECT_EQ(request.request.url, "http://127.0.0.1:1/h");
  EXPECT_EQ(request.body().at("type"), "event");
  EXPECT_EQ(request.body().at("webhook"), "h");
  EXPECT_EQ(request.body().at("event").at("text").at("text"), "after");
  EXPECT_EQ(request.header("content-type"), "application/json");
  EXPECT_EQ(request.header("user-agent"), "parley-bridge/test");
  const std::string rid = std::to_string(world_.tiny.View()->Room("one").value()->rid());
  EXPECT_EQ(request.header("webhook-id"), rid + "-3");
  EXPECT_EQ(request.header("webhook-timestamp"), std::to_string(world_.now.wall_ms / 1'000));
  EXPECT_THAT(request.header("webhook-signature"), HasSubstr("v1,"));
  receiver_.TakeAll();
  Settle();
  const HookStatus status = Status("h");
  EXPECT_EQ(status.state.delivered, 1U);
  EXPECT_EQ(status.state.last_status, 200U);
  EXPECT_EQ(status.lag_entries, 0U);
}

TEST_F(WebhookEngineTest, NothingLeavesBeforeItIsOnDisk) {
  CreateHook("h");
  world_.tiny.Say("one", "alice");
  const LogIndex first = world_.tiny.applied();
  world_.tiny.Say("one", "alice");  // in the view, and not on disk
  engine_->Heard(first);
  for (int i = 0; i < 10; ++i, world_.now.steady_ms += 1'000) engine_->Step();
  EXPECT_THAT(receiver_.requests, IsEmpty()) << "it was read from a view that may be taken back";
  Settle();
  EXPECT_THAT(receiver_.open(), ElementsAre("one/2"));
}

TEST_F(WebhookEngineTest, ALostConnectionTakesBackWhatWasRead) {
  CreateHook("h");
  world_.tiny.Say("one", "alice");
  const LogIndex first = world_.tiny.applied();
  world_.tiny.Say("one", "alice");
  engine_->Heard(first);
  for (int i = 0; i < 10; ++i, world_.now.steady_ms += 1'000) engine_->Step();
  engine_->Lost();
  engine_->Step();
  EXPECT_THAT(receiver_.requests, IsEmpty());
  SettleTaking();
  EXPECT_THAT(receiver_.taken, ElementsAre("one/2", "one/3"));
}

TEST_F(WebhookEngineTest, InOrderPerRoomAndRoomsSideBySide) {
  CreateHook("h");
  for (int i = 0; i < 3; ++i) {
    world_.tiny.Say("one", "alice");
    world_.tiny.Say("two", "alice");
  }
  Settle();
  EXPECT_THAT(receiver_.open(), UnorderedElementsAre("one/2", "two/2"));
  // One is slow, the other goes on.
  const size_t two = receiver_.open()[0] == "two/2" ? 0 : 1;
  receiver_.Answer(two, 204);
  Settle();
  EXPECT_THAT(receiver_.open(), UnorderedElementsAre("one/2", "two/3"));
  SettleTaking();
  EXPECT_EQ(Status("h").state.delivered, 6U);
}

TEST_F(WebhookEngineTest, ARestartRepeatsOnlyWhatWasInFlight) {
  CreateHook("h");
  for (int i = 0; i < 3; ++i) {
    world_.tiny.Say("one", "alice");
    world_.tiny.Say("two", "alice");
  }
  Settle();
  const size_t two = receiver_.open()[0] == "two/2" ? 0 : 1;
  receiver_.Answer(two, 200);
  Settle();
  Start();
  Settle();
  EXPECT_THAT(receiver_.open(), UnorderedElementsAre("one/2", "two/3"));
  EXPECT_EQ(Status("h").state.delivered, 1U) << "counts are kept";
}

TEST_F(WebhookEngineTest, OnlyItsRoomAndItsKinds) {
  CreateHook("texts", "two", {"text"});
  CreateHook("members", {}, {"membership"});
  world_.tiny.Say("one", "alice");
  world_.tiny.Say("two", "alice");
  world_.tiny.Add("two", "bob");
  world_.tiny.Add("one", "bob");
  Settle();
  std::vector<std::string> got;
  while (!receiver_.requests.empty()) {
    got.push_back(receiver_.requests.front().body().at("webhook").get<std::string>() + " " +
                  receiver_.requests.front().what());
    receiver_.Answer(0, 200);
    Settle();
  }
  EXPECT_THAT(got, UnorderedElementsAre("texts two/2", "members two/3", "members one/3"));
  EXPECT_EQ(Status("texts").lag_entries, 0U);
}

// Moving the view costs what was written since; while much is written, nothing else would be done.
TEST_F(WebhookEngineTest, WhatTheViewShowsIsReadBeforeItIsMoved) {
  CreateHook("all");
  const size_t events = 3 * limits::kFeedEntriesPerRead;
  for (size_t i = 0; i < events; ++i) world_.tiny.Say("one", "alice");
  Settle();
  const LogIndex shown = world_.tiny.applied();
  asked_.asked.clear();
  Start();  // reads all of it again, and more is written all the time
  for (int i = 0; i < 3; ++i) {
    world_.tiny.Say("two", "alice");
    HearAll();
    engine_->Step();
  }
  ASSERT_THAT(asked_.asked, SizeIs(3));
  EXPECT_LE(asked_.asked[1], shown);
  EXPECT_LE(asked_.asked[2], shown);
  Settle();
  EXPECT_EQ(Status("all").waiting, events + 3);
}

TEST_F(WebhookEngineTest, DisabledItWaitsAndDeletedItIsForgotten) {
  CreateHook("h");
  domain::Command disable;
  disable.mutable_update_webhook()->set_webhook("h");
  disable.mutable_update_webhook()->set_disabled(true);
  world_.tiny.Apply(disable);
  Settle();
  world_.tiny.Say("one", "alice");
  Settle();
  Settle();
  EXPECT_THAT(receiver_.requests, IsEmpty());
  disable.mutable_update_webhook()->set_disabled(false);
  world_.tiny.Apply(disable);
  SettleTaking();
  EXPECT_THAT(receiver_.taken, ElementsAre("one/2"));
  ASSERT_THAT(world_.local->Scan(HookPrefix(), {}, 10).value(), SizeIs(1));
  domain::Command remove;
  remove.mutable_delete_webhook()->set_webhook("h");
  world_.tiny.Apply(remove);
  Settle();
  EXPECT_THAT(engine_->statuses(), IsEmpty());
  EXPECT_THAT(world_.local->Scan(HookPrefix(), {}, 10).value(), IsEmpty());
  // A new one of the same name begins anew.
  world_.tiny.Say("one", "alice", "between");
  CreateHook("h");
  EXPECT_THAT(receiver_.requests, IsEmpty());
}

TEST_F(WebhookEngineTest, EventsOfADeletedRoomAreSkipped) {
  CreateHook("h");
  world_.tiny.Say("one", "alice");
  world_.tiny.Say("two", "alice");
  Settle();
  receiver_.Answer(0, 500);
  receiver_.Answer(0, 500);
  world_.tiny.DeleteRoom("one");
  Settle();
  Pass(5'000);
  SettleTaking();
  EXPECT_THAT(receiver_.taken, ::testing::Contains("two/2"));
  EXPECT_EQ(Status("h").lag_entries, 0U);
}

TEST_F(WebhookEngineTest, AnotherStoreBeginsAnew) {
  CreateHook("h");
  for (int i = 0; i < 5; ++i) world_.tiny.Say("one", "alice");
  SettleTaking();
  receiver_.taken.clear();
  parley::testing::TinyStore other;
  other.CreateUser("alice");
  other.CreateRoom("one", {{"alice", v1::Member::OWNER}});
  other.Apply(Create("h"));
  other.Say("one", "alice", "of the other");
  world_.reader->Read(other);
  engine_->Lost();
  engine_->Heard(other.applied());
  world_.now.steady_ms += 1'000;
  for (int i = 0; i < 20; ++i) world_.now.steady_ms = std::max(world_.now.steady_ms, engine_->Step());
  EXPECT_THAT(receiver_.open(), ElementsAre("one/2"));
}

TEST_F(WebhookEngineTest, ATestIsOneRequestAndItsOutcome) {
  CreateHook("h");
  std::optional<Result<HttpAnswer>> answer;
  With("h", [&](const auto& found) {
    engine_->Test(found.record, [&](Result<HttpAnswer> came) { answer = std::move(came); });
    return 0;
  });
  ASSERT_THAT(receiver_.requests, SizeIs(1));
  EXPECT_EQ(receiver_.requests.front().request.body, R"({"type":"test","webhook":"h"})");
  EXPECT_THAT(receiver_.requests.front().header("webhook-id"), HasSubstr("test-"));
  receiver_.Answer(0, 418);
  ASSERT_TRUE(answer && answer->has_value());
  EXPECT_EQ((*answer)->status, 418);
  EXPECT_EQ(Status("h").state.failed_attempts, 0U) << "no event was tried";
}

}  // namespace
}  // namespace parley::bridge
