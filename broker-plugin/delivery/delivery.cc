#include "broker-plugin/delivery/delivery.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "core/domain/permissions.h"
#include "parley/internal/v1/envelope.pb.h"
#include "schemas/hot_json.h"
#include "schemas/json.h"

namespace parley::plugin {
namespace {

constexpr std::array<Encoding, 2> kEncodings = {Encoding::kPb, Encoding::kJson};

}  // namespace

Delivery::Delivery(Broker& broker, domain::Directory& view, Sessions& sessions, Hooks hooks,
                   LogIndex committed)
    : broker_(broker), view_(view), sessions_(sessions), hooks_(std::move(hooks)), committed_(committed) {}

void Delivery::OnCommitted(log::CommittedBatch batch) {
  std::vector<log::CommittedBatch> spent;  // freed outside of the lock
  {
    const std::lock_guard lock(mutex_);
    arrived_.push_back(std::move(batch));
    spent.swap(spent_);
  }
  changed_.notify_one();
  hooks_.ring();
}

void Delivery::OnFailed(const Error& reason) {
  {
    const std::lock_guard lock(mutex_);
    failure_ = reason;
  }
  changed_.notify_one();
  hooks_.ring();
}

std::optional<Error> Delivery::failure() const {
  const std::lock_guard lock(mutex_);
  return failure_;
}

void Delivery::TakeCommitted() {
  std::vector<log::CommittedBatch> arrived;
  {
    const std::lock_guard lock(mutex_);
    arrived.swap(arrived_);
    while (!delivered_.empty() && spent_.size() < kSpentMax) {
      spent_.push_back(std::move(delivered_.back()));
      delivered_.pop_back();
    }
  }
  delivered_.clear();
  for (log::CommittedBatch& batch : arrived) {
    if (!batch.applied.empty()) outgoing_.push_back(std::move(batch));
  }
}

void Delivery::Drain() {
  TakeCommitted();
  const LogIndex before = committed_;
  while (HasOutgoing() && budget_ > 0 && Deliver(outgoing_.front().applied[next_])) Advance();
  if (committed_ != before) hooks_.released(committed_);
  PublishCommitNotice();
  PublishBarrier();
}

void Delivery::Advance() {
  const std::vector<domain::Applied>& applied = outgoing_.front().applied;
  committed_ = applied[next_].index;
  committed_ms_ = outgoing_.front().committed_ms;
  ++counts_.commands;
  progress_ = {};
  if (++next_ < applied.size()) return;
  next_ = 0;
  delivered_.push_back(std::move(outgoing_.front()));
  outgoing_.pop_front();
}

bool Delivery::DrainUntil(LogIndex index, std::chrono::milliseconds timeout) {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  while (committed_ < index) {
    {
      std::unique_lock lock(mutex_);
      const bool in_time =
          changed_.wait_until(lock, deadline, [this] { return !arrived_.empty() || failure_.has_value(); });
      if (!in_time || failure_) return false;
    }
    Drain();
  }
  return true;
}

bool Delivery::Deliver(const domain::Applied& applied) {
  if (!applied.events_first && !ChangeView(applied)) return false;
  if (!DeliverEvents(applied)) return false;
  if (applied.events_first && !ChangeView(applied)) return false;
  if (!DeliverInbox(applied)) return false;
  const internal::v1::Origin& origin = applied.origin;
  if (applied.ack) {
    if (applied.ack->code() != Code::OK) counts_.refusals.Count(applied.ack->code());
    PublishAck(origin.client(), AnswerEncoding(static_cast<Encoding>(origin.encoding())), *applied.ack,
               origin.correlation_data());
  }
  if (origin.token() != 0) hooks_.answered(applied);
  return true;
}

bool Delivery::ChangeView(const domain::Applied& applied) {
  if (progress_.changed) return true;
  if (!applied.changes.empty() && !ViewMayChange()) return false;
  for (const domain::Change& change : applied.changes) {
    hooks_.will_change(change);
    view_.Apply(change);
  }
  progress_.changed = true;
  return true;
}

LogIndex Delivery::shown() const {
  if (outgoing_.empty()) return committed_;
  const bool begun = progress_.changed || progress_.started || progress_.event > 0;
  return begun ? outgoing_.front().applied[next_].index : committed_;
}

bool Delivery::DeliverEvents(const domain::Applied& applied) {
  Progress& at = progress_;
  for (; at.event < applied.events.size(); ++at.event) {
    const domain::NewEvent& event = applied.events[at.event];
    if (!at.started) {
      if (budget_ == 0) return false;
      StartEvent(event);
    }
    for (; at.recipient < at.recipients.size(); ++at.recipient) {
      if (budget_ == 0) return false;
      PublishToUser(at.recipients[at.recipient], event.bytes, at.json, 1);
    }
    at.started = false;
  }
  return true;
}

bool Delivery::DeliverInbox(const domain::Applied& applied) {
  for (size_t& at = progress_.inbox_item; at < applied.inbox.size(); ++at) {
    const domain::NewInboxItem& item = applied.inbox[at];
    const InterestCounts& interest = sessions_.interest();
    const bool pb = interest.AnyInInbox(item.user, Encoding::kPb);
    const bool json = interest.AnyInInbox(item.user, Encoding::kJson);
    if (!pb && !json) continue;
    if (budget_ == 0) return false;
    if (pb) Publish(UserInboxTopic(item.user, Encoding::kPb), item.bytes, 1);
    if (!json) continue;
    v1::InboxItem parsed;
    parsed.ParseFromString(item.bytes);
    Publish(UserInboxTopic(item.user, Encoding::kJson), ToJson(parsed), 1);
  }
  return true;
}

void Delivery::StartEvent(const domain::NewEvent& event) {
  progress_.recipients = RecipientsOf(event.room);
  for (const UserId& user : event.also_to) progress_.recipients.push_back(user.str());
  progress_.recipient = 0;
  progress_.json.clear();
  progress_.started = true;
  PublishToRoom(event.room, event.bytes, progress_.json, 1);
}

const std::string& Delivery::JsonOf(const std::string& pb, std::string& json) {
  if (!json.empty()) return json;
  event_.ParseFromString(pb);
  json = EventToJson(event_);
  return json;
}

void Delivery::PublishToRoom(const std::string& room, const std::string& pb, std::string& json, int qos) {
  for (const Encoding encoding : kEncodings) {
    if (!sessions_.interest().AnyInRoom(room, encoding)) continue;
    ++counts_.events;
    Publish(RoomEventsTopic(room, encoding), encoding == Encoding::kPb ? pb : JsonOf(pb, json), qos);
  }
}

void Delivery::PublishToUser(const std::string& user, const std::string& pb, std::string& json, int qos) {
  for (const Encoding encoding : kEncodings) {
    if (!sessions_.interest().AnyOfUser(user, encoding)) continue;
    ++counts_.events;
    Publish(UserEventsTopic(user, encoding), encoding == Encoding::kPb ? pb : JsonOf(pb, json), qos);
  }
}

std::vector<std::string> Delivery::RecipientsOf(std::string_view room_name) const {
  std::vector<std::string> users;
  const InterestCounts& interest = sessions_.interest();
  if (interest.user_count() == 0) return users;
  const auto add = [&](const std::string& user) {
    if (interest.AnyOfUser(user, Encoding::kPb) || interest.AnyOfUser(user, Encoding::kJson)) {
      users.push_back(user);
    }
  };
  const domain::Room* room = view_.FindRoom(room_name);
  if (room == nullptr) {  // a direct room that nothing was stored in yet
    const DirectPair pair = DirectUsers(room_name);
    for (const std::string_view user : {pair.a, pair.b}) add(std::string(user));
  } else if (room->members.size() <= interest.user_count()) {
    for (const domain::Membership& member : room->members) {
      if (domain::IsReader(member.role)) add(view_.At(member.user).record.username());
    }
  } else {
    interest.ForEachUser([&](const std::string& user) {
      const domain::Membership* member = view_.FindMembership(room_name, user);
      if (member != nullptr && domain::IsReader(member->role)) users.push_back(user);
    });
  }
  return users;
}

void Delivery::PublishLive(const v1::Event& event) {
  const std::string pb = event.SerializeAsString();
  std::string json;
  PublishToRoom(event.room(), pb, json, 0);
  for (const std::string& user : RecipientsOf(event.room())) PublishToUser(user, pb, json, 0);
}

uint64_t Delivery::PublishPassing(const std::string& topic, std::string_view payload) {
  Publish(topic, payload, 0);
  return barriers_sent_ + 1;
}

void Delivery::PublishAck(const std::string& client, Encoding encoding, const v1::Ack& ack,
                          std::string_view correlation_data) {
  if (client.empty() || !sessions_.AnyAckInterest(client, encoding)) return;
  ++counts_.acks;
  Publish(AcksTopic(client, encoding), encoding == Encoding::kPb ? ack.SerializeAsString() : AckToJson(ack),
          1, correlation_data);
}

void Delivery::PublishReply(const ReplyAddress& address, std::string_view payload) {
  ++counts_.replies;
  Publish(address.topic, payload, 1, address.correlation_data);
}

void Delivery::PublishRequest(const std::string& envelope) {
  Publish(std::string(kBridgeRequestTopic), envelope, 1);
}

void Delivery::Publish(const std::string& topic, std::string_view payload, int qos,
                       std::string_view correlation_data) {
  broker_.Publish(topic, payload, qos, correlation_data);
  published_ = true;
  ticks_since_publish_ = 0;
  if (budget_ > 0) --budget_;
}

// Only when everything published so far has been routed.
bool Delivery::ViewMayChange() const {
  if (!doorbell_present_) return ticks_since_publish_ >= 2;
  return !published_ && barriers_asked_ >= barriers_sent_;
}

void Delivery::PublishBarrier() {
  if (!published_) return;
  published_ = false;
  broker_.Publish(std::string(kBarrierTopic), std::to_string(++barriers_sent_), 0, {});
}

void Delivery::OnBarrierAsked(std::string_view payload) {
  uint64_t barrier = 0;
  std::from_chars(payload.data(), payload.data() + payload.size(), barrier);
  barriers_asked_ = std::max(barriers_asked_, barrier);
  hooks_.routed();
  budget_ = kPublishesPerPass;
  if (HasOutgoing()) hooks_.ring();
}

void Delivery::OnTick() {
  ++ticks_since_publish_;
  if (!doorbell_present_) budget_ = kPublishesPerPass;
  Drain();
}

void Delivery::SetDoorbell(bool present) {
  doorbell_present_ = present;
  published_ = true;  // a barrier that got lost with the last doorbell is replaced by a new one
  ticks_since_publish_ = 0;
}

void Delivery::SetBridge(bool present) {
  bridge_present_ = present;
  noticed_ = {};
}

void Delivery::PublishCommitNotice() {
  if (!bridge_present_ || noticed_ == committed_) return;
  noticed_ = committed_;
  internal::v1::CommitNotice notice;
  notice.set_committed(committed_.value);
  notice.set_committed_ms(committed_ms_);
  Publish(std::string(kCommittedTopic), notice.SerializeAsString(), 0);
}

void Delivery::PublishStats(const internal::v1::MetricsNotice& notice) {
  if (bridge_present_) Publish(std::string(kStatsTopic), notice.SerializeAsString(), 0);
}

}  // namespace parley::plugin
