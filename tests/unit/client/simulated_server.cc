#include "tests/unit/client/simulated_server.h"

#include <algorithm>

#include "schemas/draft.h"
#include "schemas/json.h"
#include "schemas/topic.h"

namespace parley::client {
namespace {

constexpr char kUser[] = "alice";
constexpr char kClient[] = "phone-1";
constexpr size_t kRoomsPerReply = 2;  // so that a sync takes several pages

}  // namespace

v1::Event& SimulatedServer::Append(const std::string& room, const std::string& sender) {
  std::vector<v1::Event>& log = rooms_[room];
  v1::Event& event = log.emplace_back();
  event.set_room(room);
  event.set_seq(log.size());
  event.set_feed(++feed_);
  event.set_ts_ms(static_cast<uint64_t>(now_ms_));
  event.set_sender(sender);
  return event;
}

void SimulatedServer::Say(const std::string& room, const std::string& text) {
  v1::Event& event = Append(room, "bob");
  event.mutable_text()->set_text(text);
  ToClient(UserEventsTopic(kUser, Encoding::kJson), ToJson(event));
  ToClient(RoomEventsTopic(room, Encoding::kJson), ToJson(event));
}

void SimulatedServer::Step() {
  now_ms_ += 20;
  session_.Tick(now_ms_);
  if (connected_ && Happens(faults_.disconnect)) {
    Break();
  } else if (!connected_ && now_ms_ >= reconnect_ms_) {
    connected_ = true;
    session_.OnConnected();
  }
  CarryOut();
  for (size_t count = to_client_.size(); connected_ && count > 0; --count) {
    auto [topic, payload] = std::move(to_client_.front());
    to_client_.pop_front();
    if (Happens(faults_.lose)) continue;
    if (Happens(faults_.repeat)) session_.OnMessage(topic, payload);
    session_.OnMessage(topic, std::move(payload));
    CarryOut();
  }
}

void SimulatedServer::Break() {
  connected_ = false;
  reconnect_ms_ = now_ms_ + static_cast<int64_t>(random_() % 2'000);
  subscriptions_.clear();
  to_client_.clear();
  session_.OnDisconnected();
}

void SimulatedServer::CarryOut() {
  for (Effects effects = session_.TakeEffects(); !effects.empty(); effects = session_.TakeEffects()) {
    for (Effect& effect : effects) {
      if (auto* subscribe = std::get_if<SubscribeTo>(&effect); subscribe != nullptr && connected_) {
        subscriptions_.insert(subscribe->filter);
        session_.OnSubscribed(subscribe->filter, {});
      } else if (auto* publish = std::get_if<PublishTo>(&effect); publish != nullptr && connected_) {
        if (!Happens(faults_.lose)) OnPublish(*publish);
      } else if (auto* deliver = std::get_if<Deliver>(&effect)) {
        delivered.push_back(std::move(deliver->event));
      } else if (auto* done = std::get_if<SendDone>(&effect)) {
        sent.push_back(std::move(*done));
      } else if (auto* failed = std::get_if<Failed>(&effect)) {
        failures.push_back(failed->why);
      } else if (std::holds_alternative<CaughtUp>(effect)) {
        ++caught_up;
      }
    }
  }
}

void SimulatedServer::OnPublish(const PublishTo& publish) {
  const Result<ChatTopic> topic = ParseChatTopic(publish.topic);
  if (!topic) return;
  if (const auto* send = std::get_if<SendTopic>(&*topic)) {
    return OnDraft(std::string(send->room), publish.payload);
  }
  const auto* request = std::get_if<RequestTopic>(&*topic);
  if (request == nullptr) return;
  std::string reply;
  if (Happens(faults_.unavailable)) {
    v1::Reply refused;
    refused.set_request_id(BestKnownRequestId(Encoding::kJson, publish.payload));
    refused.set_code(v1::UNAVAILABLE);
    refused.set_reason("the bridge is not connected");
    reply = ToJson(refused);
  } else {
    reply = request->method == "sync" ? OnSync(publish.payload) : OnPage(publish.payload);
  }
  ToClient(RepliesTopic(kClient, Encoding::kJson), std::move(reply));
}

void SimulatedServer::OnDraft(const std::string& room, const std::string& payload) {
  v1::Draft draft;
  if (!FromJson(payload, draft)) return;
  v1::Ack ack;
  ack.set_id(draft.id());
  ack.set_room(room);
  const auto [known, fresh] = dedupe_.try_emplace({room, draft.id()}, 0);
  if (fresh) {
    v1::Event& event = Append(room, kUser);
    event.set_id(draft.id());
    CopyBody(draft, event);
    known->second = event.seq();
    ToClient(UserEventsTopic(kUser, Encoding::kJson), ToJson(event));
    ToClient(RoomEventsTopic(room, Encoding::kJson), ToJson(event));
  }
  ack.set_seq(known->second);
  ack.set_duplicate(!fresh);
  ack.set_durability(v1::Ack::FSYNCED);
  ToClient(AcksTopic(kClient, Encoding::kJson), ToJson(ack));
}

// A cursor is "feed" or, between the pages of one sync, "since.now.rooms done".
std::string SimulatedServer::OnSync(const std::string& payload) {
  v1::SyncRequest request;
  if (!FromJson(payload, request)) return "{}";
  uint64_t since = 0;
  uint64_t now = feed_;
  size_t done = 0;
  if (std::sscanf(request.cursor().c_str(), "%lu.%lu.%zu", &since, &now, &done) < 1) since = 0;
  v1::SyncReply reply;
  reply.set_request_id(request.request_id());
  size_t index = 0;
  for (const auto& [name, log] : rooms_) {
    if (index++ < done) continue;
    if (static_cast<size_t>(reply.rooms_size()) == kRoomsPerReply) {
      reply.set_more(true);
      reply.set_cursor(std::to_string(since) + "." + std::to_string(now) + "." + std::to_string(index - 1));
      return ToJson(reply);
    }
    if (since > 0 && (log.empty() || log.back().feed() <= since)) continue;
    v1::RoomState& state = *reply.add_rooms();
    state.set_room(name);
    state.set_head(log.size());
    state.set_first(log.empty() ? 0 : 1);
    if (!log.empty()) *state.mutable_last_event() = log.back();
    const auto after = [since](const v1::Event& event) { return event.feed() > since; };
    auto first = std::find_if(log.begin(), log.end(), after);
    const auto newest = static_cast<std::ptrdiff_t>(request.events_per_room());
    state.set_truncated(log.end() - first > newest);
    if (state.truncated()) first = log.end() - newest;
    for (; first != log.end(); ++first) *state.add_events() = *first;
  }
  reply.set_cursor(std::to_string(now));
  return ToJson(reply);
}

std::string SimulatedServer::OnPage(const std::string& payload) {
  v1::HistoryPageRequest request;
  if (!FromJson(payload, request)) return "{}";
  v1::HistoryPageReply reply;
  reply.set_request_id(request.request_id());
  const std::vector<v1::Event>& log = rooms_[request.room()];
  reply.set_head(log.size());
  reply.set_first(log.empty() ? 0 : 1);
  const uint64_t limit = std::min<uint64_t>(request.limit(), 7);  // so that a hole takes several pages
  uint64_t from = log.size() > request.limit() ? log.size() - request.limit() : 0;
  if (request.has_after()) from = request.after();
  for (uint64_t i = from; i < log.size(); ++i) {
    if (request.has_after() && static_cast<uint64_t>(reply.events_size()) == limit) {
      reply.set_more(true);
      break;
    }
    *reply.add_events() = log[i];
  }
  return ToJson(reply);
}

void SimulatedServer::ToClient(std::string topic, std::string payload) {
  if (connected_ && subscriptions_.count(topic) > 0) {
    to_client_.emplace_back(std::move(topic), std::move(payload));
  }
}

}  // namespace parley::client
