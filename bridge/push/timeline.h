#pragma once

#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>

#include "bridge/push/outbox.h"
#include "bridge/push/push_rows.h"
#include "schemas/result.h"

namespace parley::bridge {

// When commits were on disk, and when the bridge heard of it, which is behind their events: for
// message.explain. The newest ones are in memory; Keep() writes them down now and then. Any thread.
class Timeline {
 public:
  // `committed_ms` 0: not said.
  void Heard(LogIndex committed, uint64_t committed_ms, uint64_t now_ms);

  // Of the commit that had this entry of the log. nullopt: not known (any more).
  Result<std::optional<CommitTimes>> Find(const PushOutbox& outbox, LogIndex index) const;

  // Writes down what is new.
  Status Keep(PushOutbox& outbox);

 private:
  mutable std::mutex mutex_;
  std::deque<CommitTimes> recent_;  // guarded by mutex_; in order
  LogIndex kept_;                   // guarded by mutex_; those up to here are written
};

}  // namespace parley::bridge
