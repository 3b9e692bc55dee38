#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "bridge/push/explain.h"
#include "bridge/push/push_consumer.h"
#include "bridge/push/sender.h"
#include "bridge/push/timeline.h"
#include "tests/unit/bridge/feed_world.h"

namespace parley::testing {

// Everybody is gone, but for those who are said to be elsewhere.
class ScriptedConnectedness final : public bridge::Connectedness {
 public:
  bridge::Whereabouts Of(const std::string& user) const override {
    const auto found = users.find(user);
    return found == users.end() ? bridge::Whereabouts{.at = bridge::Whereabouts::At::kGone} : found->second;
  }
  std::vector<bridge::LostUser> LostAfter(uint64_t number) const override {
    std::vector<bridge::LostUser> newer = lost;
    std::erase_if(newer, [number](const bridge::LostUser& one) { return one.number <= number; });
    return newer;
  }
  uint64_t newest_lost() const override { return lost.empty() ? 0 : lost.back().number; }
  std::map<std::string, bridge::Whereabouts> users;
  std::vector<bridge::LostUser> lost;
};

// A provider whose answers are verdicts already: the status is the kind.
class ScriptedProvider final : public bridge::PushProvider {
 public:
  v1::Push::Provider kind() const override { return v1::Push::WEBHOOK; }
  bool can_withdraw() const override { return true; }
  std::optional<bridge::HttpRequest> SignIn(int64_t) override {
    if (!sign_in) return std::nullopt;
    sign_in = false;
    return bridge::HttpRequest{"sign in", {}, {}};
  }
  bridge::PushVerdict TakeSignIn(const bridge::HttpAnswer& answer, int64_t) override {
    return VerdictOf(answer);
  }
  Result<bridge::HttpRequest> Build(const bridge::PushNotification& notification,
                                    const bridge::PushTargetDevice& device, int64_t) override {
    built.push_back(notification);
    return bridge::HttpRequest{device.device(), {}, notification.id};
  }
  bridge::PushVerdict Judge(const bridge::HttpAnswer& answer, int64_t) override { return VerdictOf(answer); }

  static bridge::HttpAnswer AnswerOf(bridge::PushVerdict::Kind kind) {
    return {.kind = bridge::HttpAnswer::Kind::kAnswered, .status = static_cast<int>(kind)};
  }

  bool sign_in = false;  // is needed
  std::vector<bridge::PushNotification> built;

 private:
  static bridge::PushVerdict VerdictOf(const bridge::HttpAnswer& answer) {
    return {.kind = static_cast<bridge::PushVerdict::Kind>(answer.status)};
  }
};

// Push on real small stores, without a thread: the feed, one sender, and a network that answers when told.
class PushWorld : public FeedWorld {
 public:
  PushWorld() {
    table_[v1::Push::WEBHOOK] = {.configured = true, .can_withdraw = true};
    StartPush();
  }

  // A new process: what the old one had in memory is gone, its requests get no answer.
  void StartPush() {
    sender.reset();
    runner.reset();
    under_way.clear();
    outbox = std::make_unique<bridge::PushOutbox>(*local);
    consumer = std::make_unique<bridge::PushConsumer>(
        bridge::PushConsumer::Parts{*outbox, connectedness, table_, counters, in_use_, [] {}});
    Start(*consumer);
    sender = std::make_unique<bridge::PushSender>(
        bridge::PushSenderParts{.reader = *reader,
                                .outbox = *outbox,
                                .connectedness = connectedness,
                                .provider = provider,
                                .send =
                                    [this](bridge::HttpRequest request, bridge::HttpClient::Done done) {
                                      if (goes_out_at_once) GoOut(request);
                                      under_way.push_back({std::move(request), std::move(done)});
                                    },
                                .wait_committed = [this](LogIndex) { return committed; },
                                .remove =
                                    [this](const bridge::DeadRegistration& dead) {
                                      removed.push_back(dead.user + "/" + dead.device);
                                    },
                                .log = [this](const std::string& line) { said.push_back(line); },
                                .clock = [this] { return now; },
                                .random = [] { return uint64_t{0}; },
                                .boot = boot,
                                .wake = [] {},
                                .counters = counters,
                                .own_counters = sender_counters});
  }

