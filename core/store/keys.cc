#include "core/store/keys.h"

namespace parley::store {
namespace {

constexpr char kEventRowVersion = 1;
constexpr char kDedupRowVersion = 1;
constexpr size_t kBodyHashBytes = 16;

void Append64(std::string& out, uint64_t value) {
  char bytes[8];
  for (size_t i = 0; i < sizeof bytes; ++i) bytes[i] = static_cast<char>(value >> (56 - 8 * i));
  out.append(bytes, sizeof bytes);
}

uint64_t Read64(std::string_view bytes, size_t at) {
  uint64_t value = 0;
  for (size_t i = 0; i < 8; ++i) value = (value << 8) | static_cast<uint8_t>(bytes[at + i]);
  return value;
}

std::string Pair(std::string prefix, uint64_t first, uint64_t second) {
  Append64(prefix, first);
  Append64(prefix, second);
  return prefix;
}

std::string Tagged(StateTag tag, std::string_view name) {
  return TagPrefix(tag).append(name);
}

}  // namespace

std::string BigEndian64(uint64_t value) {
  std::string bytes;
  Append64(bytes, value);
  return bytes;
}

std::optional<uint64_t> ParseBigEndian64(std::string_view bytes) {
  if (bytes.size() != 8) return std::nullopt;
  return Read64(bytes, 0);
}

std::string EventKey(Rid rid, Seq seq) {
  return Pair({}, rid.value, seq.value);
}
std::string FeedKey(LogIndex index) {
  return BigEndian64(index.value);
}
std::string DedupKeyBytes(const domain::DedupKey& key) {
  return Pair({}, key.uid.value, key.rid.value).append(key.id);
}
std::string UserKey(std::string_view username) {
  return Tagged(StateTag::kUser, username);
}
std::string RoomKey(std::string_view room) {
  return Tagged(StateTag::kRoom, room);
}
std::string MemberKey(Rid rid, Uid uid) {
  return Pair(TagPrefix(StateTag::kMember), rid.value, uid.value);
}
std::string MembershipKey(Uid uid, Rid rid) {
  return Pair(TagPrefix(StateTag::kMembership), uid.value, rid.value);
}
std::string MembershipPrefix(Uid uid) {
  std::string prefix = TagPrefix(StateTag::kMembership);
  Append64(prefix, uid.value);
  return prefix;
}
std::string SentKey(Rid rid, Uid uid) {
  return Pair(TagPrefix(StateTag::kSent), rid.value, uid.value);
}
std::string MentionKey(Rid rid, Uid uid, Seq seq) {
  std::string key = MentionPrefix(rid, uid);
  Append64(key, seq.value);
  return key;
}
std::string MentionPrefix(Rid rid) {
  std::string prefix = TagPrefix(StateTag::kMention);
  Append64(prefix, rid.value);
  return prefix;
}
std::string MentionPrefix(Rid rid, Uid uid) {
  return Pair(TagPrefix(StateTag::kMention), rid.value, uid.value);
}
std::string InboxKey(Uid uid, uint64_t useq) {
  return Pair(TagPrefix(StateTag::kInbox), uid.value, useq);
}
std::string InboxPrefix(Uid uid) {
  std::string prefix = TagPrefix(StateTag::kInbox);
  Append64(prefix, uid.value);
  return prefix;
}
std::string ClientKey(std::string_view client) {
  return Tagged(StateTag::kClient, client);
}
std::string RoleKey(std::string_view role) {
  return Tagged(StateTag::kRole, role);
}
std::string BindingKey(Rid rid, std::string_view filter) {
  std::string key = TagPrefix(StateTag::kBinding);
  Append64(key, rid.value);
  return key.append(filter);
}
std::string GoneRoomKey(Uid uid, Rid rid) {
  return Pair(TagPrefix(StateTag::kGoneRoom), uid.value, rid.value);
}
std::string GoneRoomPrefix(Uid uid) {
  std::string prefix = TagPrefix(StateTag::kGoneRoom);
  Append64(prefix, uid.value);
  return prefix;
}
std::string GarbageKey(Rid rid) {
  std::string key = TagPrefix(StateTag::kGarbage);
  Append64(key, rid.value);
  return key;
}
std::string PushKey(Uid uid) {
  std::string key = TagPrefix(StateTag::kPush);
  Append64(key, uid.value);
  return key;
}
std::string WebhookKey(std::string_view webhook) {
  return Tagged(StateTag::kWebhook, webhook);
}
std::string TagPrefix(StateTag tag) {
  return std::string(1, static_cast<char>(tag));
}

std::optional<IdPair> ParseIdPair(std::string_view key) {
  if (key.size() != 17) return std::nullopt;
  return IdPair{Read64(key, 1), Read64(key, 9)};
}

std::optional<Seq> ParseMentionKey(std::string_view key) {
  if (key.size() != 25) return std::nullopt;
  return Seq{Read64(key, 17)};
}

std::optional<IdPair> ParseEventKey(std::string_view key) {
  if (key.size() != 16) return std::nullopt;
  return IdPair{Read64(key, 0), Read64(key, 8)};
}

std::string EncodeEventRow(const EventRow& row) {
  std::string bytes;
  bytes.reserve(18 + row.event.size());
  bytes.push_back(kEventRowVersion);
  bytes.push_back(0);  // flags: none defined
  Append64(bytes, row.ordinal);
  Append64(bytes, row.own_ordinal);
  return bytes.append(row.event);
}

std::optional<EventRow> ParseEventRow(std::string_view bytes) {
  if (bytes.size() < 18 || bytes[0] != kEventRowVersion) return std::nullopt;
  return EventRow{Read64(bytes, 2), Read64(bytes, 10), bytes.substr(18)};
}

std::string EncodeDedupRow(const domain::DedupEntry& entry) {
  std::string bytes(1, kDedupRowVersion);
  Append64(bytes, entry.seq.value);
  Append64(bytes, entry.index.value);
  Append64(bytes, entry.ts_ms);
  Append64(bytes, entry.log_time_ms);
  return bytes.append(entry.body_hash);
}

std::optional<domain::DedupEntry> ParseDedupRow(std::string_view bytes) {
  if (bytes.size() != 33 + kBodyHashBytes || bytes[0] != kDedupRowVersion) return std::nullopt;
  return domain::DedupEntry{.seq = {Read64(bytes, 1)},
                            .index = {Read64(bytes, 9)},
                            .ts_ms = Read64(bytes, 17),
                            .log_time_ms = Read64(bytes, 25),
                            .body_hash = std::string(bytes.substr(33))};
}

}  // namespace parley::store
