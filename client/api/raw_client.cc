#include "client/api/raw_client.h"

#include <algorithm>
#include <chrono>
#include <mutex>
#include <set>
#include <utility>

#include "client/api/stream_queue.h"
#include "client/api/waiter.h"

namespace parley::client {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

// Messages that wait for the user; above: the client waits, too.
constexpr size_t kMessagesMax = 10'000;
constexpr int64_t kFlushMs = 1'000;

}  // namespace

class RawClient::Loop : private MqttListener {
 public:
  explicit Loop(const RawClientOptions& options)
      : options_(options),
        set_ready_(ready_.Setter()),
        messages_(kMessagesMax),
        transport_(options.mqtt, *this) {}
  ~Loop() override { Stop(); }
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  Status Start() {
    if (Status started = transport_.Start(); !started) return started;
    return ready_.Wait(options_.interrupted);
  }

  void Stop() {
    messages_.Close();  // the transport's thread may wait for a place in it
    transport_.Stop(kFlushMs);
  }

  Status Publish(const std::string& topic, const std::string& payload, int qos, bool retain,
                 PublishCallback done) {
    return transport_.Publish(topic, payload, qos, retain, std::move(done));
  }

  Result<std::optional<MqttMessage>> Next(int64_t timeout_ms) {
    const Clock::time_point deadline = Clock::now() + milliseconds(timeout_ms);
    while (true) {
      const std::optional<Error> why = ended();
      const auto left = std::chrono::duration_cast<milliseconds>(deadline - Clock::now());
      const milliseconds step = std::clamp(left, milliseconds(0), milliseconds(50));
      if (std::optional<MqttMessage> message = messages_.Pop(step)) return message;
      if (why) return *why;
      if (options_.interrupted != nullptr && *options_.interrupted) {
        return Error{Code::UNAVAILABLE, "interrupted"};
      }
      if (Clock::now() >= deadline) return std::optional<MqttMessage>();
    }
  }

  const std::atomic<bool>* interrupted() const { return options_.interrupted; }

 private:
  // --- the transport's thread ---

  void OnConnected(bool /*session_present*/) override {
    missing_ = {options_.filters.begin(), options_.filters.end()};
    if (missing_.empty()) set_ready_({});
    // One that fails for want of a connection is repeated after the next one.
    for (const std::string& filter : missing_) (void)transport_.Subscribe(filter, options_.qos);
  }
  void OnConnectionLost(const Error& /*why*/) override {}
  void OnGaveUp(const Error& why) override { End(why); }
  void OnMessage(MqttMessage message) override { messages_.Push(std::move(message)); }
  void OnSubscribed(const std::string& filter, const Status& status) override {
    if (!status && status.error().code == Code::UNAVAILABLE) return;  // a reconnect follows
    if (!status) return End(Error(status.error()).Within("subscribe to " + filter));
    missing_.erase(filter);
    if (missing_.empty()) set_ready_({});
  }

  void End(const Error& why) {
    {
      const std::lock_guard lock(ended_mutex_);
      if (ended_) return;
      ended_ = why;
    }
    set_ready_(why);
    messages_.Close();
  }

  std::optional<Error> ended() {
    const std::lock_guard lock(ended_mutex_);
    return ended_;
  }

  const RawClientOptions options_;
  Waiter<Status> ready_;
  std::function<void(const Status&)> set_ready_;  // of ready_, which must be there before
  StreamQueue<MqttMessage> messages_;
  std::mutex ended_mutex_;
  std::optional<Error> ended_;     // guarded by ended_mutex_
  std::set<std::string> missing_;  // of the transport's thread: subscriptions without an answer
  MqttTransport transport_;        // last: its thread uses all of the above
};

RawClient::RawClient(std::unique_ptr<Loop> loop) : loop_(std::move(loop)) {}
RawClient::~RawClient() = default;

Result<std::unique_ptr<RawClient>> RawClient::Connect(const RawClientOptions& options) {
  std::unique_ptr<RawClient> client(new RawClient(std::make_unique<Loop>(options)));
  if (Status started = client->loop_->Start(); !started) return std::move(started).error();
  return client;
}

Status RawClient::Publish(const std::string& topic, const std::string& payload, int qos, bool retain) {
  Waiter<Status> answer;
  if (Status sent = loop_->Publish(topic, payload, qos, retain, answer.Setter()); !sent) return sent;
  return answer.Wait(loop_->interrupted());
}

void RawClient::StartPublish(const std::string& topic, const std::string& payload, int qos, bool retain,
                             const PublishCallback& done) {
  if (const Status sent = loop_->Publish(topic, payload, qos, retain, done); !sent) done(sent);
}

Result<std::optional<MqttMessage>> RawClient::Next(int64_t timeout_ms) {
  return loop_->Next(timeout_ms);
}

}  // namespace parley::client
