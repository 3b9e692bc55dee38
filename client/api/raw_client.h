#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "client/transport/mqtt_transport.h"
#include "schemas/result.h"

namespace parley::client {

struct RawClientOptions {
  MqttOptions mqtt;
  std::vector<std::string> filters;  // subscribed to, again after each reconnect
  int qos = 1;                       // of the subscriptions
  // When set to true from anywhere (a signal handler), every waiting call returns UNAVAILABLE, "interrupted".
  const std::atomic<bool>* interrupted = nullptr;
};

// Plain MQTT for a program: any topic, payloads as they are. What comes while the connection is away is the
// broker's to keep (a session that is not clean) or lost. Any thread may call.
class RawClient {
 public:
  using PublishCallback = std::function<void(const Status&)>;

  // Connects and subscribes. UNAUTHENTICATED, UNAVAILABLE as Client::Connect; PERMISSION_DENIED names the
  // filter that was refused.
  static Result<std::unique_ptr<RawClient>> Connect(const RawClientOptions& options);
  ~RawClient();  // disconnects, politely

  // Publishes and waits for the broker's answer (QoS 0: until it is written). UNAVAILABLE: not connected, or
  // the connection was lost before the answer.
  Status Publish(const std::string& topic, const std::string& payload, int qos, bool retain);

  // The same without waiting; `done` is called once, on the client's thread, and must be quick.
  void StartPublish(const std::string& topic, const std::string& payload, int qos, bool retain,
                    const PublishCallback& done);

  // The next message of the filters; nothing when none came in time. An Error when there will be none.
  Result<std::optional<MqttMessage>> Next(int64_t timeout_ms);

 private:
  class Loop;
  explicit RawClient(std::unique_ptr<Loop> loop);
  std::unique_ptr<Loop> loop_;
};

}  // namespace parley::client
