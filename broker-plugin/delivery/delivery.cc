#include "broker-plugin/delivery/delivery.h"

#include <algorithm>
#include <charconv>
#include <iterator>

#include "core/domain/permissions.h"
#include "parley/internal/v1/envelope.pb.h"
#include "schemas/json.h"

namespace parley::plugin {
namespace {

std::string JsonOf(const domain::NewEvent& event) {
  v1::Event parsed;
  parsed.ParseFromString(event.bytes);
  return ToJson(parsed);
}

}  // namespace

Delivery::Delivery(Broker& broker, domain::Directory& view, Sessions& sessions, Hooks hooks,
                   LogIndex committed)
    : broker_(broker), view_(view), sessions_(sessions), hooks_(std::move(hooks)), committed_(committed) {}

void Delivery::OnCommitted(log::CommittedBatch batch) {
  std::vector<Outgoing> made;
  made.reserve(batch.applied.size());
  for (domain::Applied& applied : batch.applied) {
    Outgoing& item = made.emplace_back();
    for (const domain::NewEvent& event : applied.events) item.json.push_back(JsonOf(event));
    item.applied = std::move(applied);
  }
  {
    const std::lock_guard lock(mutex_);
    std::move(made.begin(), made.end(), std::back_inserter(arrived_));
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
  std::vector<Outgoing> arrived;
  {
    const std::lock_guard lock(mutex_);
    arrived.swap(arrived_);
  }
  std::move(arrived.begin(), arrived.end(), std::back_inserter(outgoing_));
}

void Delivery::Drain() {
  TakeCommitted();
  const LogIndex before = committed_;
  while (!outgoing_.empty() && budget_ > 0 && Deliver(outgoing_.front())) {
    committed_ = outgoing_.front().applied.index;
    outgoing_.pop_front();
  }
  if (committed_ != before) hooks_.released(committed_);
  PublishCommitNotice();
  PublishBarrier();
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

bool Delivery::Deliver(Outgoing& item) {
  const bool events_first = item.applied.events_first;
  if (!events_first && !ChangeView(item)) return false;
  if (!DeliverEvents(item)) return false;
  if (events_first && !ChangeView(item)) return false;
  const internal::v1::Origin& origin = item.applied.origin;
  if (item.applied.ack) {
    PublishAck(origin.client(), AnswerEncoding(static_cast<Encoding>(origin.encoding())), *item.applied.ack,
               origin.correlation_data());
  }
  if (origin.token() != 0) hooks_.answered(item.applied);
  return true;
}

bool Delivery::ChangeView(Outgoing& item) {
  if (item.changed) return true;
  if (!item.applied.changes.empty() && !ViewMayChange()) return false;
  for (const domain::Change& change : item.applied.changes) {
    hooks_.will_change(change);
    view_.Apply(change);
  }
  item.changed = true;
  return true;
}

LogIndex Delivery::shown() const {
  if (outgoing_.empty()) return committed_;
  const Outgoing& next = outgoing_.front();
  return next.changed || next.started || next.event > 0 ? next.applied.index : committed_;
}

bool Delivery::DeliverEvents(Outgoing& item) {
  for (; item.event < item.applied.events.size(); ++item.event) {
    const domain::NewEvent& event = item.applied.events[item.event];
    if (!item.started) {
      if (budget_ == 0) return false;
      StartEvent(item, event);
    }
    for (; item.recipient < item.recipients.size(); ++item.recipient) {
      if (budget_ == 0) return false;
      PublishToUser(item.recipients[item.recipient], event.bytes, item.json[item.event]);
    }
    item.started = false;
  }
  return true;
}

void Delivery::StartEvent(Outgoing& item, const domain::NewEvent& event) {
  item.recipients = RecipientsOf(event.room);
  for (const UserId& user : event.also_to) item.recipients.push_back(user.str());
  item.recipient = 0;
  item.started = true;
  Publish(RoomEventsTopic(event.room, Encoding::kPb), event.bytes, 1);
  Publish(RoomEventsTopic(event.room, Encoding::kJson), item.json[item.event], 1);
}

void Delivery::PublishToUser(const std::string& user, const std::string& pb, const std::string& json) {
  for (const Encoding encoding : {Encoding::kPb, Encoding::kJson}) {
    if (!sessions_.AnyEventInterest(user, encoding)) continue;
    Publish(UserEventsTopic(user, encoding), encoding == Encoding::kPb ? pb : json, 1);
  }
}

std::vector<std::string> Delivery::RecipientsOf(std::string_view room_name) const {
  std::vector<std::string> users;
  const domain::Room* room = view_.FindRoom(room_name);
  if (room == nullptr) {  // a direct room that nothing was stored in yet
    const DirectPair pair = DirectUsers(room_name);
    for (const std::string_view user : {pair.a, pair.b}) {
      if (!user.empty()) users.emplace_back(user);
    }
    return users;
  }
  for (const domain::Membership& member : room->members) {
    if (domain::IsReader(member.role)) users.push_back(view_.At(member.user).record.username());
  }
  return users;
}

void Delivery::PublishLive(const v1::Event& event) {
  const std::string pb = event.SerializeAsString();
  const std::string json = ToJson(event);
  Publish(RoomEventsTopic(event.room(), Encoding::kPb), pb, 0);
  Publish(RoomEventsTopic(event.room(), Encoding::kJson), json, 0);
  for (const std::string& user : RecipientsOf(event.room())) {
    for (const Encoding encoding : {Encoding::kPb, Encoding::kJson}) {
      if (!sessions_.AnyEventInterest(user, encoding)) continue;
      Publish(UserEventsTopic(user, encoding), encoding == Encoding::kPb ? pb : json, 0);
    }
  }
}

void Delivery::PublishAck(const std::string& client, Encoding encoding, const v1::Ack& ack,
                          std::string_view correlation_data) {
  if (client.empty() || !sessions_.AnyAckInterest(client, encoding)) return;
  Publish(AcksTopic(client, encoding), encoding == Encoding::kPb ? ack.SerializeAsString() : ToJson(ack), 1,
          correlation_data);
}

void Delivery::PublishReply(const ReplyAddress& address, std::string_view payload) {
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
  budget_ = kPublishesPerPass;
  if (!outgoing_.empty()) hooks_.ring();
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
  Publish(std::string(kCommittedTopic), notice.SerializeAsString(), 0);
}

}  // namespace parley::plugin