  LogIndex Register(const std::string& user, const std::string& device,
                    const std::function<void(bridge::PushDeviceRecord&)>& more = {}) {
    domain::Command command;
    command.mutable_origin()->set_user(user);
    command.mutable_origin()->set_client(device);
    bridge::PushDeviceRecord& record = *command.mutable_register_push()->mutable_device();
    record.set_device(device);
    record.mutable_webhook()->set_url("https://push.example.org/" + device);
    if (more) more(record);
    return tiny.Apply(std::move(command));
  }
  void Unregister(const std::string& user, const std::string& device) {
    domain::Command command;
    command.mutable_origin()->set_user(user);
    command.mutable_unregister_push()->set_device(device);
    tiny.Apply(std::move(command));
  }
  LogIndex Delete(const std::string& room, const std::string& sender_name, uint64_t seq) {
    domain::Command command;
    command.mutable_origin()->set_user(sender_name);
    command.mutable_origin()->set_client(sender_name + "-1");
    command.mutable_send()->set_room(room);
    command.mutable_send()->mutable_draft()->mutable_delete_()->set_target_seq(seq);
    return tiny.Apply(std::move(command));
  }

  // What people have done is on disk, and the feed and the sender have seen it.
  void Follow() {
    HearAll();
    Settle();
    Pass(0);
  }
  // Time goes by, and the sender looks.
  void Pass(int64_t ms) {
    now.steady_ms += ms;
    now.wall_ms += ms;
    for (int i = 0; i < 100 && sender->Step() <= now.steady_ms; ++i) {
    }
  }
  // The first byte of a request goes out, if it has not yet.
  static void GoOut(bridge::HttpRequest& request) {
    const std::function<bool()> on_start = std::exchange(request.on_start, {});
    EXPECT_TRUE(!on_start || on_start());
  }
  // The network answers all that is under way.
  void Answer(bridge::PushVerdict::Kind kind) {
    for (auto& [request, done] : std::exchange(under_way, {})) {
      GoOut(request);
      done(ScriptedProvider::AnswerOf(kind));
    }
    Pass(0);
  }
  // The texts under way, in order.
  std::vector<std::string> Devices() const {
    std::vector<std::string> devices;
    for (const auto& [request, done] : under_way) devices.push_back(request.url);
    return devices;
  }

  // "STATE/REASON" of a device's row of the ledger, by what message.explain says; "" when there is none.
  std::string Fate(const std::string& room, uint64_t seq, const std::string& device) {
    const auto reply = bridge::ExplainMessage(room, Seq{seq}, *tiny.View(), {*outbox, timeline});
    if (!reply) return reply.error().reason;
    for (const v1::PushExplanation& each : reply->devices()) {
      if (each.device() != device) continue;
      return v1::Push::State_Name(each.state()) + "/" + v1::Push::Reason_Name(each.reason());
    }
    return "";
  }

  ScriptedConnectedness connectedness;
  ScriptedProvider provider;
  bridge::PushCounters counters;
  bridge::PushSenderCounters sender_counters;
  bridge::Timeline timeline;
  std::unique_ptr<bridge::PushOutbox> outbox;
  std::unique_ptr<bridge::PushConsumer> consumer;
  std::unique_ptr<bridge::PushSender> sender;
  std::vector<std::pair<bridge::HttpRequest, bridge::HttpClient::Done>> under_way;
  std::vector<std::string> removed;
  bool committed = true;
  bool goes_out_at_once = true;   // else requests wait for a connection until GoOut()
  std::string boot = "this one";  // of the machine

 private:
  bridge::PushProviderTable table_{};
  std::atomic<bool> in_use_{false};
};

}  // namespace parley::testing
