#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "bridge/webhooks/limits.h"
#include "client/transport/backoff.h"
#include "core/store/feed_rows.h"
#include "schemas/names.h"

namespace parley::bridge {

// An event that a webhook may have to be told of, as the feed names it.
struct HookEvent {
  LogIndex feed;
  Seq seq;

  bool operator==(const HookEvent&) const = default;
};

// Where a webhook stands: done with everything up to `offset`, and in some rooms with more.
struct HookPlace {
  LogIndex offset;
  std::map<Rid, LogIndex> ahead;

  bool operator==(const HookPlace&) const = default;
};

// The oldest events of a room that wait, in order.
struct HookRun {
  Rid rid;
  std::vector<HookEvent> events;
};

// When a webhook that fails is paused: after so many attempts in a row, over at least that long.
struct HookPatience {
  uint32_t attempts_max = limits::kWebhookAttemptsMax;
  int64_t patience_ms = limits::kWebhookPatienceMs;
};

// Which event of one webhook goes next. In a room: one at a time, in order; one that fails holds up its room
// alone. Pure: time (of a clock that only goes forward) and randomness are passed in. Not thread-safe.
class HookQueue {
 public:
  HookQueue(HookPatience patience, HookPlace place);

  // What comes next in the feed is behind this.
  LogIndex read() const { return read_; }
  bool wants_more() const { return waiting_ < limits::kWebhookEventsWaitingMax; }
  // What the feed says between read() and `through`. `only`: of this room; 0: of all.
  void Take(const std::vector<store::FeedEntry>& entries, LogIndex through, Rid only);

  // Rooms whose oldest event is to be tried now. Each is out until one of the following is called for it.
  std::vector<HookRun> Next(int64_t now_ms);
  // The room's oldest event is not for this webhook, or is gone: the next one stands in its place, and the
  // room stays out.
  void Skip(Rid rid);
  // The room's oldest event was taken.
  void Delivered(Rid rid);
  // It was not; the room waits for a while that doubles, or as long as the receiver asks. True: so it has
  // been too often for too long.
  bool Failed(Rid rid, std::optional<int64_t> retry_after_ms, int64_t now_ms, uint64_t random);
  // It was not tried.
  void Release(Rid rid);

  // All is tried again now, and counted anew.
  void Forgive();

  // When Next() has something that waits for time alone.
  std::optional<int64_t> due_ms() const;

  HookPlace place() const;
  size_t waiting() const { return waiting_; }
  size_t rooms_failing() const { return failing_.size(); }
  size_t rooms_out() const { return out_; }

 private:
  struct Failing {
    uint32_t attempts = 0;
    int64_t since_ms = 0;
    int64_t not_before_ms = 0;
    client::Backoff backoff{limits::kWebhookRetryFirstMs, limits::kWebhookRetryLastMs};
  };
  struct Room {
    std::deque<HookEvent> waiting;  // not empty
    bool out = false;
  };

  // True when the room may be further than the oldest event of all.
  bool MayBegin(Rid rid) const;
  HookRun RunOf(Rid rid, Room& room);
  // The oldest event of a room is done; true when more wait.
  bool Pop(Rid rid);
  void SetOffset();

  const HookPatience patience_;
  LogIndex read_;
  LogIndex offset_;
  std::map<Rid, LogIndex> ahead_;  // > offset_; what is read again up to there was done before
  std::map<Rid, Room> rooms_;
  std::set<std::pair<LogIndex, Rid>> oldest_;  // of each room that waits
  std::deque<Rid> ready_;                      // rooms that wait, are not out and do not fail
  std::map<Rid, Failing> failing_;             // those out again, too
  size_t waiting_ = 0;
  size_t out_ = 0;
  // Of all rooms, since the last success.
  uint32_t failed_in_a_row_ = 0;
  int64_t failing_since_ms_ = 0;
};

}  // namespace parley::bridge
