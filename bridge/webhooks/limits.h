#pragma once

#include <cstddef>
#include <cstdint>

// The bounds of outgoing webhooks. What happens at a bound stands beside it.
namespace parley::bridge::limits {

// Requests of one webhook at once, each of another room; the others wait.
inline constexpr size_t kWebhookRoomsAtOnce = 16;
// Rooms of one webhook whose event failed and waits to be tried again; at this many no further room begins,
// so that a receiver that is down is asked by these alone.
inline constexpr size_t kWebhookRoomsFailingMax = 16;
// Events of one webhook that were found in the feed and wait (24 bytes each); then reading stops.
inline constexpr size_t kWebhookEventsWaitingMax = 10'000;
// Rooms that are further than the oldest event that waits, which a restart must know; then no further room
// begins until that event is done.
inline constexpr size_t kWebhookRoomsAheadMax = 1'000;
// Events of a room looked at in one step, to find one that the webhook wants; the rest comes next.
inline constexpr size_t kWebhookEventsPerLook = 64;
// Between two looks for new or changed webhooks.
inline constexpr int64_t kWebhookRecordsMs = 1'000;
// After the store's view was moved, which takes long while much is written, what it shows goes first: for so
// many times as long, and no longer than that.
inline constexpr int64_t kWebhookMoveRest = 4;
inline constexpr int64_t kWebhookMoveRestMsMax = 5'000;
// The pauses between attempts. A receiver's Retry-After is followed up to the last one of these.
inline constexpr int64_t kWebhookRetryFirstMs = 1'000;
inline constexpr int64_t kWebhookRetryLastMs = 300'000;
inline constexpr int64_t kWebhookRetryAfterMsMax = 3'600'000;
// Failed attempts in a row, over at least that long, after which a webhook is paused; unless
// --webhook-attempts and --webhook-patience say otherwise.
inline constexpr uint32_t kWebhookAttemptsMax = 20;
inline constexpr int64_t kWebhookPatienceMs = 600'000;
inline constexpr int kWebhookAttemptsCeiling = 1'000;      // of --webhook-attempts
inline constexpr int kWebhookPatienceSecondsMax = 86'400;  // of --webhook-patience
// A request, from the connection on; then it has failed.
inline constexpr int64_t kWebhookConnectMs = 4'000;
inline constexpr int64_t kWebhookTimeoutMs = 8'000;
// What is kept of why something failed; above: cut off.
inline constexpr size_t kWebhookWhyBytesMax = 256;

}  // namespace parley::bridge::limits
