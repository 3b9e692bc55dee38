#include "bridge/app/broker_link.h"

#include <array>
#include <chrono>
#include <memory>
#include <utility>

#include "bridge/app/log.h"
#include "parley/internal/v1/envelope.pb.h"
#include "schemas/topic.h"

namespace parley::bridge {
namespace {

constexpr int64_t kSubscribeAgainMs = 5'000;
constexpr int64_t kFlushMs = 500;

int64_t NowMs() {
  using std::chrono::steady_clock;
  return std::chrono::duration_cast<std::chrono::milliseconds>(steady_clock::now().time_since_epoch())
      .count();
}

struct Subscription {
  std::string_view filter;
  int qos;
};
// The commit notices come after the requests: they are what says that the bridge is there. And before the
// sessions, whose memberships are read up to what is committed.
constexpr std::array<Subscription, 4> kSubscriptions = {
    Subscription{kBridgeRequestTopic, 1}, Subscription{kCommittedTopic, 0}, Subscription{kSessionsTopic, 1},
    Subscription{kStatsTopic, 0}};

client::MqttOptions TransportOptions(const BrokerLink::Options& options) {
  return {.host = options.host,
          .port = options.port,
          .client_id = "parley-bridge",
          .user = options.credentials.username,
          .password = options.credentials.password,
          .clean_session = true,
          .tls = {},
          .give_up_after_ms = 0,
          .backoff_first_ms = 100,
          .backoff_last_ms = 500,
          .tick_ms = 100};
}

}  // namespace

BrokerLink::BrokerLink(Options options, const Registry& registry, store::StoreReader& reader,
                       QueryMetrics& metrics)
    : options_(std::move(options)),
      registry_(registry),
      transport_(TransportOptions(options_), *this),
      worker_(registry, reader, metrics, [this](OutgoingReply reply) {
        auto shared = std::make_shared<OutgoingReply>(std::move(reply));
        // Refused only when the queue is full or all is ending; then the client asks again.
        (void)transport_.Post([this, shared] { Send(parked_.Admit(std::move(*shared), NowMs())); })
            .has_value();
      }) {}

BrokerLink::~BrokerLink() {
  Stop();
}

Status BrokerLink::Start() {
  return transport_.Start();
}

void BrokerLink::Stop() {
  worker_.Stop();
  transport_.Stop(kFlushMs);
  granted_ = 0;
}

void BrokerLink::OnConnected(bool /*session_present*/) {
  was_connected_ = true;
  quiet_ = false;
  LogLine("connected to the broker at " + options_.host + ":" + std::to_string(options_.port));
  Subscribe();
}

void BrokerLink::Subscribe() {
  granted_ = 0;
  subscribe_again_ms_ = -1;
  for (const Subscription& subscription : kSubscriptions) {
    const std::string filter(subscription.filter);
    if (Status asked = transport_.Subscribe(filter, subscription.qos); !asked) OnSubscribed(filter, asked);
  }
}

void BrokerLink::AskSessions() {
  // Not connected: it is asked with the next connection.
  (void)transport_.Subscribe(std::string(kSessionsTopic), 1).has_value();
}

void BrokerLink::OnSubscribed(const std::string& filter, const Status& status) {
  if (status) {
    for (size_t i = 0; i < kSubscriptions.size(); ++i) {
      if (filter != kSubscriptions[i].filter) continue;
      const uint32_t before = granted_.fetch_or(uint32_t{1} << i);
      if (before != kAllGranted && granted_ == kAllGranted) LogLine("answering requests");
    }
    return;
  }
  if (!transport_.connected()) return;
  LogLine("subscribe to " + filter + ": " + status.error().reason + " (is the plugin loaded, and is " +
          options_.credentials.username + " the bridge's user?)");
  subscribe_again_ms_ = NowMs() + kSubscribeAgainMs;
}

void BrokerLink::OnConnectionLost(const Error& why) {
  granted_ = 0;
  committed_ = 0;
  options_.on_lost();
  LogLine(why.reason + "; connecting again");
}

void BrokerLink::OnAttemptFailed(const Error& why) {
  if (std::exchange(quiet_, true)) return;
  LogLine(why.reason + "; trying again");
}

void BrokerLink::OnGaveUp(const Error& why) {
  granted_ = 0;
  committed_ = 0;
  options_.on_lost();
  options_.on_refused(why);
}

void BrokerLink::OnMessage(client::MqttMessage message) {
  if (message.topic == kBridgeRequestTopic) return TakeRequest(message.payload);
  if (message.topic == kSessionsTopic) {
    if (options_.on_sessions(message.payload)) AskSessions();
    return;
  }
  if (message.topic == kStatsTopic) return TakeStats(message.payload);
  if (message.topic != kCommittedTopic) return;
  internal::v1::CommitNotice notice;
  if (notice.ParseFromString(message.payload)) Hear(LogIndex{notice.committed()}, notice.committed_ms());
}

void BrokerLink::TakeRequest(const std::string& payload) {
  internal::v1::RequestEnvelope envelope;
  if (!envelope.ParseFromString(payload) || envelope.client().empty()) {
    LogLine("dropped a request that is not one of the plugin's");
    return;
  }
  Hear(LogIndex{envelope.committed()});
  // A copy for the refusal, since a full queue is when the request is needed here.
  if (worker_.Submit(envelope)) return;
  const OutgoingReply busy =
      RefusalOf(registry_, envelope, {Code::RESOURCE_EXHAUSTED, "the bridge is busy: try again in a moment"});
  Send({{busy.number, busy.payload}});
}

void BrokerLink::TakeStats(const std::string& payload) {
  internal::v1::MetricsNotice notice;
  if (!notice.ParseFromString(payload)) return;
  Hear(LogIndex{notice.committed()});
  options_.on_stats(std::move(notice));
}

void BrokerLink::Hear(LogIndex committed, uint64_t committed_ms) {
  committed_ = committed.value;
  options_.on_committed(committed, committed_ms);
  Send(parked_.Heard(committed));
}

void BrokerLink::OnTick() {
  const int64_t now_ms = NowMs();
  Send(parked_.Expire(now_ms));
  replies_parked_ = parked_.size();
  if (subscribe_again_ms_ >= 0 && now_ms >= subscribe_again_ms_ && transport_.connected()) Subscribe();
}

void BrokerLink::Send(const std::vector<Outgoing>& replies) {
  for (const Outgoing& reply : replies) {
    // At most once: with the connection the plugin knows that it is lost, and answers by itself.
    internal::v1::ReplyEnvelope envelope;
    envelope.set_number(reply.number);
    envelope.set_payload(reply.payload);
    const Status sent = transport_.Publish(kBridgeReplyTopic, envelope.SerializeAsString(), 1);
    if (!sent && transport_.connected()) {
      LogLine("a reply was not sent: " + sent.error().reason);
    }
  }
}

}  // namespace parley::bridge
