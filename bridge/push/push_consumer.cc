#include "bridge/push/push_consumer.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "bridge/push/ledger.h"
#include "bridge/push/limits.h"
#include "core/domain/permissions.h"

namespace parley::bridge {
namespace {

// What an event that is not there any more, or cannot be understood, comes to.
Result<std::optional<v1::Event>> EventOf(const store::StoreView& view, Rid rid, Seq seq) {
  const auto stored = view.EventAt(rid, seq);
  if (!stored) return stored.error();
  if (!*stored) return std::optional<v1::Event>();  // freed meanwhile
  v1::Event event;
  if (!event.ParseFromString((*stored)->bytes)) {
    return Error{Code::INVALID_ARGUMENT, "event " + std::to_string(seq.value) + " is damaged"};
  }
  return std::optional(std::move(event));
}

Handled Failed(const Error& error) {
  return error.code == Code::INVALID_ARGUMENT ? Handled::Poison(error.reason)
                                              : Handled::TryAgain(error.reason);
}

// Devices by why they are not told.
class Suppressions {
 public:
  void Add(v1::Push::Reason reason, Uid uid, uint32_t number) {
    PushSuppressions::Group*& group = groups_[reason];
    if (group == nullptr) {
      group = row_.add_groups();
      group->set_reason(reason);
    }
    group->add_uids(uid.value);
    group->add_device_numbers(number);
  }
  bool empty() const { return groups_.empty(); }
  std::string Row(int64_t now_ms, PushCounters& counters) {
    for (const auto& [reason, group] : groups_) {
      counters.suppressed.Add(reason, static_cast<uint64_t>(group->uids_size()));
    }
    row_.set_decided_ms(static_cast<uint64_t>(now_ms));
    return row_.SerializeAsString();
  }

