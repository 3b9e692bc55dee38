#pragma once

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "bridge/service/limits.h"
#include "bridge/webhooks/hook_request.h"
#include "bridge/webhooks/webhook_engine.h"
#include "tests/unit/bridge/feed_world.h"

namespace parley::bridge {

using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

inline constexpr const char* kSecret = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=";

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

// Notes how new a view was asked for.
class AskedReader final : public store::StoreReader {
 public:
  explicit AskedReader(store::StoreReader& reader) : reader_(reader) {}
  Result<std::unique_ptr<store::StoreView>> View(LogIndex at_least) override {
    asked.push_back(at_least);
    return reader_.View(at_least);
  }

  std::vector<LogIndex> asked;

 private:
  store::StoreReader& reader_;
};

// Outgoing webhooks on real small stores, with time, the broker and the receivers in the test's hand.
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
        WebhookEngine::Parts{.reader = asked_,
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
  AskedReader asked_{*world_.reader};
  Receiver receiver_;
  int clients_started_ = 0;
  std::unique_ptr<WebhookEngine> engine_;
};

}  // namespace parley::bridge
