#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/domain/state_machine.h"
#include "core/store/feed_rows.h"
#include "schemas/names.h"

// The byte layout of every key and of the values that are not protobuf: docs/formats/store.md. Pure.
namespace parley::store {

inline constexpr uint32_t kFormatVersion = 1;

// Column families, by name.
inline constexpr const char* kEventsFamily = "events";
inline constexpr const char* kFeedFamily = "feed";
inline constexpr const char* kDedupFamily = "dedup";
inline constexpr const char* kStateFamily = "state";
inline constexpr const char* kMetaFamily = "meta";

// First byte of a key in `state`. A tag is never used again for something else.
enum class StateTag : char {
  kUser = 'u',        // username → UserRecord
  kRoom = 'r',        // room → RoomRecord
  kMember = 'm',      // rid uid → MemberRecord
  kMembership = 'M',  // uid rid → room name: the other direction of kMember
  kSent = 's',        // rid uid → countable events sent (u64 big-endian)
  kMention = 'n',     // rid uid seq → (nothing): an event that names this member
  kInbox = 'i',       // uid useq → v1::InboxItem
  kClient = 'c',      // client id → ClientRecord
  kRole = 'o',        // role → RoleRecord
  kBinding = 'b',     // rid filter → BindingRecord
  kGoneRoom = 'x',    // uid rid → MemberRecord: a room of this user that was deleted
  kGarbage = 'y',     // rid → (nothing): a deleted room whose events are being freed
  kConfig = 'g',      // (nothing) → ConfigRecord
  kPush = 'p',        // uid → PushRecord
  kWebhook = 'w',     // webhook → WebhookRecord
};

// Keys of `meta`.
inline constexpr std::string_view kMetaFormat = "format";     // u32: kFormatVersion
inline constexpr std::string_view kMetaApplied = "applied";   // u64: log index of the newest applied command
inline constexpr std::string_view kMetaLogTime = "log_time";  // u64: log time (ms) of that command
inline constexpr std::string_view kMetaWallTime = "wall_time";  // u64: wall clock (ms) of that command
inline constexpr std::string_view kMetaStoreId = "store_id";    // 16 bytes, drawn when the store was made

std::string EventKey(Rid rid, Seq seq);
std::string FeedKey(LogIndex index);
std::string DedupKeyBytes(const domain::DedupKey& key);
std::string UserKey(std::string_view username);
std::string RoomKey(std::string_view room);
std::string MemberKey(Rid rid, Uid uid);
std::string MembershipKey(Uid uid, Rid rid);
std::string MembershipPrefix(Uid uid);
std::string SentKey(Rid rid, Uid uid);
std::string MentionKey(Rid rid, Uid uid, Seq seq);
// All rows of a room, and of one member of it.
std::string MentionPrefix(Rid rid);
std::string MentionPrefix(Rid rid, Uid uid);
std::string InboxKey(Uid uid, uint64_t useq);
std::string InboxPrefix(Uid uid);
std::string ClientKey(std::string_view client);
std::string RoleKey(std::string_view role);
std::string BindingKey(Rid rid, std::string_view filter);
std::string GoneRoomKey(Uid uid, Rid rid);
std::string GoneRoomPrefix(Uid uid);
std::string GarbageKey(Rid rid);
std::string PushKey(Uid uid);
std::string WebhookKey(std::string_view webhook);
std::string TagPrefix(StateTag tag);

// The two numbers after the tag of kMember, kMembership, kSent, kInbox and kGoneRoom; nullopt when the key
// has another length.
struct IdPair {
  uint64_t first;
  uint64_t second;
};
std::optional<IdPair> ParseIdPair(std::string_view key);
// The seq of a kMention key.
std::optional<Seq> ParseMentionKey(std::string_view key);
// Of an event key: rid and seq.
std::optional<IdPair> ParseEventKey(std::string_view key);

std::string BigEndian64(uint64_t value);
std::optional<uint64_t> ParseBigEndian64(std::string_view bytes);

// A row of `events`: a fixed header, then the event as delivered.
struct EventRow {
  uint64_t ordinal = 0;
  uint64_t own_ordinal = 0;  // 0: not countable
  std::string_view event;    // serialised v1::Event
};
std::string EncodeEventRow(const EventRow& row);
std::optional<EventRow> ParseEventRow(std::string_view bytes);  // nullopt: damaged, or of a newer version

// A row of `dedup`.
std::string EncodeDedupRow(const domain::DedupEntry& entry);
std::optional<domain::DedupEntry> ParseDedupRow(std::string_view bytes);

}  // namespace parley::store
