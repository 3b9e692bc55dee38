#include "bridge/push/decider.h"

#include "bridge/push/ledger.h"
#include "bridge/push/limits.h"

namespace parley::bridge {
namespace {

constexpr char kDeferredTag = 'w';

bool IsDeferred(const OutboxItem& found) {
  return found.key.front() == kDeferredTag;
}

}  // namespace

Result<const PushDeviceRecord*> PushDecider::DeviceOf(const PushItem& item) {
  auto known = records_.find(item.uid());
  if (known == records_.end()) {
    auto record = parts_.view.PushOf(Uid{item.uid()});
    if (!record) return std::move(record).error();
    known = records_.emplace(item.uid(), record->value_or(domain::PushRecord())).first;
  }
  for (const PushDeviceRecord& device : known->second.devices()) {
    if (device.number() == item.device_number() && ProviderOf(device) == item.provider()) return &device;
  }
  return static_cast<const PushDeviceRecord*>(nullptr);
}

Result<const ToldMessage*> PushDecider::MessageOf(const PushItem& item) {
  const std::pair<uint64_t, uint64_t> place{item.rid(), item.seq()};
  auto known = messages_.find(place);
  if (known == messages_.end()) {
    const auto stored = parts_.view.EventAt(Rid{item.rid()}, Seq{item.seq()});
    if (!stored) return stored.error();
    std::optional<ToldMessage> message;
    v1::Event event;
    if (*stored && event.ParseFromString((*stored)->bytes)) message = Told(Rid{item.rid()}, std::move(event));
    if (message) {
      const auto deleted = parts_.outbox.Get(DeletedKey(Rid{item.rid()}, Seq{item.seq()}));
      if (!deleted) return deleted.error();
      message->deleted = deleted->has_value();
    }
    known = messages_.emplace(place, std::move(message)).first;
  }
  return known->second ? &*known->second : nullptr;
}

// A user who was deleted or disabled is told nothing.
Result<bool> PushDecider::IsUserThere(const PushItem& item) {
  const auto user = parts_.view.User(item.user());
  if (!user) return user.error();
  return *user && (*user)->uid() == item.uid() && !(*user)->disabled();
}

Status PushDecider::Decide(const OutboxItem& found, PushPlan& plan) {
  static const PushDeviceRecord kNoDevice;
  const PushItem& item = found.item;
  const auto device = DeviceOf(item);
  if (!device) return device.error();
  const bool dead = *device != nullptr &&
                    parts_.dead.contains({Uid{item.uid()}, item.device_number(), (*device)->target_feed()});
  if (item.withdraw()) {
    if (*device != nullptr && !dead) return DecideWithdrawal(found, **device, plan);
    Drop(found, plan);
    return {};
  }
  const auto message = MessageOf(item);
  if (!message) return message.error();
  if (*message == nullptr) {
    Suppress(found, v1::Push::DELETED, plan);
    return {};
  }
  const Result<bool> there = IsUserThere(item);
  if (!there) return there.error();
  const auto member = parts_.view.Member(Rid{item.rid()}, Uid{item.uid()});
  if (!member) return member.error();
  PushFacts facts = FactsOf(**message, item.user(), *device != nullptr ? **device : kNoDevice,
                            *there && *member ? &**member : nullptr, parts_.zones, parts_.now_ms);
  facts.registered = *device != nullptr;
  facts.received = item.doubted() && *member && (*member)->delivered() >= item.seq();
  facts.user = parts_.connectedness.Of(item.user());
  const PushDecision decision = DecidePush(facts);
  switch (decision.kind) {
    case PushDecision::Kind::kWait:
      plan.unknown = true;
      return {};
    case PushDecision::Kind::kSuppress:
      Suppress(found, decision.reason, plan);
      return {};
    case PushDecision::Kind::kDefer:
      Defer(found, decision.reason, decision.not_before_ms, plan);
      return {};
    case PushDecision::Kind::kPush:
      break;
  }
  if (dead) {
    Suppress(found, v1::Push::DEAD, plan);
    return {};
  }
  Result<PushNotification> notification = maker_.Make(item, **message, **device, **member);
  if (!notification) return std::move(notification).error();
  CollapseOlder(found, plan);
  if (IsDeferred(found)) parts_.deferred.Remove(item);
  plan.ready.push_back({found, *std::move(notification), **device});
  return {};
}

Status PushDecider::DecideWithdrawal(const OutboxItem& found, const PushDeviceRecord& device,
                                     PushPlan& plan) {
  const PushItem& item = found.item;
  const Rid rid{item.rid()};
  const Uid uid{item.uid()};
  // A newer notification of the room has taken its place, and is not to go.
  const auto newer = parts_.outbox.Scan(
      ShownPrefix(uid, rid), ShownKey(uid, rid, Seq{item.seq()}, UINT32_MAX), limits::kPushRowsPerSweep);
  if (!newer) return newer.error();
  bool replaced = false;
  for (const PushOutbox::Row& row : *newer) {
    const auto shown = ParseShownKey(row.key);
    replaced = replaced || (shown && shown->number == item.device_number());
  }
  if (replaced || static_cast<uint64_t>(parts_.now_ms) >= item.expires_ms()) {
    Drop(found, plan);
    return {};
  }
  plan.ready.push_back({found, WithdrawalOf(item, device), device});
  return {};
}

void PushDecider::Park(const OutboxItem& found, PushPlan& plan) {
  Defer(found, v1::Push::NO_REASON, parts_.now_ms, plan);
}

void PushDecider::Defer(const OutboxItem& found, v1::Push::Reason reason, int64_t not_before_ms,
                        PushPlan& plan) {
  CollapseOlder(found, plan);
  Drop(found, plan);
  PushItem item = found.item;
  item.set_not_before_ms(static_cast<uint64_t>(not_before_ms));
  plan.batch.Put(DeferredKey(item), item.SerializeAsString());
  PutFate(item, {.state = v1::Push::WAITING, .reason = reason}, plan.batch);
  parts_.deferred.Add(item);
}

void PushDecider::Drop(const OutboxItem& found, PushPlan& plan) {
  plan.batch.Delete(found.key);
  if (IsDeferred(found)) parts_.deferred.Remove(found.item);
}

void PushDecider::Suppress(const OutboxItem& found, v1::Push::Reason reason, PushPlan& plan) {
  Drop(found, plan);
  PutFate(found.item, SuppressedFate(found.item, reason), plan.batch);
  parts_.counters.suppressed.Add(reason);
}

void PushDecider::CollapseOlder(const OutboxItem& found, PushPlan& plan) {
  if (IsDeferred(found) || found.item.withdraw()) return;  // it has taken its place already
  for (const PushItem& older : parts_.deferred.TakeOlder(found.item)) {
    plan.batch.Delete(DeferredKey(older));
    PutFate(older, SuppressedFate(older, v1::Push::COLLAPSED), plan.batch);
    parts_.counters.suppressed.Add(v1::Push::COLLAPSED);
  }
}

}  // namespace parley::bridge
