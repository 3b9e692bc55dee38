#pragma once

#include <cstddef>
#include <cstdint>

// The bounds of presence. What happens at a bound stands beside it.
namespace parley::bridge::limits {

// A room of more members is told their number only.
inline constexpr size_t kPresenceMembersMax = 200;
// Between two publications of one room, and of one person: what changes in between is told at the end.
inline constexpr int64_t kPresenceIntervalMs = 1'000;
// The rhythm of the presence thread, and what it does at most in one step; the rest waits for the next.
inline constexpr int64_t kPresenceStepMs = 100;
inline constexpr int64_t kPresenceReadMs = 50;
inline constexpr size_t kPresencePersonsPerStep = 200;
inline constexpr size_t kPresenceRoomsPerStep = 64;
inline constexpr size_t kPresenceSweptPerStep = 100;
inline constexpr size_t kPresenceCheckedPerSecond = 10;
// Between two checks of people, whether they are still there; while more entries than that are written in
// between, it waits, at most so long.
inline constexpr int64_t kPresenceCheckMs = 1'000;
inline constexpr uint64_t kPresenceCheckEntriesMax = 8'000;
inline constexpr int64_t kPresenceCheckLastMs = 30'000;
// Publications that the broker has not answered; above: they wait, and what they say is made anew.
inline constexpr size_t kPresenceInFlightMax = 1'024;
// Rooms and users whose membership changed and has not been read yet; above: everybody online is read again.
inline constexpr size_t kPresenceChangesMax = 16'384;
// Pages of a room's membership records that are read to learn whether it is big; more former members than
// that: it is.
inline constexpr int kPresenceMemberPagesMax = 64;
// How often it is noted that the bridge is there: the last seen of those who were online when it died.
inline constexpr int64_t kPresenceAliveMs = 10'000;
// Status text of presence.set, users of presence.get; above: INVALID_ARGUMENT.
inline constexpr size_t kStatusTextBytesMax = 256;
inline constexpr int kPresenceUsersMax = 200;
inline constexpr int64_t kPresenceGraceMsMax = 600'000;

}  // namespace parley::bridge::limits
