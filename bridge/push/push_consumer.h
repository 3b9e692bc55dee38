#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <optional>
#include <string_view>
#include <vector>

#include "bridge/feed/consumer.h"
#include "bridge/push/candidates.h"
#include "bridge/push/connectedness.h"
#include "bridge/push/facts.h"
#include "bridge/push/outbox.h"
#include "bridge/push/push_counters.h"
#include "bridge/push/push_rows.h"
#include "bridge/push/push_traits.h"
#include "bridge/push/second_look.h"
#include "bridge/push/time_zone.h"

namespace parley::bridge {

// Follows the feed: which devices are to be told of a message goes into the outbox, why others are not into
// the ledger; what was read or deleted is taken back. All of it once, with the feed's offset. Sending is the
// senders' (sender.h), who decide again. What nobody has registered for costs nothing.
class PushConsumer final : public FeedConsumer {
 public:
  struct Parts {
    PushOutbox& outbox;
    const Connectedness& connectedness;
    PushProviderTable providers;
    PushCounters& counters;
    std::atomic<bool>& in_use;   // set: whether somebody has registered
    std::function<void()> wake;  // there may be something in the outbox
  };

  explicit PushConsumer(Parts parts)
      : parts_(std::move(parts)),
        second_look_({parts_.outbox, parts_.connectedness, parts_.providers, parts_.counters, candidates_}) {}

  std::string_view name() const override { return kPushConsumer; }
  // Nobody wants to be told of what was said before.
  Begin begin() const override { return Begin::kHead; }
  Result<bool> IsIdle(const store::StoreView& view) override;
  Handled Handle(const store::FeedEntry& entry, const FeedContext& context, FeedEffects& effects) override;
  void OnCarriedOut() override;
  void OnBeginAnew() override;
  std::optional<int64_t> due_ms() const override;
  Handled OnDue(const FeedContext& context, FeedEffects& effects) override;

 private:
  Handled HandleEvent(const store::FeedItem& item, const FeedContext& context, FeedEffects& effects);
  Handled Tell(const ToldMessage& message, const FeedContext& context, FeedEffects& effects);
  Handled TakeBackDeleted(Rid rid, const v1::Event& event, LogIndex index, const FeedContext& context,
                          FeedEffects& effects);
  Handled TakeBackRead(Rid rid, Uid uid, LogIndex index, const FeedContext& context, FeedEffects& effects);
  Result<bool> MayDelete(Rid rid, const v1::Event& event, Seq target, const store::StoreView& view) const;
  // One for each device of `seqs`.
  void Withdraw(const PushItem& of, const std::map<uint32_t, std::vector<uint64_t>>& seqs,
                FeedEffects& effects);

  const Parts parts_;
  PushCandidates candidates_;
  SecondLook second_look_;
  TimeZones zones_;
  bool put_ = false;  // something was put into the outbox since it was carried out last
};

}  // namespace parley::bridge
