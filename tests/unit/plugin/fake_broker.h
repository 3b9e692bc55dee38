#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "broker-plugin/delivery/broker.h"
#include "schemas/topic.h"

namespace parley::plugin {

struct Delivered {
  std::string topic;
  std::string payload;
  int qos = 0;
  std::string correlation_data{};
};

// A session of the fake broker. Its address is the handle.
struct FakeClient {
  std::string id;
  std::string user;
  bool v5 = false;
  bool clean = true;
  bool connected = true;
  bool keeps_session = false;  // when the connection ends
  bool never_reads = false;    // over a web socket: a kick takes effect once it reads
  std::vector<std::string> filters{};
  std::vector<Delivered> inbox{};

  // What arrived on a topic, in order.
  std::vector<std::string> On(std::string_view topic) const {
    std::vector<std::string> payloads;
    for (const Delivered& message : inbox) {
      if (message.topic == topic) payloads.push_back(message.payload);
    }
    return payloads;
  }
};

// Mosquitto as the plugin meets it: a publish is only queued; the top of the next loop pass routes the queue,
// subscriber by subscriber, and asks for the READ right of each.
class FakeBroker final : public Broker {
 public:
  struct Queued {
    std::string client;  // "" = to whoever subscribes
    Delivered message;
  };

  void Publish(const std::string& topic, std::string_view payload, int qos,
               std::string_view correlation_data) override {
    queue_.push_back({"", {topic, std::string(payload), qos, std::string(correlation_data)}});
  }
  void PublishTo(const std::string& client, const std::string& topic, std::string_view payload,
                 int qos) override {
    queue_.push_back({client, {topic, std::string(payload), qos}});
  }
  // As the real one: an offline session is left as it is, and the answer says that it is there.
  bool Kick(const std::string& id) override {
    kicks.push_back(id);
    FakeClient* client = Find(id);
    if (client == nullptr) return false;
    if (client->connected && !client->never_reads) Drop(*client);
    return true;
  }
  bool LearnSockets(const void*, uint16_t) override { return false; }
  int SocketOf(const void*, int) override { return -1; }
  std::optional<Silence> SilenceOf(const void* client) override {
    ++looks;
    const auto known = keep_alive.find(client);
    if (known == keep_alive.end()) return std::nullopt;
    return Silence{silent[client], known->second};
  }
  void Log(Level, const std::string& line) override {
    const std::lock_guard lock(log_mutex_);
    log_.push_back(line);
  }

  FakeClient& Add(FakeClient client) {
    clients_.push_back(std::make_unique<FakeClient>(std::move(client)));
    return *clients_.back();
  }
  // The connection ends. DISCONNECT is told first, as the real one does.
  void Drop(FakeClient& client) {
    client.connected = false;
    if (on_disconnect) on_disconnect(client);
    if (!client.keeps_session) Erase(client);
  }
  // Its object stays, so that a test can look at what it got.
  void Erase(FakeClient& client) {
    const auto found = std::find_if(clients_.begin(), clients_.end(),
                                    [&](const auto& other) { return other.get() == &client; });
    gone_.push_back(std::move(*found));
    clients_.erase(found);
  }
  FakeClient* Find(std::string_view id) {
    for (const auto& client : clients_) {
      if (client->id == id) return client.get();
    }
    return nullptr;
  }

  // The top of a loop pass.
  void NextPass() {
    for (Queued& queued : std::exchange(queue_, {})) Route(queued);
  }
  void Route(const Queued& queued) {
    ++routed;
    for (size_t i = 0; i < clients_.size(); ++i) {
      FakeClient& client = *clients_[i];
      const Delivered& message = queued.message;
      if (!queued.client.empty()) {
        if (client.id == queued.client) client.inbox.push_back(message);
        continue;
      }
      for (const std::string& filter : client.filters) {
        if (!FilterMatches(filter, message.topic)) continue;
        if (may_receive && may_receive(client, message)) client.inbox.push_back(message);
      }
    }
  }

  const std::deque<Queued>& queue() const { return queue_; }
  std::vector<std::string> log() const {
    const std::lock_guard lock(log_mutex_);
    return log_;
  }

  std::function<bool(FakeClient&, const Delivered&)> may_receive;
  std::function<void(FakeClient&)> on_disconnect;
  std::vector<std::string> kicks;
  std::map<const void*, std::chrono::seconds> keep_alive;
  std::map<const void*, std::chrono::milliseconds> silent;
  size_t looks = 0;
  size_t routed = 0;

 private:
  std::deque<Queued> queue_;
  std::vector<std::unique_ptr<FakeClient>> clients_;
  std::vector<std::unique_ptr<FakeClient>> gone_;
  mutable std::mutex log_mutex_;
  std::vector<std::string> log_;  // guarded by log_mutex_
};

}  // namespace parley::plugin
