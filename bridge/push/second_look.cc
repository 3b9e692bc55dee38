#include "bridge/push/second_look.h"

#include <algorithm>

#include "bridge/push/ledger.h"
#include "bridge/push/limits.h"
#include "bridge/push/policy.h"

namespace parley::bridge {

std::optional<int64_t> SecondLook::due_ms() const {
  if (parts_.connectedness.newest_lost() <= looked_) return std::nullopt;
  return next_ms_;
}

Result<bool> SecondLook::Look(const FeedContext& context, FeedEffects& effects) {
  next_ms_ = context.now.steady_ms + limits::kPushSecondLookMs;
  Result<LostByUid> lost = TakeLost(context);
  if (!lost) return std::move(lost).error();
  if (lost->empty()) return false;
  int64_t since_ms = context.now.wall_ms;
  for (const auto& [uid, one] : *lost) since_ms = std::min(since_ms, one.heard_ms - limits::kPushCrossedMs);
  since_ms = std::max({int64_t{0}, since_ms, context.now.wall_ms - limits::kPushDoubtMs});
  if (Status found = FindDoubts(since_ms, *lost); !found) return std::move(found).error();
  Messages messages;
  bool put = false;
  for (const auto& [uid, one] : *lost) {
    for (const Doubt& doubt : one.doubts) {
      const Result<bool> queued = Decide(uid, one, doubt, messages, context, effects);
      if (!queued) return queued.error();
      put = put || *queued;
    }
  }
  return put;
}

Result<SecondLook::LostByUid> SecondLook::TakeLost(const FeedContext& context) {
  LostByUid lost;
  for (const LostUser& user : parts_.connectedness.LostAfter(looked_)) {
    looking_ = user.number;
    const auto record = context.view.User(user.user);
    if (!record) return record.error();
    if (!*record) continue;
    const Uid uid{(*record)->uid()};
    if (parts_.candidates.RecordOf(uid) == nullptr) continue;
    // Lost twice: what came between is decided as of the first time.
    const auto [known, is_new] = lost.emplace(uid, Lost{.heard_ms = user.heard_ms});
    if (!is_new) known->second.heard_ms = std::min(known->second.heard_ms, user.heard_ms);
  }
  return lost;
}

Status SecondLook::FindDoubts(int64_t since_ms, LostByUid& lost) const {
  std::string after = LedgerTimeKey(since_ms, {}, {});
  for (size_t looked_at = 0; looked_at < limits::kPushDoubtedMessagesMax;) {
    const auto rows = parts_.outbox.Scan(kLedgerTimePrefix, after, limits::kPushRowsPerSweep);
    if (!rows) return rows.error();
    for (const PushOutbox::Row& row : *rows) {
      after = row.key;
      const auto message = ParseLedgerTimeKey(row.key);
      if (!message) continue;
      const auto ledger = parts_.outbox.Get(LedgerKey(message->rid, message->seq));
      if (!ledger) return ledger.error();
      PushSuppressions suppressions;
      if (!*ledger || !suppressions.ParseFromString(**ledger)) continue;
      for (const PushSuppressions::Group& group : suppressions.groups()) {
        if (group.reason() != v1::Push::ONLINE) continue;
        for (int i = 0; i < std::min(group.uids_size(), group.device_numbers_size()); ++i) {
          const auto found = lost.find(Uid{group.uids(i)});
          if (found == lost.end()) continue;
          std::deque<Doubt>& doubts = found->second.doubts;
          doubts.push_back({message->rid, message->seq, group.device_numbers(i)});
          if (doubts.size() > limits::kPushDoubtedMax) doubts.pop_front();
        }
      }
    }
    looked_at += rows->size();
    if (rows->size() < limits::kPushRowsPerSweep) break;
  }
  return {};
}

Result<const ToldMessage*> SecondLook::MessageOf(const Doubt& doubt, const store::StoreView& view,
                                                 Messages& messages) const {
  const auto [known, is_new] = messages.try_emplace({doubt.rid.value, doubt.seq.value});
  std::optional<ToldMessage>& message = known->second;
  if (is_new) {
    const auto stored = view.EventAt(doubt.rid, doubt.seq);
    if (!stored) return stored.error();
    v1::Event event;
    if (*stored && event.ParseFromString((*stored)->bytes)) message = Told(doubt.rid, std::move(event));
    if (message) {
      const auto deleted = parts_.outbox.Get(DeletedKey(doubt.rid, doubt.seq));
      if (!deleted) return deleted.error();
      message->deleted = deleted->has_value();
    }
  }
  return message ? &*message : nullptr;
}

Result<bool> SecondLook::Decide(Uid uid, const Lost& lost, const Doubt& doubt, Messages& messages,
                                const FeedContext& context, FeedEffects& effects) {
  const domain::PushRecord* record = parts_.candidates.RecordOf(uid);
  if (record == nullptr) return false;
  const auto device =
      std::find_if(record->devices().begin(), record->devices().end(),
                   [&doubt](const PushDeviceRecord& known) { return known.number() == doubt.number; });
  if (device == record->devices().end()) return false;
  const std::string key = LedgerKey(doubt.rid, doubt.seq, {uid, doubt.number});
  const auto decided = parts_.outbox.Get(key);
  if (!decided) return decided.error();
  if (*decided) return false;  // by an earlier look
  const auto message = MessageOf(doubt, context.view, messages);
  if (!message) return message.error();
  if (*message == nullptr) return false;
  if (static_cast<int64_t>((*message)->event.ts_ms()) + limits::kPushCrossedMs < lost.heard_ms) return false;
  const auto member = context.view.Member(doubt.rid, uid);
  if (!member) return member.error();
  const int64_t now_ms = context.now.wall_ms;
  PushFacts facts =
      FactsOf(**message, record->username(), *device, *member ? &**member : nullptr, zones_, now_ms);
  facts.configured = parts_.providers[ProviderOf(*device)].configured;
  facts.received = *member && (*member)->delivered() >= doubt.seq.value;
  facts.user = parts_.connectedness.Of(record->username());
  const PushDecision decision = DecidePush(facts);
  if (decision.kind == PushDecision::Kind::kWait) {
    return Error{Code::UNAVAILABLE, "who is connected is not known yet"};
  }
  // They have it, or are back: what the ledger says is right.
  if (decision.reason == v1::Push::ONLINE) return false;
  PushItem item = ItemOf(**message, uid, record->username(), *device, now_ms);
  item.set_doubted(true);
  if (decision.kind == PushDecision::Kind::kSuppress) {
    effects.Put(key, RecordOf(item, SuppressedFate(item, decision.reason)).SerializeAsString());
    parts_.counters.suppressed.Add(decision.reason);
    return false;
  }
  // What has to wait goes the same way: the sender decides again, and keeps it.
  Queue(item, decision.reason, effects);
  ++parts_.counters.queued;
  return true;
}

}  // namespace parley::bridge