 private:
  PushSuppressions row_;
  std::map<v1::Push::Reason, PushSuppressions::Group*> groups_;
};

}  // namespace

Result<bool> PushConsumer::IsIdle(const store::StoreView& view) {
  parts_.outbox.Open();
  const auto any = view.PushRecords({}, 1);
  if (!any) return any.error();
  parts_.in_use = !any->empty();
  second_look_.Dropped();
  if (any->empty()) {
    candidates_.Forget();
    second_look_.NothingToSee();
  }
  return any->empty();
}

void PushConsumer::OnCarriedOut() {
  second_look_.CarriedOut();
  if (std::exchange(put_, false)) parts_.wake();
}

std::optional<int64_t> PushConsumer::due_ms() const {
  return parts_.in_use ? second_look_.due_ms() : std::nullopt;
}

Handled PushConsumer::OnDue(const FeedContext& context, FeedEffects& effects) {
  parts_.outbox.Open();
  if (Status loaded = candidates_.Load(context.view); !loaded) return Failed(loaded.error());
  const Result<bool> put = second_look_.Look(context, effects);
  if (!put) return Handled::Wait(put.error().reason);
  put_ = put_ || *put;
  return Handled::Done();
}

void PushConsumer::OnBeginAnew() {
  parts_.outbox.Close();
  candidates_.Forget();
}

Handled PushConsumer::Handle(const store::FeedEntry& entry, const FeedContext& context,
                             FeedEffects& effects) {
  using Kind = store::FeedItem::Kind;
  parts_.outbox.Open();
  second_look_.Dropped();
  if (Status loaded = candidates_.Load(context.view); !loaded) return Failed(loaded.error());
  for (const store::FeedItem& item : entry.items) {
    Handled handled;
    switch (item.kind) {
      case Kind::kPush:
        if (Status read = candidates_.Refresh(context.view, Uid{item.first}); !read)
          handled = Failed(read.error());
        break;
      case Kind::kCursor:
        handled = TakeBackRead(Rid{item.first}, Uid{item.second}, entry.index, context, effects);
        break;
      case Kind::kEvent:
        candidates_.RoomChanged(Rid{item.first});  // most events that are no messages are memberships
        break;
      case Kind::kMessage:
        handled = HandleEvent(item, context, effects);
        break;
      case Kind::kInbox:
        break;
    }
    if (handled.kind != Handled::Kind::kDone) return handled;
  }
  return Handled::Done();
}

Handled PushConsumer::HandleEvent(const store::FeedItem& item, const FeedContext& context,
                                  FeedEffects& effects) {
  const Rid rid{item.first};
  const auto members = candidates_.In(context.view, rid);
  if (!members) return Failed(members.error());
  if ((*members)->empty()) return Handled::Done();
  auto event = EventOf(context.view, rid, Seq{item.second});
  if (!event) return Failed(event.error());
  if (!*event) return Handled::Done();
  if ((*event)->has_delete_()) {
    return TakeBackDeleted(rid, **event, LogIndex{(*event)->feed()}, context, effects);
  }
  const std::optional<ToldMessage> message = Told(rid, **std::move(event));
  return message ? Tell(*message, context, effects) : Handled::Done();
}

Handled PushConsumer::Tell(const ToldMessage& message, const FeedContext& context, FeedEffects& effects) {
  const int64_t now_ms = context.now.wall_ms;
  const auto members = candidates_.In(context.view, message.rid);
  if (!members) return Failed(members.error());
  Suppressions suppressions;
  bool queued = false;
  for (const Uid uid : **members) {
    const domain::PushRecord* record = candidates_.RecordOf(uid);
    if (record == nullptr || record->username() == message.event.sender()) continue;
    const auto member = context.view.Member(message.rid, uid);
    if (!member) return Failed(member.error());
    std::optional<Whereabouts> user;
    for (const PushDeviceRecord& device : record->devices()) {
      if (device.registered_feed() >= message.event.feed()) continue;
      PushFacts facts =
          FactsOf(message, record->username(), device, *member ? &**member : nullptr, zones_, now_ms);
      facts.configured = parts_.providers[ProviderOf(device)].configured;
      if (!user) user = parts_.connectedness.Of(record->username());
      facts.user = *user;
      const PushDecision decision = DecidePush(facts);
      if (decision.kind == PushDecision::Kind::kWait)
        return Handled::Wait("who is connected is not known yet");
      if (decision.kind == PushDecision::Kind::kSuppress) {
        suppressions.Add(decision.reason, uid, device.number());
        continue;
      }
      // What has to wait goes the same way: the sender decides again, and keeps it.
      const PushItem item = ItemOf(message, uid, record->username(), device, now_ms);
      Queue(item, decision.reason, effects);
      queued = true;
      ++parts_.counters.queued;
    }
  }
  if (!suppressions.empty()) {
    effects.Put(LedgerKey(message.rid, message.seq()), suppressions.Row(now_ms, parts_.counters));
  }
  if (queued || !suppressions.empty()) effects.Put(LedgerTimeKey(now_ms, message.rid, message.seq()), {});
  put_ = put_ || queued;
  return Handled::Done();
}

// Anybody may say that a message is deleted; it counts when it is one's own, or one's room.
Result<bool> PushConsumer::MayDelete(Rid rid, const v1::Event& event, Seq target,
                                     const store::StoreView& view) const {
  const auto deleted = EventOf(view, rid, target);
  if (!deleted) return deleted.error();
  if (!*deleted) return true;  // freed: nobody is to be told of it
  if ((*deleted)->sender() == event.sender()) return true;
  const auto user = view.User(event.sender());
  if (!user) return user.error();
  if (!*user) return false;
  const auto member = view.Member(rid, Uid{(*user)->uid()});
  if (!member) return member.error();
  return *member && ((*member)->role() == v1::Member::OWNER || (*member)->role() == v1::Member::MODERATOR);
}

Handled PushConsumer::TakeBackDeleted(Rid rid, const v1::Event& event, LogIndex index,
                                      const FeedContext& context, FeedEffects& effects) {
  const Seq target{event.delete_().target_seq()};
  if (target.value == 0 || target.value >= event.seq()) return Handled::Done();
  const Result<bool> may = MayDelete(rid, event, target, context.view);
  if (!may) return Failed(may.error());
  if (!*may) return Handled::Done();
  // What waits is told by this row, when it is looked at; it goes with the message's ledger.
  effects.Put(DeletedKey(rid, target), {});
  effects.Put(LedgerTimeKey(context.now.wall_ms, rid, target), {});
  std::string after;
  while (true) {
    const auto rows = parts_.outbox.Scan(LedgerKey(rid, target), after, limits::kPushRowsPerSweep);
    if (!rows) return Handled::Wait(rows.error().reason);
    for (const PushOutbox::Row& row : *rows) {
      after = row.key;
      const std::optional<PushDeviceId> device = DeviceOfLedgerKey(row.key);
      PushLedgerRecord record;
      if (!device || !record.ParseFromString(row.value) || record.state() != v1::Push::ACCEPTED) continue;
      effects.Delete(ShownKey(device->uid, rid, target, device->number));
      if (!parts_.providers[record.provider()].can_withdraw) continue;
      PushItem of;
      of.set_feed(index.value);
      of.set_rid(rid.value);
      of.set_room(event.room());
      of.set_uid(device->uid.value);
      of.set_decided_ms(static_cast<uint64_t>(context.now.wall_ms));
      Withdraw(of, {{device->number, {target.value}}}, effects);
    }
    if (rows->size() < limits::kPushRowsPerSweep) return Handled::Done();
  }
}

Handled PushConsumer::TakeBackRead(Rid rid, Uid uid, LogIndex index, const FeedContext& context,
                                   FeedEffects& effects) {
  if (candidates_.RecordOf(uid) == nullptr) return Handled::Done();
  const auto member = context.view.Member(rid, uid);
  if (!member) return Failed(member.error());
  if (!*member || (*member)->read() == 0) return Handled::Done();
  std::map<uint32_t, std::vector<uint64_t>> seqs;
  std::string after;
  while (true) {
    const auto rows = parts_.outbox.Scan(ShownPrefix(uid, rid), after, limits::kPushRowsPerSweep);
    if (!rows) return Handled::Wait(rows.error().reason);
    bool more = rows->size() == limits::kPushRowsPerSweep;
    for (const PushOutbox::Row& row : *rows) {
      after = row.key;
      const auto shown = ParseShownKey(row.key);
      const auto value = ParseShown(row.value);
      if (!shown || !value) continue;
      if (shown->seq.value > (*member)->read()) {
        more = false;
        break;
      }
      const auto still = effects.Get(row.key);  // an entry before this one may have read it
      if (!still) return Handled::Wait(still.error().reason);
      if (!*still) continue;
      effects.Delete(row.key);
      const std::string ledger_key = LedgerKey(rid, shown->seq, {uid, shown->number});
      const auto ledger = effects.Get(ledger_key);
      if (!ledger) return Handled::Wait(ledger.error().reason);
      PushLedgerRecord record;
      if (!*ledger || !record.ParseFromString(**ledger)) continue;
      record.set_read_ms(static_cast<uint64_t>(context.now.wall_ms));
      effects.Put(ledger_key, record.SerializeAsString());
      const bool fresh = context.now.wall_ms - value->accepted_ms < limits::kPushLifeMs;
      if (fresh && parts_.providers[value->provider].can_withdraw)
        seqs[shown->number].push_back(shown->seq.value);
    }
    if (!more) break;
  }
  PushItem of;
  of.set_feed(index.value);
  of.set_rid(rid.value);
  of.set_room((*member)->room());
  of.set_uid(uid.value);
  of.set_decided_ms(static_cast<uint64_t>(context.now.wall_ms));
  Withdraw(of, seqs, effects);
  return Handled::Done();
}

void PushConsumer::Withdraw(const PushItem& of, const std::map<uint32_t, std::vector<uint64_t>>& seqs,
                            FeedEffects& effects) {
  const domain::PushRecord* record = candidates_.RecordOf(Uid{of.uid()});
  if (record == nullptr) return;
  for (const PushDeviceRecord& device : record->devices()) {
    const auto found = seqs.find(device.number());
    if (found == seqs.end()) continue;
    PushItem item = of;
    item.set_user(record->username());
    item.set_device(device.device());
    item.set_device_number(device.number());
    item.set_provider(ProviderOf(device));
    item.set_priority(kPushWithdraw);
    item.set_withdraw(true);
    item.set_seq(found->second.back());
    item.set_expires_ms(of.decided_ms() + static_cast<uint64_t>(limits::kPushLifeMs));
    item.mutable_withdrawn_seqs()->Add(found->second.begin(), found->second.end());
    effects.Put(QueuedKey(item), item.SerializeAsString());
    put_ = true;
  }
}

}  // namespace parley::bridge
