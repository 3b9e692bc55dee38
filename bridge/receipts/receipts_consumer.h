#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string_view>
#include <unordered_map>

#include "bridge/feed/consumer.h"

namespace parley::bridge {

// Tells a room how far its members have got: cursors that moved become Receipts on the room's receipts topic
// (QoS 0; of a run of entries the newest of each member). A room with more than kReceiptMembersMax members is
// told counts instead, at most once a second. Receipts are news and not the truth: they begin at the head,
// what is in memory may be lost, and receipts.get says how it is.
class ReceiptsConsumer final : public FeedConsumer {
 public:
  std::string_view name() const override { return "receipts"; }
  Begin begin() const override { return Begin::kHead; }
  Handled Handle(const store::FeedEntry& entry, const FeedContext& context, FeedEffects& effects) override;

  std::optional<int64_t> due_ms() const override;
  Handled OnDue(const FeedContext& context, FeedEffects& effects) override;

 private:
  struct RoomSize {
    bool big = false;
    int64_t looked_ms = 0;
  };

  Result<bool> IsBig(Rid rid, const FeedContext& context);

  std::unordered_map<Rid, RoomSize> sizes_;
  // Big rooms with news, and when they may be told; and when those may be that have been told lately.
  std::map<Rid, int64_t> due_ms_;
  std::unordered_map<Rid, int64_t> not_before_ms_;
};

}  // namespace parley::bridge
