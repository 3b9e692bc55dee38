#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "bridge/providers/provider.h"
#include "bridge/push/outbox.h"
#include "bridge/push/push_counters.h"
#include "bridge/push/push_rows.h"
#include "core/store/store_reader.h"

namespace parley::bridge {

// A registration that its provider has called dead.
struct DeadRegistration {
  std::string user;
  std::string device;
  uint64_t target_feed = 0;
};

// What was handed to the network.
struct SentPush {
  PushItem item{};
  bool test = false;  // it has no rows
  uint64_t target_feed = 0;
  int64_t sent_ms = 0;
  uint64_t epoch = 0;  // of the outbox
};

// And what came of it.
struct JudgedPush {
  SentPush sent{};
  PushVerdict verdict{};
  int status = 0;
  PushSenderCounters::Outcome outcome = PushSenderCounters::Outcome::kAccepted;
  bool again = false;  // it is deferred: sent.item says until when
};

// Judges: an answer that may be got again is deferred by a time that doubles, or as the provider asks; in the
// end it is given up. Pure.
JudgedPush JudgePush(SentPush sent, PushVerdict verdict, int status, int64_t wall_ms, uint64_t random);

// Writes down what came of it. `view`: for a look whether the message was read or deleted meanwhile; null: it
// is not looked at. Errors as of LocalStore and StoreView.
Status PutOutcome(const JudgedPush& judged, const PushOutbox& outbox, const store::StoreView* view,
                  bool can_withdraw, int64_t wall_ms, PushBatch& batch);

}  // namespace parley::bridge
