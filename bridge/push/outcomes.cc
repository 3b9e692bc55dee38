#include "bridge/push/outcomes.h"

#include <algorithm>
#include <utility>

#include "bridge/push/ledger.h"
#include "bridge/push/limits.h"
#include "schemas/json.h"

namespace parley::bridge {
namespace {

using Outcome = PushSenderCounters::Outcome;

// The pause after so many attempts, give or take a quarter so that they do not come back as one.
int64_t PauseMs(uint32_t attempts, uint64_t random) {
  int64_t pause_ms = limits::kPushRetryFirstMs;
  for (uint32_t i = 1; i < attempts && pause_ms < limits::kPushRetryLastMs; ++i) pause_ms *= 2;
  pause_ms = std::min(pause_ms, limits::kPushRetryLastMs);
  const int64_t spread_ms = pause_ms / 2;
  return pause_ms - spread_ms / 2 + static_cast<int64_t>(random % static_cast<uint64_t>(spread_ms + 1));
}

PushFate FateOf(const JudgedPush& judged, int64_t wall_ms) {
  PushFate fate{.sent_ms = judged.sent.sent_ms,
                .answered_ms = wall_ms,
                .status = judged.status,
                .detail = judged.verdict.detail};
  if (judged.again) return fate;  // WAITING
  switch (judged.outcome) {
    case Outcome::kAccepted:
    case Outcome::kWithdrawn:
      fate.state = v1::Push::ACCEPTED;
      return fate;
    case Outcome::kNoAnswer:
      fate.state = v1::Push::UNKNOWN;
      fate.reason = v1::Push::NO_ANSWER;
      return fate;
    case Outcome::kDead:
      fate.reason = v1::Push::DEAD;
      break;
    case Outcome::kRefused:
      fate.reason = v1::Push::REFUSED;
      break;
    case Outcome::kRetried:
    case Outcome::kGaveUp:
      fate.reason = v1::Push::GAVE_UP;
      break;
  }
  fate.state = v1::Push::FAILED;
  return fate;
}

Status PutDeviceStatus(const JudgedPush& judged, const PushOutbox& outbox, int64_t wall_ms,
                       PushBatch& batch) {
  const PushItem& item = judged.sent.item;
  const std::string key = DeviceStatusKey({Uid{item.uid()}, item.device_number()});
  PushDeviceStatus status;
  if (judged.outcome == Outcome::kAccepted || judged.outcome == Outcome::kWithdrawn) {
    status.set_last_accepted_ms(static_cast<uint64_t>(wall_ms));
  } else {
    const auto row = outbox.Get(key);
    if (!row) return row.error();
    if (*row && !status.ParseFromString(**row)) status.Clear();
    status.set_last_failure(Printable(judged.verdict.detail, limits::kPushDetailBytesMax));
  }
  batch.Put(key, status.SerializeAsString());
  return {};
}

Status PutWithdrawn(const PushItem& item, const PushOutbox& outbox, PushBatch& batch) {
  for (const uint64_t seq : item.withdrawn_seqs()) {
    const std::string key = LedgerKey(Rid{item.rid()}, Seq{seq}, {Uid{item.uid()}, item.device_number()});
    const auto row = outbox.Get(key);
    if (!row) return row.error();
    PushLedgerRecord record;
    if (!*row || !record.ParseFromString(**row)) continue;
    record.set_state(v1::Push::WITHDRAWN);
    batch.Put(key, record.SerializeAsString());
  }
  return {};
}

// Whether it was read, or deleted, while it was under way: then the feed has found nothing to take back.
struct Meanwhile {
  bool read = false;
  bool deleted = false;
};
Result<Meanwhile> LookMeanwhile(const PushItem& item, const PushOutbox& outbox,
                                const store::StoreView* view) {
  Meanwhile meanwhile;
  if (view == nullptr) return meanwhile;
  const auto member = view->Member(Rid{item.rid()}, Uid{item.uid()});
  if (!member) return member.error();
  meanwhile.read = *member && (*member)->read() >= item.seq();
  const auto deleted = outbox.Get(DeletedKey(Rid{item.rid()}, Seq{item.seq()}));
  if (!deleted) return deleted.error();
  meanwhile.deleted = deleted->has_value();
  return meanwhile;
}

}  // namespace

JudgedPush JudgePush(SentPush sent, PushVerdict verdict, int status, int64_t wall_ms, uint64_t random) {
  using Kind = PushVerdict::Kind;
  JudgedPush judged{.sent = std::move(sent), .verdict = std::move(verdict), .status = status};
  PushItem& item = judged.sent.item;
  switch (judged.verdict.kind) {
    case Kind::kAccepted:
      judged.outcome = item.withdraw() ? Outcome::kWithdrawn : Outcome::kAccepted;
      return judged;
    case Kind::kDead:
      judged.outcome = Outcome::kDead;
      return judged;
    case Kind::kRefused:
      judged.outcome = Outcome::kRefused;
      return judged;
    case Kind::kNoAnswer:
      judged.outcome = Outcome::kNoAnswer;
      return judged;
    case Kind::kBlocked:
      // Not this item's fault: it does not count, and is due as soon as the provider takes something.
      item.set_attempts(item.attempts() - std::min<uint32_t>(item.attempts(), 1));
      item.set_not_before_ms(static_cast<uint64_t>(wall_ms));
      break;
    case Kind::kRetry:
    case Kind::kSignIn: {
      if (item.attempts() >= limits::kPushAttemptsMax) {
        judged.outcome = Outcome::kGaveUp;
        return judged;
      }
      const bool at_once = judged.verdict.kind == Kind::kSignIn && item.attempts() == 1;
      const int64_t asked_ms =
          std::clamp<int64_t>(judged.verdict.retry_after_ms.value_or(0), 0, limits::kPushRetryAfterMsMax);
      const int64_t pause_ms = at_once ? 0 : std::max(PauseMs(item.attempts(), random), asked_ms);
      item.set_not_before_ms(static_cast<uint64_t>(wall_ms + pause_ms));
      break;
    }
  }
  judged.outcome = Outcome::kRetried;
  judged.again = !judged.sent.test;
  return judged;
}

Status PutOutcome(const JudgedPush& judged, const PushOutbox& outbox, const store::StoreView* view,
                  bool can_withdraw, int64_t wall_ms, PushBatch& batch) {
  const PushItem& item = judged.sent.item;
  if (!judged.again) {
    if (Status put = PutDeviceStatus(judged, outbox, wall_ms, batch); !put) return put;
  }
  if (judged.sent.test) return {};
  batch.Delete(SendingKey(item));
  batch.Delete(StartedKey(item));
  if (judged.again) batch.Put(DeferredKey(item), item.SerializeAsString());
  if (judged.outcome == Outcome::kWithdrawn) return PutWithdrawn(item, outbox, batch);
  PushFate fate = FateOf(judged, wall_ms);
  if (judged.outcome == Outcome::kAccepted) {
    const Result<Meanwhile> meanwhile = LookMeanwhile(item, outbox, view);
    if (!meanwhile) return meanwhile.error();
    if (meanwhile->read) fate.read_ms = wall_ms;
    if (!meanwhile->read && !meanwhile->deleted) {
      batch.Put(ShownKey(Uid{item.uid()}, Rid{item.rid()}, Seq{item.seq()}, item.device_number()),
                EncodeShown({wall_ms, item.provider()}));
    } else if (can_withdraw) {
      const PushItem withdrawal = WithdrawalItem(item, wall_ms);
      batch.Put(QueuedKey(withdrawal), withdrawal.SerializeAsString());
    }
  }
  PutFate(item, fate, batch);
  return {};
}

}  // namespace parley::bridge
