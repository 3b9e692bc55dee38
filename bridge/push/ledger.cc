#include "bridge/push/ledger.h"

#include "bridge/push/limits.h"
#include "schemas/json.h"

namespace parley::bridge {

PushLedgerRecord RecordOf(const PushItem& item, const PushFate& fate) {
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
  return record;
}

void PutFate(const PushItem& item, const PushFate& fate, PushBatch& batch) {
  if (item.withdraw()) return;
  batch.Put(LedgerKey(Rid{item.rid()}, Seq{item.seq()}, {Uid{item.uid()}, item.device_number()}),
            RecordOf(item, fate).SerializeAsString());
}

PushItem ItemOf(const ToldMessage& message, Uid uid, const std::string& user, const PushDeviceRecord& device,
                int64_t now_ms) {
  PushItem item;
  item.set_feed(message.event.feed());
  item.set_rid(message.rid.value);
  item.set_room(message.event.room());
  item.set_seq(message.event.seq());
  item.set_uid(uid.value);
  item.set_user(user);
  item.set_device(device.device());
  item.set_device_number(device.number());
  item.set_provider(ProviderOf(device));
  item.set_priority(IsUrgent(message, user) ? kPushUrgent : kPushOrdinary);
  item.set_decided_ms(static_cast<uint64_t>(now_ms));
  item.set_expires_ms(static_cast<uint64_t>(ExpiryOf(message, device)));
  return item;
}

void Queue(const PushItem& item, v1::Push::Reason reason, FeedEffects& effects) {
  effects.Put(QueuedKey(item), item.SerializeAsString());
  effects.Put(LedgerKey(Rid{item.rid()}, Seq{item.seq()}, {Uid{item.uid()}, item.device_number()}),
              RecordOf(item, {.state = v1::Push::WAITING, .reason = reason}).SerializeAsString());
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
