#include "bridge/totals/totals.h"

#include "bridge/service/big_endian.h"
#include "parley/v1/message.pb.h"

namespace parley::bridge {
namespace {

constexpr char kVersion = 1;
constexpr size_t kRoomHeaderBytes = 1 + 8 + 8;
constexpr size_t kKindBytes = 1 + 8;
constexpr size_t kChainBytes = 1 + 8 + 8;

constexpr uint64_t kFnvBasis = 14'695'981'039'346'656'037U;
constexpr uint64_t kFnvPrime = 1'099'511'628'211U;

Handled CountEvent(const store::FeedItem& item, const FeedContext& context, FeedEffects& effects) {
  const Result<std::optional<store::StoredEvent>> stored =
      context.view.EventAt(Rid{item.first}, Seq{item.second});
  if (!stored) return Handled::TryAgain(stored.error().reason);
  if (!*stored) return Handled::Done();  // freed meanwhile
  v1::Event event;
  if (!event.ParseFromString((*stored)->bytes)) {
    return Handled::Poison("event " + std::to_string(item.second) + " is damaged");
  }
  const std::string key = Totals::RoomKey(Rid{item.first});
  const Result<std::optional<std::string>> row = effects.Get(key);
  if (!row) return Handled::Wait(row.error().reason);
  std::optional<RoomTotals> totals = *row ? ParseRoomTotals(**row) : RoomTotals();
  if (!totals) return Handled::TryAgain("the totals of " + event.room() + " are damaged");
  ++totals->events;
  totals->last_seq = item.second;
  ++totals->by_kind[static_cast<uint8_t>(event.body_case())];
  effects.Put(key, EncodeRoomTotals(*totals));
  return Handled::Done();
}

}  // namespace

void FeedChain::Add(const store::FeedEntry& entry) {
  std::string bytes;
  AppendBigEndian(bytes, value);
  AppendBigEndian(bytes, entry.index.value);
  for (const store::FeedItem& item : entry.items) {
    AppendBigEndian(bytes, static_cast<uint8_t>(item.kind));
    AppendBigEndian(bytes, item.first);
    AppendBigEndian(bytes, item.second);
  }
  value = kFnvBasis;
  for (const char byte : bytes) value = (value ^ static_cast<uint8_t>(byte)) * kFnvPrime;
  ++entries;
}

std::string Totals::RoomKey(Rid rid) {
  std::string key = "r";
  AppendBigEndian(key, rid.value);
  return key;
}

std::string EncodeRoomTotals(const RoomTotals& totals) {
  std::string row(1, kVersion);
  AppendBigEndian(row, totals.events);
  AppendBigEndian(row, totals.last_seq);
  for (const auto& [kind, count] : totals.by_kind) {
    AppendBigEndian(row, kind);
    AppendBigEndian(row, count);
  }
  return row;
}

std::optional<RoomTotals> ParseRoomTotals(std::string_view row) {
  if (row.size() < kRoomHeaderBytes || row.front() != kVersion) return std::nullopt;
  RoomTotals totals{.events = ReadBigEndian<uint64_t>(row.substr(1)),
                    .last_seq = ReadBigEndian<uint64_t>(row.substr(9)),
                    .by_kind = {}};
  row.remove_prefix(kRoomHeaderBytes);
  if (row.size() % kKindBytes != 0) return std::nullopt;
  for (; !row.empty(); row.remove_prefix(kKindBytes)) {
    totals.by_kind[ReadBigEndian<uint8_t>(row)] = ReadBigEndian<uint64_t>(row.substr(1));
  }
  return totals;
}

std::string EncodeFeedChain(const FeedChain& chain) {
  std::string row(1, kVersion);
  AppendBigEndian(row, chain.entries);
  AppendBigEndian(row, chain.value);
  return row;
}

std::optional<FeedChain> ParseFeedChain(std::string_view row) {
  if (row.size() != kChainBytes || row.front() != kVersion) return std::nullopt;
  return FeedChain{.entries = ReadBigEndian<uint64_t>(row.substr(1)),
                   .value = ReadBigEndian<uint64_t>(row.substr(9))};
}

Handled Totals::Handle(const store::FeedEntry& entry, const FeedContext& context, FeedEffects& effects) {
  for (const store::FeedItem& item : entry.items) {
    if (!item.is_event()) continue;
    Handled counted = CountEvent(item, context, effects);
    if (counted.kind != Handled::Kind::kDone) return counted;
  }
  const Result<std::optional<std::string>> row = effects.Get(kChainKey);
  if (!row) return Handled::Wait(row.error().reason);
  std::optional<FeedChain> chain = *row ? ParseFeedChain(**row) : FeedChain();
  if (!chain) return Handled::TryAgain("the chain is damaged");
  chain->Add(entry);
  effects.Put(kChainKey, EncodeFeedChain(*chain));
  return Handled::Done();
}

}  // namespace parley::bridge
