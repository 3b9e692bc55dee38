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
// Events that a search for a room's newest message looks at; then there is none.
inline constexpr size_t kEventsLookedAtMax = 1'000;
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

// The change feed. Niceness of the consumers' threads: a third of the share of those who serve messages and
// queries. At 10, on a machine with nothing to spare, reading the store anew after a restart took a minute.
inline constexpr int kFeedNice = 5;
// What a consumer reads at once; the rest comes next. Views are short: they keep the store
// from moving.
inline constexpr size_t kFeedEntriesPerRead = 512;
inline constexpr size_t kFeedItemsPerRead = 4'096;
// What a consumer may want done, rows and publications, before it is carried out; above: no further entry is
// looked at until it is. One entry may bring more.
inline constexpr size_t kFeedEffectsPerRun = 4'096;
// Between two reads of a consumer that has nothing left to catch up with: each moves the store's view.
inline constexpr int64_t kFeedPauseMs = 15;
// While more entries than this are committed in a second, a consumer that is behind pauses between two reads,
// and follows at some 5,000 a second: messages go first. It catches up as soon as there is less to do.
inline constexpr uint64_t kFeedBusyPerSecond = 8'000;
inline constexpr int64_t kFeedBusyPauseMs = 100;
// A consumer looks for itself, too, when nothing wakes it.
inline constexpr int64_t kFeedIdleMs = 1'000;
// Tries of one entry that fails; then it is a dead letter.
inline constexpr uint32_t kFeedTriesMax = 5;
// The pauses between them, and between attempts that wait for something else (connection, disk).
inline constexpr int64_t kFeedRetryFirstMs = 100;
inline constexpr int64_t kFeedRetryLastMs = 5'000;
// Between two attempts to read a store that is being opened, or is behind.
inline constexpr int64_t kFeedStoreRetryMs = 50;
// Dead letters of one consumer; above: it stops there, says so, and goes on when some were replayed or
// dropped.
inline constexpr size_t kDeadLettersMax = 1'000;
// The reason in a dead letter; above: cut off.
inline constexpr size_t kDeadLetterReasonBytesMax = 256;
// Commit notices whose time is remembered, to know how late a consumer is; above: every second one goes.
inline constexpr size_t kFeedMarksMax = 8'192;
// Between two counts of a big room's readers; longer when counting takes long: so many times as long.
inline constexpr int64_t kReceiptCountsMs = 1'000;
inline constexpr int64_t kReceiptCountsRest = 20;
// How long it is remembered whether a room is big.
inline constexpr int64_t kReceiptSizeKnownMs = 1'000;
// Rooms of which such things are remembered; above: all are looked at anew, and further big ones wait for the
// next news.
inline constexpr size_t kReceiptRoomsMax = 10'000;
// Rows of a consumer deleted at once when its store is another one.
inline constexpr size_t kFeedRowsPerDelete = 1'000;

}  // namespace parley::bridge::limits
