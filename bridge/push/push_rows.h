#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "parley/internal/v1/push.pb.h"
#include "schemas/names.h"

// The keys of what push keeps in the bridge's own store: docs/formats/bridge.md. All of them are rows of the
// feed's consumer `push`, so they go with the store that they are about. Pure.
namespace parley::bridge {

using internal::v1::PushDeviceStatus;
using internal::v1::PushItem;
using internal::v1::PushLedgerRecord;
using internal::v1::PushSuppressions;

inline constexpr std::string_view kPushConsumer = "push";

// Of items, in order.
inline constexpr uint32_t kPushUrgent = 0;  // direct messages and mentions
inline constexpr uint32_t kPushOrdinary = 1;
inline constexpr uint32_t kPushWithdraw = 2;

// One device of one user.
struct PushDeviceId {
  Uid uid;
  uint32_t number = 0;
  auto operator<=>(const PushDeviceId&) const = default;
};

// A row of the consumer's as the whole store names it.
std::string PushRowKey(std::string_view own_key);

// The outbox. Each item stands in one of three rows: it is to be looked at (in order of priority and log
// index), it waits for a time (in order of that), or it is handed to the network.
std::string QueuedPrefix(v1::Push::Provider provider, uint32_t priority);
std::string QueuedKey(const PushItem& item);
std::string DeferredPrefix(v1::Push::Provider provider);
std::string DeferredKey(const PushItem& item);                 // at not_before_ms
std::optional<int64_t> NotBeforeOf(std::string_view own_key);  // of a DeferredKey
std::string SendingPrefix(v1::Push::Provider provider);
std::string SendingKey(const PushItem& item);
// That an item which is handed to the network has begun to go out; nothing in it.
std::string StartedKey(const PushItem& item);

// The ledger of a message: PushSuppressions, then PushLedgerRecords.
std::string LedgerKey(Rid rid, Seq seq);
std::string LedgerKey(Rid rid, Seq seq, const PushDeviceId& device);
std::optional<PushDeviceId> DeviceOfLedgerKey(std::string_view own_key);  // nullopt: PushSuppressions
// That a message has a ledger, in order of time.
inline constexpr std::string_view kLedgerTimePrefix = "t";
std::string LedgerTimeKey(int64_t wall_ms, Rid rid, Seq seq);
struct LedgerTime {
  int64_t wall_ms = 0;
  Rid rid;
  Seq seq;
};
std::optional<LedgerTime> ParseLedgerTimeKey(std::string_view own_key);

// Notifications that a device shows perhaps: accepted, and not read since.
std::string ShownPrefix(Uid uid, Rid rid);
std::string ShownKey(Uid uid, Rid rid, Seq seq, uint32_t number);
struct Shown {
  Seq seq;
  uint32_t number = 0;
};
std::optional<Shown> ParseShownKey(std::string_view own_key);
struct ShownValue {
  int64_t accepted_ms = 0;
  v1::Push::Provider provider = v1::Push::UNSPECIFIED;
};
std::string EncodeShown(const ShownValue& value);
std::optional<ShownValue> ParseShown(std::string_view row);

// A message of a ledger that was deleted.
std::string DeletedKey(Rid rid, Seq seq);
// PushDeviceStatus.
std::string DeviceStatusKey(const PushDeviceId& device);

// When commits were on disk, and when the bridge heard of it behind their events.
inline constexpr std::string_view kTimelinePrefix = "i";
std::string TimelineKey(LogIndex committed);
struct CommitTimes {
  LogIndex committed;
  uint64_t committed_ms = 0;
  uint64_t delivered_ms = 0;
};
std::string EncodeCommitTimes(const CommitTimes& times);
std::optional<CommitTimes> ParseCommitTimes(std::string_view own_key, std::string_view row);

}  // namespace parley::bridge
