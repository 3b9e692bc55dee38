#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "bridge/feed/consumer.h"
#include "bridge/push/candidates.h"
#include "bridge/push/connectedness.h"
#include "bridge/push/facts.h"
#include "bridge/push/outbox.h"
#include "bridge/push/push_counters.h"
#include "bridge/push/push_rows.h"
#include "bridge/push/push_traits.h"
#include "bridge/push/time_zone.h"
#include "schemas/result.h"

namespace parley::bridge {

// Somebody was not told of a message since they were connected, and then their session turns out to have been
// dead. What came since its last sign of life is decided again, once for each device. Nothing is kept for it:
// the ledger says what was not told to whom (docs/decisions/0025). Of the consumer, on its thread.
class SecondLook {
 public:
  struct Parts {
    const PushOutbox& outbox;
    const Connectedness& connectedness;
    const PushProviderTable& providers;
    PushCounters& counters;
    PushCandidates& candidates;
  };

  explicit SecondLook(Parts parts) : parts_(parts) {}

  // When there is somebody to look at (steady clock).
  std::optional<int64_t> due_ms() const;
  // Looks at all who were lost since the last look that was carried out. True: something was queued. An
  // error: as of StoreView and LocalStore, or it is not known who is connected; to be tried again.
  Result<bool> Look(const FeedContext& context, FeedEffects& effects);

  // What the last look has found is stored; or never will be.
  void CarriedOut() { looked_ = looking_; }
  void Dropped() { looking_ = looked_; }
  // Nobody has registered: there is nothing to tell of those who were lost so far.
  void NothingToSee() { looking_ = looked_ = parts_.connectedness.newest_lost(); }

 private:
  struct Doubt {
    Rid rid;
    Seq seq;
    uint32_t number = 0;  // of the device
  };
  struct Lost {
    int64_t heard_ms = 0;
    std::deque<Doubt> doubts{};
  };
  using LostByUid = std::unordered_map<Uid, Lost>;
  using Messages = std::map<std::pair<uint64_t, uint64_t>, std::optional<ToldMessage>>;

  // Those who have a device, of the losses that were not looked at; moves looking_.
  Result<LostByUid> TakeLost(const FeedContext& context);
  // What they were not told since they were connected.
  Status FindDoubts(int64_t since_ms, LostByUid& lost) const;
  Result<bool> Decide(Uid uid, const Lost& lost, const Doubt& doubt, Messages& messages,
                      const FeedContext& context, FeedEffects& effects);
  Result<const ToldMessage*> MessageOf(const Doubt& doubt, const store::StoreView& view,
                                       Messages& messages) const;

  const Parts parts_;
  TimeZones zones_;
  uint64_t looked_ = 0;   // the newest loss that was looked at
  uint64_t looking_ = 0;  // and when what is decided now is carried out
  int64_t next_ms_ = 0;   // steady
};

}  // namespace parley::bridge
