#pragma once

#include <cstddef>
#include <cstdint>

// The bounds of the session. What happens at a bound stands beside it.
namespace parley::client::limits {

// Drafts that wait or are in flight; above: Send() says RESOURCE_EXHAUSTED.
inline constexpr size_t kDraftsMax = 10'000;
// Drafts published and not acked (the default of SessionConfig::window); above: they wait.
inline constexpr size_t kDraftsInFlight = 64;
// Requests without a reply; above: RESOURCE_EXHAUSTED.
inline constexpr size_t kRequestsMax = 1'000;
// Admin command lists without an answer; above: RESOURCE_EXHAUSTED.
inline constexpr size_t kControlListsMax = 100;
// Events of one room that came too early; above: the newest is dropped and fetched again later.
inline constexpr size_t kHeldEventsMax = 1'000;
// Times a hole in a room is asked for without progress; then it is passed over.
inline constexpr int kFillAttemptsMax = 5;
// Events in one page that the session asks for.
inline constexpr uint32_t kFillPage = 200;

// The first wait for an ack or a reply; it doubles up to the last one.
inline constexpr int64_t kAnswerWaitFirstMs = 5'000;
inline constexpr int64_t kAnswerWaitLastMs = 60'000;
// The wait for the ack of a QoS 0 draft, which is never sent twice.
inline constexpr int64_t kLiveAckWaitMs = 3'000;
// The pause before a sync or a page that was answered UNAVAILABLE is asked for again; it doubles, too.
inline constexpr int64_t kRetryFirstMs = 500;
inline constexpr int64_t kRetryLastMs = 30'000;
// An admin command list: time for the way, and for each command (a password hash takes some 25 ms).
inline constexpr int64_t kControlWaitMs = 10'000;
inline constexpr int64_t kControlWaitPerCommandMs = 200;

}  // namespace parley::client::limits
