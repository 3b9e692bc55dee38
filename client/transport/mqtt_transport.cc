#include "client/transport/mqtt_transport.h"

#include <atomic>
#include <chrono>
#include <mutex>
#include <random>
#include <thread>
#include <utility>

#include <mqtt/async_client.h>

#include "client/transport/backoff.h"
#include "client/transport/dispatch_queue.h"
#include "client/transport/limits.h"
#include "client/transport/no_delay.h"

namespace parley::client {
namespace {

using Clock = DispatchQueue::Clock;
using std::chrono::milliseconds;

// An attempt that Paho has not answered this long after its own time-out is taken as failed.
constexpr milliseconds kAttemptGrace{5'000};
constexpr int kMqtt311Refusal = 0x80;
constexpr size_t kTlsErrorBytesMax = 1'000;

// What CONNACK codes of MQTT 3.1.1 say. Anything else (a lost or refused TCP connection) is worth a new try.
Error ConnectError(int return_code) {
  switch (return_code) {
    case 1:
      return {Code::UNIMPLEMENTED, "the broker does not speak MQTT 3.1.1"};
    case 2:
      return {Code::INVALID_ARGUMENT, "the broker refused the client id"};
    case 3:
      return {Code::UNAVAILABLE, "the broker is not available"};
    case 4:
    case 5:
      return {Code::UNAUTHENTICATED,
              "the broker refused the user name, the password, or another user has this client id"};
    default:
      return {Code::UNAVAILABLE, "no answer from the broker"};
  }
}

bool IsFinal(const Error& error) {
  return error.code != Code::UNAVAILABLE;
}

std::string AddressOf(const MqttOptions& options) {
  const bool ipv6 = options.host.find(':') != std::string::npos;
  const std::string host = ipv6 ? "[" + options.host + "]" : options.host;
  return (options.tls.enabled ? "ssl://" : "tcp://") + host + ":" + std::to_string(options.port);
}

}  // namespace

// Paho calls back on threads of its own; each callback only queues. All else runs on `thread_`.
class MqttTransport::Impl {
 public:
  Impl(MqttOptions options, MqttListener& listener)
      : options_(std::move(options)),
        listener_(listener),
        queue_(limits::kQueuedItemsMax, limits::kQueuedBytesMax),
        backoff_(options_.backoff_first_ms, options_.backoff_last_ms),
        random_(std::random_device{}()) {}

  Status Start() {
    try {
      mqtt::create_options options;  // the bound on publishes is ours; without this one Paho's is 100
      options.set_send_while_disconnected(false);
      options.set_max_buffered_messages(static_cast<int>(limits::kPublishesPendingMax));
      client_ =
          std::make_unique<mqtt::async_client>(AddressOf(options_), options_.client_id, options, nullptr);
      client_->set_connection_lost_handler([this](const std::string& cause) {
        queue_.PushUrgent([this, cause] { Lost({Code::UNAVAILABLE, "connection lost: " + cause}); });
      });
      client_->set_message_callback([this](const mqtt::const_message_ptr& message) { Arrived(*message); });
    } catch (const mqtt::exception& error) {
      return Error{Code::INVALID_ARGUMENT, "connect to " + AddressOf(options_) + ": " + error.what()};
    }
    thread_ = std::thread([this] { Run(); });
    return {};
  }

  void Stop(int64_t flush_ms) {
    if (stopping_.exchange(true)) return;
    queue_.Close();
    if (thread_.joinable()) thread_.join();
    if (!client_) return;
    Disconnect(milliseconds(flush_ms));
    client_.reset();  // while the listeners below still live
  }

  Status Publish(std::string_view topic, std::string_view payload, int qos, bool retain) {
    if (!connected_) return Error{Code::UNAVAILABLE, "not connected"};
    if (publishes_pending_ >= limits::kPublishesPendingMax) {
      return Error{Code::RESOURCE_EXHAUSTED, "too many publishes wait for the broker"};
    }
    ++publishes_pending_;
    try {
      auto message = mqtt::make_message(std::string(topic), payload.data(), payload.size(), qos, retain);
      client_->publish(std::move(message), nullptr, publish_done_);
    } catch (const mqtt::exception& error) {
      PublishDone();
      return Error{Code::UNAVAILABLE, std::string("publish: ") + error.what()};
    }
    return {};
  }

