#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "bridge/app/credentials.h"
#include "bridge/service/parked_replies.h"
#include "bridge/service/query_worker.h"
#include "bridge/service/registry.h"
#include "client/transport/mqtt_transport.h"
#include "core/store/store_reader.h"
#include "parley/internal/v1/envelope.pb.h"

namespace parley::bridge {

// The bridge's connection to the broker: takes the plugin's requests and commit notices, hands requests to
// the worker, sends replies once what they were read from is committed. Comes back by itself for ever.
class BrokerLink final : private client::MqttListener {
 public:
  struct Options {
    std::string host;
    uint16_t port = 0;
    Credentials credentials;
    // The broker has refused the credentials: this link is done. Called once, on the transport's thread; must
    // not destroy the link.
    std::function<void(const Error&)> on_refused;
    // Everything up to there is on disk, as the plugin says, since `committed_ms` (wall clock; 0: not said);
    // the connection that said so is gone. On the transport's thread.
    std::function<void(LogIndex, uint64_t committed_ms)> on_committed;
    std::function<void()> on_lost;
    // A SessionNotice. True: one is missing, ask for all sessions again.
    std::function<bool(const std::string&)> on_sessions;
    // The plugin's numbers have come. On the transport's thread.
    std::function<void(internal::v1::MetricsNotice)> on_stats;
  };

  // References are borrowed and outlive the link.
  BrokerLink(Options options, const Registry& registry, store::StoreReader& reader, QueryMetrics& metrics);
  ~BrokerLink() override;  // Stop()

  Status Start();
  // Finishes the query that is running, sends what may leave, disconnects. Idempotent.
  void Stop();

  // Hands a message to the connection, at most once. UNAVAILABLE, RESOURCE_EXHAUSTED. Any thread.
  Status Publish(const std::string& topic, const std::string& payload, int qos) {
    return transport_.Publish(topic, payload, qos);
  }
  // A retained message, QoS 1; `done` is called once with the broker's answer unless this fails, on the
  // transport's thread. Any thread.
  Status PublishRetained(const std::string& topic, const std::string& payload,
                         std::function<void(const Status&)> done) {
    return transport_.Publish(topic, payload, 1, /*retain=*/true, std::move(done));
  }
  // For the list of all sessions: on_sessions hears it. Any thread.
  void AskSessions();

  // Connected, and the plugin's requests arrive. Any thread.
  bool serving() const { return granted_ == kAllGranted; }
  // The newest log index that the plugin has said to be durable on this connection; 0: none yet. Any thread.
  LogIndex committed() const { return {committed_}; }
  // Any thread.
  size_t queries_waiting() { return worker_.waiting(); }
  size_t replies_parked() const { return replies_parked_; }
  // There was a connection once. Any thread.
  bool was_connected() const { return was_connected_; }

 private:
  static constexpr uint32_t kAllGranted = 0b1111;  // a bit for each subscription

  // MqttListener, all on the transport's thread.
  void OnConnected(bool session_present) override;
  void OnConnectionLost(const Error& why) override;
  void OnGaveUp(const Error& why) override;
  void OnMessage(client::MqttMessage message) override;
  void OnSubscribed(const std::string& filter, const Status& status) override;
  void OnAttemptFailed(const Error& why) override;
  void OnTick() override;

  void Subscribe();
  void TakeRequest(const std::string& payload);
  void TakeStats(const std::string& payload);
  void Hear(LogIndex committed, uint64_t committed_ms = 0);
  void Send(const std::vector<Outgoing>& replies);

  const Options options_;
  const Registry& registry_;
  std::atomic<uint32_t> granted_{0};
  std::atomic<bool> was_connected_{false};
  std::atomic<uint64_t> committed_{0};
  std::atomic<size_t> replies_parked_{0};

  // Of the transport's thread.
  ParkedReplies parked_;
  bool quiet_ = false;               // a failed attempt has been logged since the last connection
  int64_t subscribe_again_ms_ = -1;  // -1: no need

  client::MqttTransport transport_;
  QueryWorker worker_;
};

}  // namespace parley::bridge
