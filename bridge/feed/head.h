#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <vector>

#include "schemas/names.h"

namespace parley::bridge {

// How far the log is on disk, as the plugin says it, and when it was said: what the consumers of the feed may
// act upon. Any thread; times are of the steady clock.
class FeedHead {
 public:
  struct State {
    // None: not connected, or nothing heard since.
    std::optional<LogIndex> committed;
    uint64_t connection = 0;  // of the broker's; what was known in an earlier one is void
  };

  // Everything up to `committed` is on disk.
  void Heard(LogIndex committed, int64_t now_ms);
  // The connection has ended.
  void Lost();

  State state() const;
  // When it was first heard that `index` is on disk, if it was in this connection; roughly, for old ones.
  std::optional<int64_t> HeardAt(LogIndex index) const;

  // A number that changes with everything that happens here, and by Wake().
  uint64_t version() const;
  void Wake();
  // Until version() is no more `seen`, or `timeout_ms` have passed.
  void Wait(uint64_t seen, int64_t timeout_ms) const;

 private:
  struct Mark {
    LogIndex committed;
    int64_t heard_ms;
  };

  void ChangedLocked();

  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  // Guarded by mutex_.
  State state_;
  uint64_t version_ = 0;
  std::vector<Mark> marks_;  // in order
};

}  // namespace parley::bridge