  Status Publish(std::string_view topic, std::string_view payload, int qos, bool retain,
                 std::function<void(const Status&)> done) {
    if (!connected_) return Error{Code::UNAVAILABLE, "not connected"};
    if (publishes_pending_ >= limits::kPublishesPendingMax) {
      return Error{Code::RESOURCE_EXHAUSTED, "too many publishes wait for the broker"};
    }
    ++publishes_pending_;
    auto context = std::make_unique<PublishContext>(PublishContext{std::move(done)});
    try {
      auto message = mqtt::make_message(std::string(topic), payload.data(), payload.size(), qos, retain);
      client_->publish(std::move(message), context.get(), publish_done_);
      (void)context.release();  // the listener's now
    } catch (const mqtt::exception& error) {
      PublishDone();
      return Error{Code::UNAVAILABLE, std::string("publish: ") + error.what()};
    }
    return {};
  }

  Status Subscribe(const std::string& filter, int qos) {
    if (!connected_) return Error{Code::UNAVAILABLE, "not connected"};
    try {
      client_->subscribe(filter, qos, nullptr, subscribe_done_, mqtt::subscribe_options(),
                         mqtt::properties());
    } catch (const mqtt::exception& error) {
      return Error{Code::UNAVAILABLE, std::string("subscribe: ") + error.what()};
    }
    return {};
  }

  Status Unsubscribe(const std::string& filter) {
    if (!connected_) return Error{Code::UNAVAILABLE, "not connected"};
    try {
      client_->unsubscribe(filter);
    } catch (const mqtt::exception& error) {
      return Error{Code::UNAVAILABLE, std::string("unsubscribe: ") + error.what()};
    }
    return {};
  }

  Status Post(std::function<void()> task) {
    if (stopping_) return Error{Code::FAILED_PRECONDITION, "the transport is stopped"};
    if (!queue_.Push(std::move(task))) return Error{Code::RESOURCE_EXHAUSTED, "the queue is full"};
    return {};
  }

  bool connected() const { return connected_; }

 private:
  enum class State { kWaiting, kConnecting, kConnected, kGaveUp };

  // The outcome of one connect() of Paho; `user context` is the number of the attempt.
  class ConnectDone : public mqtt::iaction_listener {
   public:
    explicit ConnectDone(Impl& impl) : impl_(impl) {}
    void on_success(const mqtt::token& token) override {
      const auto attempt = reinterpret_cast<uintptr_t>(token.get_user_context());
      impl_.queue_.PushUrgent([impl = &impl_, attempt] { impl->Connected(attempt); });
    }
    void on_failure(const mqtt::token& token) override {
      const auto attempt = reinterpret_cast<uintptr_t>(token.get_user_context());
      const int return_code = token.get_return_code();
      impl_.queue_.PushUrgent(
          [impl = &impl_, attempt, return_code] { impl->AttemptFailed(attempt, ConnectError(return_code)); });
    }

   private:
    Impl& impl_;
  };

  // What a publish with a callback carries through Paho.
  struct PublishContext {
    std::function<void(const Status&)> done;
  };

  class PublishDoneListener : public mqtt::iaction_listener {
   public:
    explicit PublishDoneListener(Impl& impl) : impl_(impl) {}
    void on_success(const mqtt::token& token) override { Finish(token, {}); }
    void on_failure(const mqtt::token& token) override {
      Finish(token, Error{Code::UNAVAILABLE, "the connection was lost before the broker answered"});
    }

   private:
    void Finish(const mqtt::token& token, const Status& status) {
      impl_.PublishDone();
      const std::unique_ptr<PublishContext> context(static_cast<PublishContext*>(token.get_user_context()));
      if (!context) return;
      impl_.queue_.PushUrgent([done = std::move(context->done), status] { done(status); });
    }
    Impl& impl_;
  };

  class SubscribeDone : public mqtt::iaction_listener {
   public:
    explicit SubscribeDone(Impl& impl) : impl_(impl) {}
    void on_success(const mqtt::token& token) override { Report(token, {}); }
    void on_failure(const mqtt::token& token) override {
      if (token.get_return_code() == kMqtt311Refusal) {
        Report(token, Error{Code::PERMISSION_DENIED, "the broker refused the subscription"});
      } else {
        Report(token, Error{Code::UNAVAILABLE, "the connection was lost"});
      }
    }

   private:
    void Report(const mqtt::token& token, Status status) {
      const auto topics = token.get_topics();
      if (!topics || topics->empty()) return;
      impl_.queue_.PushUrgent([impl = &impl_, filter = (*topics)[0], status = std::move(status)] {
        impl->listener_.OnSubscribed(filter, status);
      });
    }
    Impl& impl_;
  };

  // --- Paho's threads ---

  void PublishDone() {
    // A new connection starts at 0, and an answer for an older one may still come: never below 0.
    size_t pending = publishes_pending_;
    while (pending > 0 && !publishes_pending_.compare_exchange_weak(pending, pending - 1)) {
    }
  }

