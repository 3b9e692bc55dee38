#include "bridge/push/push_rows.h"

#include "bridge/feed/rows.h"
#include "bridge/service/big_endian.h"

namespace parley::bridge {
namespace {

constexpr size_t kNumberBytes = 8;
constexpr size_t kMessageKeyBytes = 1 + 2 * kNumberBytes;
constexpr size_t kDeviceBytes = kNumberBytes + 4;
constexpr size_t kDeferredTimeAt = 2;

std::string Tag(char tag) {
  return std::string(1, tag);
}

std::string OfProvider(char tag, v1::Push::Provider provider) {
  return Tag(tag).append(1, static_cast<char>(provider));
}

void AppendItem(std::string& key, const PushItem& item) {
  AppendBigEndian(key, item.feed());
  AppendBigEndian(key, item.rid());
  AppendBigEndian(key, item.uid());
  AppendBigEndian(key, item.device_number());
}

std::string OfMessage(char tag, Rid rid, Seq seq) {
  std::string key = Tag(tag);
  AppendBigEndian(key, rid.value);
  AppendBigEndian(key, seq.value);
  return key;
}

uint64_t NumberAt(std::string_view key, size_t at) {
  return ReadBigEndian<uint64_t>(key.substr(at));
}

}  // namespace

std::string PushRowKey(std::string_view own_key) {
  return OwnRowsPrefix(kPushConsumer).append(own_key);
}

std::string QueuedPrefix(v1::Push::Provider provider, uint32_t priority) {
  return OfProvider('q', provider).append(1, static_cast<char>(priority));
}

std::string QueuedKey(const PushItem& item) {
  std::string key = QueuedPrefix(item.provider(), item.priority());
  AppendItem(key, item);
  return key;
}

std::string DeferredPrefix(v1::Push::Provider provider) {
  return OfProvider('w', provider);
}

std::string DeferredKey(const PushItem& item) {
  std::string key = DeferredPrefix(item.provider());
  AppendBigEndian(key, item.not_before_ms());
  key.push_back(static_cast<char>(item.priority()));
  AppendItem(key, item);
  return key;
}

std::optional<int64_t> NotBeforeOf(std::string_view own_key) {
  if (own_key.size() < kDeferredTimeAt + kNumberBytes) return std::nullopt;
  return static_cast<int64_t>(NumberAt(own_key, kDeferredTimeAt));
}

std::string SendingPrefix(v1::Push::Provider provider) {
  return OfProvider('s', provider);
}

std::string SendingKey(const PushItem& item) {
  std::string key = SendingPrefix(item.provider());
  key.push_back(static_cast<char>(item.priority()));
  AppendItem(key, item);
  return key;
}

std::string StartedKey(const PushItem& item) {
  std::string key = OfProvider('b', item.provider());
  key.push_back(static_cast<char>(item.priority()));
  AppendItem(key, item);
  return key;
}

std::string LedgerKey(Rid rid, Seq seq) {
  return OfMessage('l', rid, seq);
}

std::string LedgerKey(Rid rid, Seq seq, const PushDeviceId& device) {
  std::string key = LedgerKey(rid, seq);
  AppendBigEndian(key, device.uid.value);
  AppendBigEndian(key, device.number);
  return key;
}

std::optional<PushDeviceId> DeviceOfLedgerKey(std::string_view own_key) {
  if (own_key.size() != kMessageKeyBytes + kDeviceBytes) return std::nullopt;
  return PushDeviceId{{NumberAt(own_key, kMessageKeyBytes)},
                      ReadBigEndian<uint32_t>(own_key.substr(kMessageKeyBytes + kNumberBytes))};
}

std::string LedgerTimeKey(int64_t wall_ms, Rid rid, Seq seq) {
  std::string key(kLedgerTimePrefix);
  AppendBigEndian(key, static_cast<uint64_t>(wall_ms));
  AppendBigEndian(key, rid.value);
  AppendBigEndian(key, seq.value);
  return key;
}

std::optional<LedgerTime> ParseLedgerTimeKey(std::string_view own_key) {
  if (own_key.size() != 1 + 3 * kNumberBytes) return std::nullopt;
  return LedgerTime{static_cast<int64_t>(NumberAt(own_key, 1)),
                    {NumberAt(own_key, 1 + kNumberBytes)},
                    {NumberAt(own_key, 1 + 2 * kNumberBytes)}};
}

std::string ShownPrefix(Uid uid, Rid rid) {
  std::string key = Tag('a');
  AppendBigEndian(key, uid.value);
  AppendBigEndian(key, rid.value);
  return key;
}

std::string ShownKey(Uid uid, Rid rid, Seq seq, uint32_t number) {
  std::string key = ShownPrefix(uid, rid);
  AppendBigEndian(key, seq.value);
  AppendBigEndian(key, number);
  return key;
}

std::optional<Shown> ParseShownKey(std::string_view own_key) {
  if (own_key.size() != kMessageKeyBytes + kDeviceBytes) return std::nullopt;
  return Shown{{NumberAt(own_key, kMessageKeyBytes)},
               ReadBigEndian<uint32_t>(own_key.substr(kMessageKeyBytes + kNumberBytes))};
}

std::string EncodeShown(const ShownValue& value) {
  std::string row;
  AppendBigEndian(row, static_cast<uint64_t>(value.accepted_ms));
  row.push_back(static_cast<char>(value.provider));
  return row;
}

std::optional<ShownValue> ParseShown(std::string_view row) {
  if (row.size() != kNumberBytes + 1) return std::nullopt;
  return ShownValue{static_cast<int64_t>(NumberAt(row, 0)), static_cast<v1::Push::Provider>(row.back())};
}

std::string DeletedKey(Rid rid, Seq seq) {
  return OfMessage('x', rid, seq);
}

std::string DeviceStatusKey(const PushDeviceId& device) {
  std::string key = Tag('d');
  AppendBigEndian(key, device.uid.value);
  AppendBigEndian(key, device.number);
  return key;
}

std::string TimelineKey(LogIndex committed) {
  std::string key(kTimelinePrefix);
  AppendBigEndian(key, committed.value);
  return key;
}

std::string EncodeCommitTimes(const CommitTimes& times) {
  std::string row;
  AppendBigEndian(row, times.committed_ms);
  AppendBigEndian(row, times.delivered_ms);
  return row;
}

std::optional<CommitTimes> ParseCommitTimes(std::string_view own_key, std::string_view row) {
  if (own_key.size() != 1 + kNumberBytes || row.size() != 2 * kNumberBytes) return std::nullopt;
  return CommitTimes{{NumberAt(own_key, 1)}, NumberAt(row, 0), NumberAt(row, kNumberBytes)};
}

}  // namespace parley::bridge
