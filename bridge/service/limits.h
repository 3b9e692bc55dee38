#pragma once

#include <cstddef>
#include <cstdint>

// The bounds of the bridge. What happens at a bound stands beside it.
namespace parley::bridge::limits {

// Queries that wait for the worker; above: RESOURCE_EXHAUSTED, "busy".
inline constexpr size_t kQueriesWaitingMax = 2'048;
inline constexpr size_t kQueryBytesWaitingMax = size_t{16} * 1024 * 1024;
// Of one user, so that nobody fills the queue alone; above: RESOURCE_EXHAUSTED, "busy".
inline constexpr size_t kQueriesPerUserMax = 256;
// Replies that wait for a commit notice; above: UNAVAILABLE.
inline constexpr size_t kRepliesParkedMax = 2'048;
inline constexpr size_t kReplyBytesParkedMax = size_t{64} * 1024 * 1024;
// How long a reply waits for a commit notice; then: UNAVAILABLE.
inline constexpr int64_t kReplyParkedMs = 5'000;
// How long a query waits for a store that is behind or being opened; then: UNAVAILABLE.
inline constexpr int64_t kViewWaitMs = 500;
inline constexpr int64_t kViewRetryMs = 20;
// Recomputations of a reply that is too large in its encoding; then: INTERNAL.
inline constexpr int kFitAttemptsMax = 32;
// Membership records that one read of the store returns (a page goes on reading).
inline constexpr size_t kMembershipsPerRead = 256;
// Rooms that one page of the public ones looks at; then the page ends, with or without some.
inline constexpr size_t kRoomsLookedAtMax = 4'096;
// A credentials file; above: refused.
inline constexpr size_t kCredentialsBytesMax = size_t{4} * 1024;
// Open HTTP connections, unless --http-connections says otherwise; above: closed at once.
inline constexpr int kHttpConnectionsMax = 64;
inline constexpr int kHttpConnectionsCeiling = 10'000;  // of --http-connections
// A request's head; above: 431. Its body; above: 413.
inline constexpr uint32_t kHttpHeaderBytesMax = uint32_t{8} * 1024;
inline constexpr uint64_t kHttpBodyBytesMax = 1024;
// For a request to arrive, an answer to be taken, a connection to lie idle, unless --http-timeout says
// otherwise; then: closed.
inline constexpr int64_t kHttpTimeoutMs = 10'000;
inline constexpr int kHttpTimeoutSecondsMax = 300;  // of --http-timeout

}  // namespace parley::bridge::limits
