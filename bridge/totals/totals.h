#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "bridge/feed/consumer.h"

namespace parley::bridge {

// What is counted of a room, and what was seen of the whole feed. Rows: docs/formats/bridge.md. Pure.
struct RoomTotals {
  uint64_t events = 0;
  uint64_t last_seq = 0;
  std::map<uint8_t, uint64_t> by_kind;  // number of the body's field in v1::Event (0: none) → events
};
std::string EncodeRoomTotals(const RoomTotals& totals);
std::optional<RoomTotals> ParseRoomTotals(std::string_view row);  // nullopt: damaged

struct FeedChain {
  uint64_t entries = 0;
  uint64_t value = 0;

  // FNV-1a over the value so far, the entry's index and its items: every entry once, and in order, or else it
  // is another one.
  void Add(const store::FeedEntry& entry);
};
std::string EncodeFeedChain(const FeedChain& chain);
std::optional<FeedChain> ParseFeedChain(std::string_view row);

// Counts the events of each room by kind, and keeps a chain over all entries: what any consumer is promised
// can be checked on it.
class Totals final : public FeedConsumer {
 public:
  static constexpr std::string_view kName = "totals";
  static std::string RoomKey(Rid rid);
  static constexpr const char* kChainKey = "c";

  std::string_view name() const override { return kName; }
  Begin begin() const override { return Begin::kFirstEntry; }
  Handled Handle(const store::FeedEntry& entry, const FeedContext& context, FeedEffects& effects) override;
};

}  // namespace parley::bridge
