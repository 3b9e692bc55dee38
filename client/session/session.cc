#include "client/session/session.h"

#include <utility>

#include "schemas/json.h"
#include "schemas/topic.h"

namespace parley::client {
namespace {

bool EndsWith(std::string_view text, std::string_view end) {
  return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

}  // namespace

Session::Session(SessionConfig config, RandomSource random)
    : config_(std::move(config)),
      random_(std::move(random)),
      new_request_id_([this] { return NewRequestId(); }),
      acks_topic_(AcksTopic(config_.client_id, Encoding::kJson)),
      replies_topic_(RepliesTopic(config_.client_id, Encoding::kJson)),
      outbox_(config_.window, config_.send_patience_ms),
      stream_(config_.stream) {}

void Session::Tick(int64_t now_ms) {
  now_ms_ = now_ms;
  Pump();
}

void Session::OnConnected() {
  subscriptions_missing_.clear();
  for (std::string& filter : Filters()) {
    effects_.push_back(SubscribeTo{filter, 1});
    subscriptions_missing_.insert(std::move(filter));
  }
  for (const std::string& filter : OptionalFilters()) effects_.push_back(SubscribeTo{filter, 1});
}

void Session::OnDisconnected() {
  subscriptions_missing_.clear();
  outbox_.SetReady(false);
  requests_.SetReady(false);
  control_.SetReady(false, effects_);
  EventStream::Context context = StreamContext();
  stream_.OnDisconnected(context);
}

void Session::OnSubscribed(const std::string& filter, const Status& status) {
  if (!status && status.error().code == Code::UNAVAILABLE) return;  // a reconnect follows
  if (subscriptions_missing_.erase(filter) == 0) return;
  if (!status) {
    Error why = Error(status.error()).Within("subscribe to " + filter);
    if (filter == kControlResponseTopic) why.reason = config_.user + " is no admin";
    effects_.push_back(Failed{std::move(why)});
    return;
  }
  if (!subscriptions_missing_.empty()) return;
  outbox_.SetReady(true);
  requests_.SetReady(true);
  control_.SetReady(true, effects_);
  EventStream::Context context = StreamContext();
  stream_.OnReady(context);
  Pump();
}

void Session::OnMessage(std::string_view topic, std::string payload) {
  if (topic == acks_topic_) {
    v1::Ack ack;
    if (!FromJson(payload, ack)) return effects_.push_back(Notice{{Code::INTERNAL, "an ack cannot be read"}});
    outbox_.OnAck(ack, now_ms_, effects_);
  } else if (topic == replies_topic_) {
    Effects outcomes;
    requests_.OnReply(std::move(payload), outcomes);
    Route(std::move(outcomes));
  } else if (topic == kControlResponseTopic) {
    control_.OnResponse(payload, effects_);
  } else if (EndsWith(topic, "/events/json")) {
    v1::Event event;
    if (!FromJson(payload, event)) {
      return effects_.push_back(Notice{{Code::INTERNAL, "an event cannot be read"}});
    }
    EventStream::Context context = StreamContext();
    stream_.OnEvent(std::move(event), context);
  } else if (EndsWith(topic, "/receipts/json")) {
    OnTold<v1::Receipt>(payload);
  } else if (EndsWith(topic, "/signals/json")) {
    OnTold<v1::Signal>(payload);
  } else if (EndsWith(topic, "/inbox/json")) {
    OnTold<v1::InboxItem>(payload);
  }
  Pump();
}

template <typename Message>
void Session::OnTold(const std::string& payload) {
  Message message;
  if (FromJson(payload, message)) {
    effects_.push_back(Told{std::move(message)});
  } else {
    effects_.push_back(Notice{{Code::INTERNAL, "a message of the server cannot be read"}});
  }
}

void Session::MoveCursor(const std::string& room, const v1::Cursor& cursor) {
  effects_.push_back(PublishTo{RoomCursorTopic(room, Encoding::kJson), ToJson(cursor), 1});
}

void Session::Signal(const std::string& room, const v1::Signal& signal) {
  effects_.push_back(PublishTo{RoomSignalsTopic(room, Encoding::kJson), ToJson(signal), 0});
}

Status Session::Send(const std::string& room, const v1::Draft& draft, int qos) {
  Status added = outbox_.Add(room, draft, qos);
  if (added) Pump();
  return added;
}

Status Session::Request(const std::string& method, const std::string& request_id, std::string payload,
                        Repeat repeat) {
  Status added =
      requests_.Add(request_id, method, std::move(payload), now_ms_, config_.request_patience_ms, repeat);
  if (added) Pump();
  return added;
}

Status Session::Control(uint64_t list, const std::vector<std::string>& commands) {
  Status added = control_.Add(list, commands);
  if (added) Pump();
  return added;
}

std::string Session::NewRequestId() {
  // As random as a message id; the time in it only helps a reader of logs.
  return MakeUlid(now_ms_, random_);
}

std::vector<std::string> Session::Filters() const {
  std::vector<std::string> filters = {acks_topic_, replies_topic_};
  if (config_.admin) filters.emplace_back(kControlResponseTopic);
  if (config_.stream.inbox) filters.push_back(UserInboxTopic(config_.user, Encoding::kJson));
  if (config_.stream.rooms == StreamConfig::Rooms::kAll) {
    filters.push_back(UserEventsTopic(config_.user, Encoding::kJson));
  }
  if (config_.stream.rooms == StreamConfig::Rooms::kListed) {
    for (const std::string& room : config_.stream.listed) {
      filters.push_back(RoomEventsTopic(room, Encoding::kJson));
    }
  }
  return filters;
}

// Those that a session can do without.
std::vector<std::string> Session::OptionalFilters() const {
  std::vector<std::string> filters;
  if (!config_.stream.passing) return filters;
  for (const std::string& room : config_.stream.listed) {
    filters.push_back(RoomReceiptsTopic(room, Encoding::kJson));
    filters.push_back(RoomSignalsTopic(room, Encoding::kJson));
  }
  return filters;
}

EventStream::Context Session::StreamContext() {
  return {now_ms_, requests_, new_request_id_, effects_};
}

// The outcome of a request goes to the part that asked.
void Session::Route(Effects outcomes) {
  for (Effect& effect : outcomes) {
    const auto* done = std::get_if<RequestDone>(&effect);
    EventStream::Context context = StreamContext();
    if (done == nullptr || !stream_.OnReply(*done, context)) effects_.push_back(std::move(effect));
  }
}

void Session::Pump() {
  EventStream::Context context = StreamContext();
  stream_.Pump(context);
  outbox_.Pump(now_ms_, effects_);
  control_.Pump(now_ms_, effects_);
  Effects outcomes;
  requests_.Pump(now_ms_, outcomes);
  Route(std::move(outcomes));
}

}  // namespace parley::client