  void Arrived(const mqtt::message& message) {
    if (overflowed_) return;
    MqttMessage copy{message.get_topic(), message.to_string(), message.get_qos(), message.is_retained(),
                     message.is_duplicate()};
    const size_t bytes = copy.topic.size() + copy.payload.size();
    auto deliver = [this, shared = std::make_shared<MqttMessage>(std::move(copy))] {
      listener_.OnMessage(std::move(*shared));
    };
    if (queue_.Push(std::move(deliver), bytes)) return;
    if (!overflowed_.exchange(true)) queue_.PushUrgent([this] { Overflowed(); });
  }

  // --- The transport's thread ---

  void Run() {
    first_attempt_ = Clock::now();
    next_attempt_ = first_attempt_;
    const milliseconds tick(options_.tick_ms > 0 ? options_.tick_ms : 1'000);
    Clock::time_point next_tick = Clock::now() + tick;
    while (!stopping_) {
      Supervise();
      for (auto& task : queue_.Take(WakeAt(next_tick))) {
        if (stopping_) return;
        task();
      }
      if (Clock::now() < next_tick) continue;
      next_tick = Clock::now() + tick;
      if (options_.tick_ms > 0) listener_.OnTick();
    }
  }

  Clock::time_point WakeAt(Clock::time_point next_tick) const {
    if (state_ == State::kWaiting) return std::min(next_tick, next_attempt_);
    return next_tick;
  }

  void Supervise() {
    const Clock::time_point now = Clock::now();
    if (state_ == State::kWaiting && now >= next_attempt_) Attempt();
    const milliseconds patience = milliseconds(options_.connect_timeout_ms) + kAttemptGrace;
    if (state_ == State::kConnecting && now >= attempt_started_ + patience) {
      Disconnect(milliseconds(0));
      AttemptFailed(attempt_, ConnectError(-1));
    }
  }

  void Attempt() {
    ++attempt_;
    attempt_started_ = Clock::now();
    state_ = State::kConnecting;
    try {
      mqtt::connect_options options;  // a named lvalue: a moved one loses what was set
      options.set_mqtt_version(MQTTVERSION_3_1_1);
      options.set_clean_session(options_.clean_session);
      options.set_keep_alive_interval(options_.keep_alive_s);
      options.set_connect_timeout(std::chrono::seconds(std::max(1, options_.connect_timeout_ms / 1'000)));
      options.set_automatic_reconnect(false);
      if (!options_.user.empty()) {
        options.set_user_name(options_.user);
        options.set_password(options_.password);
      }
      if (options_.tls.enabled) options.set_ssl(SslOptions());
      // NOLINTNEXTLINE(performance-no-int-to-ptr): Paho's context is a pointer; ours is the attempt's number
      auto* const context = reinterpret_cast<void*>(attempt_);
      connect_token_ = client_->connect(options, context, connect_done_);
    } catch (const mqtt::exception&) {
      Disconnect(milliseconds(0));
      AttemptFailed(attempt_, ConnectError(-1));
    }
  }

  mqtt::ssl_options SslOptions() {
    mqtt::ssl_options ssl;
    const TlsOptions& tls = options_.tls;
    if (!tls.ca_file.empty()) ssl.set_trust_store(tls.ca_file);
    if (!tls.cert_file.empty()) ssl.set_key_store(tls.cert_file);
    if (!tls.key_file.empty()) ssl.set_private_key(tls.key_file);
    ssl.set_enable_server_cert_auth(true);
    ssl.set_verify(true);  // the name, too
    ssl.set_error_handler([this](const std::string& text) {
      const std::lock_guard lock(tls_error_mutex_);
      if (tls_error_.size() < kTlsErrorBytesMax) tls_error_ += text;
    });
    return ssl;
  }

  // What went wrong in an attempt, with what OpenSSL said about it.
  Error Explained(Error why) {
    std::string text;
    {
      const std::lock_guard lock(tls_error_mutex_);
      text = std::exchange(tls_error_, {});
    }
    if (!options_.tls.enabled || why.code != Code::UNAVAILABLE) return why;
    if (text.find("certificate verify failed") != std::string::npos) {
      return {Code::UNAUTHENTICATED,
              "the certificate of the broker is not trusted: give its authority (--cafile), or another host"};
    }
    if (!text.empty()) why.reason += "; TLS: " + text.substr(0, text.find_last_not_of(" \n") + 1);
    return why;
  }

  void Connected(uintptr_t attempt) {
    if (attempt != attempt_ || state_ != State::kConnecting) return;
    bool session_present = false;
    try {
      session_present = connect_token_->get_connect_response().is_session_present();
    } catch (const mqtt::exception&) {  // no response kept: as a clean session
    }
    state_ = State::kConnected;
    was_connected_ = true;
    backoff_.Reset();
    publishes_pending_ = 0;
    overflowed_ = false;
    SetNoDelay(options_.port);
    connected_ = true;
    listener_.OnConnected(session_present);
  }

  void AttemptFailed(uintptr_t attempt, Error why) {
    if (attempt != attempt_ || state_ != State::kConnecting) return;
    why = Explained(std::move(why)).Within("connect to " + AddressOf(options_));
    const milliseconds tried = std::chrono::duration_cast<milliseconds>(Clock::now() - first_attempt_);
    const bool impatient =
        !was_connected_ && options_.give_up_after_ms > 0 && tried >= milliseconds(options_.give_up_after_ms);
    // A certificate may be renewed while we run: only a first one is refused for good.
    const bool renewal = was_connected_ && options_.tls.enabled;
    if ((IsFinal(why) && !renewal) || impatient) {
      state_ = State::kGaveUp;
      listener_.OnGaveUp(why);
      return;
    }
    ScheduleAttempt();
    listener_.OnAttemptFailed(why);
  }

  void Lost(const Error& why) {
    if (state_ != State::kConnected) return;
    connected_ = false;
    ScheduleAttempt();
    listener_.OnConnectionLost(why);
  }

  void Overflowed() {
    if (state_ != State::kConnected) return;
    Disconnect(milliseconds(0));
    Lost({Code::RESOURCE_EXHAUSTED, "more arrived than was taken; connecting anew"});
  }

  void ScheduleAttempt() {
    state_ = State::kWaiting;
    next_attempt_ = Clock::now() + milliseconds(backoff_.Next(random_()));
    if (was_connected_ || options_.give_up_after_ms <= 0) return;
    next_attempt_ = std::min(next_attempt_, first_attempt_ + milliseconds(options_.give_up_after_ms));
  }

  // Best effort, bounded: a connection that cannot be closed politely is dropped by the broker's keep-alive.
  void Disconnect(milliseconds flush) {
    connected_ = false;
    try {
      if (client_->is_connected()) client_->disconnect(flush)->wait_for(flush + milliseconds(1'000));
    } catch (const mqtt::exception&) {
    }
  }

  const MqttOptions options_;
  MqttListener& listener_;
  DispatchQueue queue_;
  std::atomic<bool> stopping_{false};
  std::atomic<bool> connected_{false};
  std::atomic<bool> overflowed_{false};
  std::atomic<size_t> publishes_pending_{0};
  ConnectDone connect_done_{*this};
  PublishDoneListener publish_done_{*this};
  SubscribeDone subscribe_done_{*this};
  std::mutex tls_error_mutex_;
  std::string tls_error_;  // guarded by tls_error_mutex_; what OpenSSL said since the last attempt
  std::unique_ptr<mqtt::async_client> client_;
  std::thread thread_;

  // Of the transport's thread.
  State state_ = State::kWaiting;
  uintptr_t attempt_ = 0;
  mqtt::token_ptr connect_token_;
  Clock::time_point first_attempt_;
  Clock::time_point attempt_started_;
  Clock::time_point next_attempt_;
  Backoff backoff_;
  std::mt19937_64 random_;
  bool was_connected_ = false;
};

MqttTransport::MqttTransport(MqttOptions options, MqttListener& listener)
    : impl_(std::make_unique<Impl>(std::move(options), listener)) {}

MqttTransport::~MqttTransport() {
  impl_->Stop(0);
}

Status MqttTransport::Start() {
  return impl_->Start();
}

void MqttTransport::Stop(int64_t flush_ms) {
  impl_->Stop(flush_ms);
}

Status MqttTransport::Publish(std::string_view topic, std::string_view payload, int qos, bool retain) {
  return impl_->Publish(topic, payload, qos, retain);
}

Status MqttTransport::Publish(std::string_view topic, std::string_view payload, int qos, bool retain,
                              std::function<void(const Status&)> done) {
  return impl_->Publish(topic, payload, qos, retain, std::move(done));
}

Status MqttTransport::Subscribe(const std::string& filter, int qos) {
  return impl_->Subscribe(filter, qos);
}

Status MqttTransport::Unsubscribe(const std::string& filter) {
  return impl_->Unsubscribe(filter);
}

Status MqttTransport::Post(std::function<void()> task) {
  return impl_->Post(std::move(task));
}

bool MqttTransport::connected() const {
  return impl_->connected();
}

}  // namespace parley::client
