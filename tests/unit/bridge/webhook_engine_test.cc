// Outgoing webhooks on real small stores, with time, the broker and the receivers in the test's hand.

#include "bridge/webhooks/webhook_engine.h"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "bridge/webhooks/hook_request.h"
#include "tests/unit/bridge/feed_world.h"

namespace parley::bridge {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

constexpr const char* kSecret = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=";

// What has been sent and not answered.
class Receiver {
 public:
  struct Request {
    HttpRequest request;
    HttpClient::Done done;
    json body() const { return json::parse(request.body); }
    std::string what() const {
      const json event = body().at("event");
      return event.at("room").get<std::string>() + "/" + event.at("seq").get<std::string>();
    }
    std::string header(const std::string& name) const {
      for (const auto& [each, value] : request.headers) {
        if (each == name) return value;
      }
      return {};
    }
  };

  std::vector<std::string> open() const {
    std::vector<std::string> open;
    for (const Request& request : requests) open.push_back(request.what());
    return open;
  }
  void Answer(size_t place, HttpAnswer answer) {
    const Request request = std::move(requests.at(place));
    requests.erase(requests.begin() + static_cast<std::ptrdiff_t>(place));
    request.done(std::move(answer));
  }
  void Answer(size_t place, int status, std::map<std::string, std::string> headers = {}) {
    HttpAnswer answer;
    answer.kind = HttpAnswer::Kind::kAnswered;
    answer.status = status;
    answer.headers = std::move(headers);
    Answer(place, std::move(answer));
  }
  // All that is open, and what comes then, is taken. What it was, in order.
  void TakeAll() {
    while (!requests.empty()) {
      taken.push_back(requests.front().what());
      Answer(0, 200);
    }
  }

  std::vector<Request> requests;
  std::vector<std::string> taken;
};

class FakeClient final : public HttpClient {
 public:
  explicit FakeClient(Receiver& receiver) : receiver_(receiver) {}
  void Send(HttpRequest request, Done done) override {
    receiver_.requests.push_back({std::move(request), std::move(done)});
  }

 private:
  Receiver& receiver_;
};

class WebhookEngineTest : public ::testing::Test {
 protected:
  WebhookEngineTest() {
    for (const char* user : {"alice", "bob"}) world_.tiny.CreateUser(user);
    for (const char* room : {"one", "two"}) world_.tiny.CreateRoom(room, {{"alice", v1::Member::OWNER}});
    Start();
  }

  // A new process: what the old one had in memory is gone.
  void Start() {
    receiver_.requests.clear();
    clients_started_ = 0;
    engine_ = std::make_unique<WebhookEngine>(
        WebhookEngine::Parts{.reader = *world_.reader,
                             .local = *world_.local,
                             .policy = AddressPolicy::Allowing({"127.0.0.0/8"}).value(),
                             .patience = {.attempts_max = 3, .patience_ms = 60'000},
                             .user_agent = "parley-bridge/test",
                             .start_client = [this]() -> Result<std::unique_ptr<HttpClient>> {
                               ++clients_started_;
                               return std::unique_ptr<HttpClient>(std::make_unique<FakeClient>(receiver_));
                             },
                             .log = [this](const std::string& line) { world_.said.push_back(line); },
                             .clock = [this] { return world_.now; },
                             .random = [] { return uint64_t{0}; },
                             .wake = [] {}});
    ASSERT_TRUE(engine_->Load());
    HearAll();
  }

  domain::Command Create(const std::string& webhook, const std::string& room = {},
                         const std::vector<std::string>& events = {}) const {
    domain::Command command;
    domain::WebhookRecord& record = *command.mutable_create_webhook()->mutable_webhook();
    record.set_webhook(webhook);
    record.set_url("http://127.0.0.1:1/" + webhook);
    record.set_room(room);
    for (const std::string& kind : events) record.add_events(kind);
    record.set_secret(kSecret);
    return command;
  }
  void CreateHook(const std::string& webhook, const std::string& room = {},
                  const std::vector<std::string>& events = {}) {
    world_.tiny.Apply(Create(webhook, room, events));
    Settle();
  }

  void HearAll() { engine_->Heard(world_.tiny.applied()); }
  // Steps until nothing is left to do, but for answers and longer pauses.
  void Settle() {
    HearAll();
    world_.now.steady_ms += 1'000;  // new webhooks are looked for
    for (int i = 0; i < 1'000; ++i) {
      const int64_t again_ms = engine_->Step();
      if (again_ms - world_.now.steady_ms >= 100) return;
      world_.now.steady_ms = std::max(world_.now.steady_ms, again_ms);
    }
    FAIL() << "it does not come to rest";
  }
  // Until everything has been taken.
  void SettleTaking() {
    Settle();
    while (!receiver_.requests.empty()) {
      receiver_.TakeAll();
      Settle();
    }
  }
  void Pass(int64_t ms) {
    world_.now.steady_ms += ms;
    world_.now.wall_ms += ms;
    Settle();
  }
  HookStatus Status(const std::string& webhook) {
    for (HookStatus& status : engine_->statuses()) {
      if (status.webhook == webhook) return std::move(status);
    }
    ADD_FAILURE() << "no webhook " << webhook;
    return {};
  }
  // As an administrator's query does.
  template <typename Do>
  auto With(const std::string& webhook, Do what) {
    const auto view = world_.tiny.View();
    const std::vector<domain::WebhookRecord> records = view->Webhooks(100).value();
    for (const domain::WebhookRecord& record : records) {
      if (record.webhook() == webhook) return what(WebhookEngine::Found{record, view->Id().value()});
    }
    throw std::runtime_error("no webhook " + webhook);
  }

  parley::testing::FeedWorld world_;
  Receiver receiver_;
  int clients_started_ = 0;
  std::unique_ptr<WebhookEngine> engine_;
};

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

TEST_F(WebhookEngineTest, WhatCannotBeKeptStopsItAndIsSaid) {
  // A damaged row is refused at the start.
  store::LocalBatch batch;
  batch.Put(HookKey("h"), "?");
  ASSERT_TRUE(world_.local->Write(batch, store::LocalStore::Durability::kProcess));
  EXPECT_THAT(engine_->Load().error().reason, HasSubstr("the position of webhook h is damaged"));
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
