#pragma once

#include <cstddef>
#include <cstdint>

// The bounds of push. What happens at a bound stands beside it.
namespace parley::bridge::limits {

// Notifications of one provider that have no answer yet; the others wait on the disk.
inline constexpr size_t kPushInFlightMax = 256;
// Waiting ones of a provider that a newer one of their room can take the place of; above: the others are each
// sent.
inline constexpr size_t kPushCollapsibleMax = 100'000;
// Attempts at one notification; then it is given up.
inline constexpr uint32_t kPushAttemptsMax = 10;
// The pauses between them, doubled each time; what the provider asks for is longer, up to a bound.
inline constexpr int64_t kPushRetryFirstMs = 1'000;
inline constexpr int64_t kPushRetryLastMs = 300'000;
inline constexpr int64_t kPushRetryAfterMsMax = 3'600'000;
// Between two attempts at a provider that takes nothing from this server as it is configured.
inline constexpr int64_t kPushBlockedMs = 30'000;
// How long a message is worth a notification, and how long one that was shown can be taken back.
inline constexpr int64_t kPushLifeMs = int64_t{24} * 3'600'000;
// The ledger and the times of commits: how long they are kept, and how many messages (commits); above: the
// oldest go.
inline constexpr int64_t kPushLedgerMs = int64_t{7} * 24 * 3'600'000;
inline constexpr size_t kPushLedgerMessagesMax = 1'000'000;
inline constexpr size_t kPushTimelineMax = 1'000'000;
// Rows that one step of the sweep looks at.
inline constexpr size_t kPushRowsPerSweep = 1'000;
inline constexpr size_t kPushRowsPerCount = 20'000;
// Commits whose times wait to be written; above: the oldest go.
inline constexpr size_t kPushTimesWaitingMax = 16'384;
// Members in the remembered lists of rooms; above: all lists are made anew when they are needed.
inline constexpr size_t kPushMembersKnownMax = 1'000'000;
// Rooms whose unread messages a badge counts; above: the others are left out.
inline constexpr size_t kPushBadgeRoomsMax = 1'000;
// Of a message's text, in a notification; above: cut off. A provider may cut off more.
inline constexpr size_t kPushTextBytesMax = 2'048;
// Tests that wait to be sent; above: RESOURCE_EXHAUSTED.
inline constexpr size_t kPushTestsWaitingMax = 64;
// Devices in one answer of message.explain; above: truncated.
inline constexpr int kPushExplainedMax = 1'000;
// Registrations that a provider has called dead, until their removal is seen; above: all are forgotten, and
// asked again.
inline constexpr size_t kPushDeadKnownMax = 10'000;
// A look at what was not told to people whose sessions have died: how far back it goes, at how many messages
// it looks (above: not at the rest), how many it tells of one person (above: the oldest are left), and the
// time between two looks.
inline constexpr int64_t kPushDoubtMs = int64_t{30} * 60'000;
inline constexpr size_t kPushDoubtedMessagesMax = 200'000;
inline constexpr size_t kPushDoubtedMax = 256;
inline constexpr int64_t kPushSecondLookMs = 2'000;
// A message that came so shortly before the last sign of life may have crossed it.
inline constexpr int64_t kPushCrossedMs = 250;
// What a provider said, kept for people; above: cut off.
inline constexpr size_t kPushDetailBytesMax = 200;
// Waiting notifications that a metric counts.
inline constexpr size_t kPushWaitingCountedMax = 10'000;
// Zones whose rules are kept.
inline constexpr size_t kPushTimeZonesMax = 1'000;

}  // namespace parley::bridge::limits
