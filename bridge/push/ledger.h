#pragma once

#include <cstdint>
#include <string>

#include "bridge/feed/effects.h"
#include "bridge/push/facts.h"
#include "bridge/push/outbox.h"
#include "bridge/push/push_rows.h"

namespace parley::bridge {

// What became of an item, for its row of the ledger.
struct PushFate {
  v1::Push::State state = v1::Push::WAITING;
  v1::Push::Reason reason = v1::Push::NO_REASON;
  int64_t sent_ms = 0;
  int64_t answered_ms = 0;
  int status = 0;
  std::string detail{};
  int64_t read_ms = 0;
};

// As a row.
PushLedgerRecord RecordOf(const PushItem& item, const PushFate& fate);
// Writes it down. Nothing for what takes a notification back: that has no row of its own.
void PutFate(const PushItem& item, const PushFate& fate, PushBatch& batch);

// The item that tells a device of a message, which is decided now.
PushItem ItemOf(const ToldMessage& message, Uid uid, const std::string& user, const PushDeviceRecord& device,
                int64_t now_ms);
// Puts it into the outbox, and into the ledger that it waits.
void Queue(const PushItem& item, v1::Push::Reason reason, FeedEffects& effects);

// Suppressed, or failed when it was attempted before.
PushFate SuppressedFate(const PushItem& item, v1::Push::Reason reason);

// The item that takes notifications of the same message back, as the one that was sent.
PushItem WithdrawalItem(const PushItem& shown, int64_t now_ms);

}  // namespace parley::bridge
