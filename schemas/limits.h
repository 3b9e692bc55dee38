#pragma once

#include <cstddef>
#include <cstdint>

// Every bound of the protocol in one place. What happens at a bound stands beside it.
namespace parley::limits {

// A draft's payload; above: RESOURCE_EXHAUSTED in the ack.
inline constexpr size_t kDraftBytesMax = size_t{64} * 1024;
// What an administrator may raise that to: still one event of half a reply.
inline constexpr size_t kDraftBytesCeiling = size_t{128} * 1024;
// A PUBLISH packet (max_packet_size in mosquitto.conf); above: the broker disconnects.
inline constexpr size_t kPacketBytesMax = size_t{1024} * 1024;
// A reply; above: fewer events and `more` or `truncated`.
inline constexpr size_t kReplyBytesMax = size_t{256} * 1024;
// A cursor's payload; above: RESOURCE_EXHAUSTED.
inline constexpr size_t kCursorBytesMax = 1024;
// A request's payload; above: RESOURCE_EXHAUSTED.
inline constexpr size_t kRequestBytesMax = size_t{64} * 1024;
inline constexpr size_t kRequestIdBytesMax = 64;
// Page limits: absent or 0 = default, above the maximum = the maximum.
inline constexpr uint32_t kPageDefault = 50;
inline constexpr uint32_t kPageMax = 1000;
// Mentions of one draft; above: INVALID_ARGUMENT.
inline constexpr int kMentionsMax = 100;
inline constexpr size_t kContentTypeBytesMax = 128;
inline constexpr size_t kTitleBytesMax = 256;
inline constexpr size_t kDisplayNameBytesMax = 128;
inline constexpr size_t kAboutBytesMax = 1024;
// 100 years.
inline constexpr uint32_t kRetentionDaysMax = 36'500;
// Members named in one createRoom; above: INVALID_ARGUMENT.
inline constexpr int kMembersPerCommandMax = 10'000;
inline constexpr size_t kPasswordBytesMax = 256;
// A signal's payload, the users that it names, and how many a user may send; above: RESOURCE_EXHAUSTED, for
// `to` INVALID_ARGUMENT.
inline constexpr size_t kSignalBytesMax = size_t{4} * 1024;
inline constexpr int kSignalToMax = 50;
inline constexpr uint32_t kSignalsPerSecond = 20;
// How long a TYPING_START holds without a renewal; then the server says TYPING_STOP.
inline constexpr uint32_t kTypingMs = 8'000;
// Commands of one $CONTROL list; above: INVALID_ARGUMENT.
inline constexpr size_t kControlCommandsMax = 1'000;

// Of a user's inbox the newest are kept; older ones go with the item that comes.
inline constexpr uint64_t kInboxItemsMax = 1'000;
// Rooms with more members than this are told how many have read, not who.
inline constexpr uint32_t kReceiptMembersMax = 200;
// How far a cursor is looked for own messages, each way; farther from all that is known: RESOURCE_EXHAUSTED.
inline constexpr size_t kCursorStepMax = 10'000;
// Mentions are counted up to here.
inline constexpr size_t kMentionsCountedMax = 10'000;

// Access rules and bindings; above: RESOURCE_EXHAUSTED.
inline constexpr size_t kRuleTopicBytesMax = 1024;
inline constexpr int kRulesPerOwnerMax = 1'000;  // of one role, or of one user alone
inline constexpr int kRolesPerUserMax = 64;
inline constexpr size_t kRolesMax = 10'000;
inline constexpr size_t kBindingsMax = 1'000;

// Devices of a user that want notifications, rooms that one of them treats in its own way, and all of that
// together; above: RESOURCE_EXHAUSTED.
inline constexpr int kPushDevicesMax = 16;
inline constexpr int kPushRoomsMax = 256;
inline constexpr size_t kPushRecordBytesMax = size_t{64} * 1024;
// Outgoing webhooks; above: RESOURCE_EXHAUSTED.
inline constexpr size_t kWebhooksMax = 100;
// A URL that the server is to call; above: INVALID_ARGUMENT.
inline constexpr size_t kUrlBytesMax = size_t{2} * 1024;

// An absent (0) or excessive page limit, made usable.
constexpr uint32_t PageLimit(uint32_t asked) {
  if (asked == 0) return kPageDefault;
  return asked < kPageMax ? asked : kPageMax;
}

}  // namespace parley::limits
