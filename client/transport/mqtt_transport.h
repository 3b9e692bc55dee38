#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "schemas/result.h"

namespace parley::client {

// An encrypted connection. Files are PEM.
struct TlsOptions {
  bool enabled = false;
  std::string ca_file;    // who may vouch for the broker; empty: those the system trusts
  std::string cert_file;  // our own certificate, with those above it; empty: none
  std::string key_file;   // its key, without a passphrase
};

// How and as whom to connect. One transport is one MQTT 3.1.1 session.
struct MqttOptions {
  std::string host = "127.0.0.1";
  uint16_t port = 1883;
  std::string client_id;
  std::string user;  // empty: anonymous
  std::string password;
  bool clean_session = true;
  TlsOptions tls;
  int keep_alive_s = 20;
  int connect_timeout_ms = 5'000;  // of one attempt
  // How long to try before the *first* connection; then OnGaveUp(UNAVAILABLE). 0 = for ever.
  // After a first connection it tries again for ever. (A broker that is busy with a password hash closes
  // without a CONNACK: that is just one more attempt.)
  int64_t give_up_after_ms = 10'000;
  // The pause between two attempts doubles from the first to the last, give or take a quarter.
  int64_t backoff_first_ms = 250;
  int64_t backoff_last_ms = 5'000;
  int64_t tick_ms = 50;  // the rhythm of OnTick; 0 = no ticks
};

struct MqttMessage {
  std::string topic;
  std::string payload;
  int qos = 0;
  bool retained = false;   // what the topic held when we subscribed
  bool duplicate = false;  // perhaps received before
};

// Hears what happens. Every call comes from the transport's one thread, one at a time, in order; it may call
// the transport, but not Stop(). A slow listener delays only itself: what arrives meanwhile waits in a
// bounded queue. At its bound the connection is closed (OnConnectionLost) and opened anew.
class MqttListener {
 public:
  virtual ~MqttListener() = default;
  // Connected, for the first time or again. Subscribe here: a clean session has forgotten its subscriptions.
  virtual void OnConnected(bool session_present) = 0;
  // An established connection is gone; what was published and not yet answered may or may not have arrived.
  // The transport tries again by itself.
  virtual void OnConnectionLost(const Error& why) = 0;
  // It will not try again: UNAUTHENTICATED (user, password or client id refused, or at the first attempt a
  // broker whose certificate nobody vouches for), INVALID_ARGUMENT (client id), UNAVAILABLE (no connection
  // within give_up_after_ms). The last call but for Post() and OnTick().
  virtual void OnGaveUp(const Error& why) = 0;
  virtual void OnMessage(MqttMessage message) = 0;
  // The broker's answer to one Subscribe(): PERMISSION_DENIED when it refused.
  virtual void OnSubscribed(const std::string& filter, const Status& status) = 0;
  // One attempt failed, another follows: for a log line.
  virtual void OnAttemptFailed(const Error& /*why*/) {}
  // About every tick_ms, connected or not.
  virtual void OnTick() {}
};

// An MQTT connection that comes back by itself, and a small event loop: one thread that calls the listener
// and runs what was posted. The only class that speaks to Paho; no exception leaves it. Any thread may call
// it, unless noted. Nothing is kept over a lost connection: the listener subscribes and sends again.
class MqttTransport {
 public:
  // `listener` is borrowed and outlives the transport.
  MqttTransport(MqttOptions options, MqttListener& listener);
  ~MqttTransport();  // Stop()
  MqttTransport(const MqttTransport&) = delete;
  MqttTransport& operator=(const MqttTransport&) = delete;

  // Starts the thread and the first attempt; returns at once. Call once.
  // INVALID_ARGUMENT when Paho does not take the address or the client id.
  Status Start();

  // Gives the broker up to `flush_ms` to take what was published, disconnects, joins the thread. Idempotent.
  // Never from a listener's call.
  void Stop(int64_t flush_ms = 1'000);

  // Hands a message to the connection, at most once. QoS 0, 1, 2. OK says that it is on its way, no more.
  // UNAVAILABLE: not connected. RESOURCE_EXHAUSTED: kPublishesPendingMax are not answered yet.
  Status Publish(std::string_view topic, std::string_view payload, int qos, bool retain = false);

  // The same, and calls `done` once on the transport's thread: OK when the broker has answered (QoS 0: when
  // it was written), UNAVAILABLE when the connection was lost first. Not called when this returns an Error.
  Status Publish(std::string_view topic, std::string_view payload, int qos, bool retain,
                 std::function<void(const Status&)> done);

  // Asks for a filter; the answer is OnSubscribed. UNAVAILABLE: not connected.
  Status Subscribe(const std::string& filter, int qos);
  Status Unsubscribe(const std::string& filter);

  // Runs `task` on the transport's thread, after what is queued before it. RESOURCE_EXHAUSTED when the queue
  // is full, FAILED_PRECONDITION after Stop().
  Status Post(std::function<void()> task);

  bool connected() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace parley::client
