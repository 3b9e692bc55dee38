#include "bridge/push/ledger.h"

#include "bridge/push/limits.h"
#include "schemas/json.h"

namespace parley::bridge {

void PutFate(const PushItem& item, const PushFate& fate, PushBatch& batch) {
  if (item.withdraw()) return;
  PushLedgerRecord record;
  record.set_provider(item.provider());
  record.set_state(fate.state);
  record.set_reason(fate.reason);
  record.set_attempts(item.attempts());
  record.set_decided_ms(item.decided_ms());
  record.set_sent_ms(static_cast<uint64_t>(fate.sent_ms));
  record.set_answered_ms(static_cast<uint64_t>(fate.answered_ms));
  record.set_status(static_cast<uint32_t>(fate.status));
  record.set_detail(Printable(fate.detail, limits::kPushDetailBytesMax));
  record.set_read_ms(static_cast<uint64_t>(fate.read_ms));
  record.set_device(item.device());
  batch.Put(LedgerKey(Rid{item.rid()}, Seq{item.seq()}, {Uid{item.uid()}, item.device_number()}),
            record.SerializeAsString());
}

PushFate SuppressedFate(const PushItem& item, v1::Push::Reason reason) {
  const bool failed = item.attempts() > 0 && (reason == v1::Push::EXPIRED || reason == v1::Push::DEAD);
  return {.state = failed ? v1::Push::FAILED : v1::Push::SUPPRESSED, .reason = reason};
}

PushItem WithdrawalItem(const PushItem& shown, int64_t now_ms) {
  PushItem item = shown;
  item.set_priority(kPushWithdraw);
  item.set_withdraw(true);
  item.set_attempts(0);
  item.set_not_before_ms(0);
  item.set_decided_ms(static_cast<uint64_t>(now_ms));
  item.set_expires_ms(static_cast<uint64_t>(now_ms + limits::kPushLifeMs));
  item.clear_withdrawn_seqs();
  item.add_withdrawn_seqs(shown.seq());
  return item;
}

}  // namespace parley::bridge
