#pragma once

#include <functional>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "client/api/client.h"
#include "client/api/stream_queue.h"
#include "client/api/waiter.h"

namespace parley::client {

// Runs a Session on the transport's thread and carries out its effects. The public methods may be called on
// any thread; each callback is called once, on the transport's thread, also when the loop ends (UNAVAILABLE).
class ClientLoop : private MqttListener {
 public:
  using SendCallback = Client::SendCallback;
  using RequestCallback = std::function<void(const Result<std::string>&)>;
  using ControlCallback = std::function<void(const Result<std::vector<std::string>>&)>;
  using Encode = std::function<std::string(const std::string& request_id)>;

  explicit ClientLoop(const ClientOptions& options);
  ~ClientLoop() override;

  Status Start();
  // What was asked for before is handed over first, and in-flight messages have as long to be acknowledged.
  void Stop(int64_t flush_ms);

  // Set at the first connection, or when there will be none.
  Waiter<Status>& connected() { return connected_; }

  void Send(const std::string& room, v1::Draft draft, int qos, const SendCallback& done);
  // What needs no answer.
  void Say(const std::function<void(Session&)>& say);
  void Request(const std::string& method, Encode encode, Repeat repeat, const RequestCallback& done);
  void Control(std::vector<std::string> commands, const ControlCallback& done);
  Result<std::optional<Client::StreamItem>> Next(int64_t timeout_ms, const std::atomic<bool>* interrupted);

 private:
  void HandOver(int64_t patience_ms);
  void OnConnected(bool session_present) override;
  void OnConnectionLost(const Error& why) override;
  void OnGaveUp(const Error& why) override;
  void OnMessage(MqttMessage message) override;
  void OnSubscribed(const std::string& filter, const Status& status) override;
  void OnTick() override;

  void Tell(const std::function<void()>& input);
  void CarryOut(Effect effect);
  void End(const Error& why);
  std::optional<Error> ended();

  Waiter<Status> connected_;
  std::function<void(const Status&)> set_connected_;  // of connected_, which must be there before
  StreamQueue<Client::StreamItem> stream_;
  std::mutex ended_mutex_;
  std::optional<Error> ended_;  // guarded by ended_mutex_

  // Of the transport's thread.
  const bool following_;   // somebody reads the stream
  bool was_lost_ = false;  // a connection was lost and is not back
  std::mt19937_64 random_;
  Session session_;
  uint64_t last_list_ = 0;
  std::map<std::pair<std::string, std::string>, SendCallback> sends_;  // by room and id
  std::map<std::string, RequestCallback> requests_;
  std::map<uint64_t, ControlCallback> lists_;

  MqttTransport transport_;  // last: its thread uses all of the above
};

}  // namespace parley::client
