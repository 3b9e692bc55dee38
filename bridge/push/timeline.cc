#include "bridge/push/timeline.h"

#include <algorithm>

#include "bridge/push/limits.h"

namespace parley::bridge {

void Timeline::Heard(LogIndex committed, uint64_t committed_ms, uint64_t now_ms) {
  if (committed_ms == 0) return;
  const std::lock_guard lock(mutex_);
  // The log is a shorter one: another store.
  if (!recent_.empty() && recent_.back().committed > committed) {
    recent_.clear();
    kept_ = {};
  }
  if (!recent_.empty() && recent_.back().committed == committed) return;
  if (recent_.size() >= limits::kPushTimesWaitingMax) recent_.pop_front();
  recent_.push_back({committed, committed_ms, now_ms});
}

Result<std::optional<CommitTimes>> Timeline::Find(const PushOutbox& outbox, LogIndex index) const {
  {
    const std::lock_guard lock(mutex_);
    const auto found =
        std::lower_bound(recent_.begin(), recent_.end(), index,
                         [](const CommitTimes& times, LogIndex wanted) { return times.committed < wanted; });
    // Before the first one there may have been others.
    if (found != recent_.end() && found != recent_.begin()) return std::optional(*found);
  }
  const auto rows =
      outbox.Scan(kTimelinePrefix, TimelineKey({index.value - std::min<uint64_t>(index.value, 1)}), 1);
  if (!rows) return rows.error();
  if (!rows->empty()) return ParseCommitTimes(rows->front().key, rows->front().value);
  const std::lock_guard lock(mutex_);
  if (recent_.empty() || recent_.front().committed < index) return std::optional<CommitTimes>();
  return std::optional(recent_.front());
}

Status Timeline::Keep(PushOutbox& outbox) {
  PushBatch batch;
  LogIndex up_to;
  {
    const std::lock_guard lock(mutex_);
    for (const CommitTimes& times : recent_) {
      if (times.committed <= kept_) continue;
      batch.Put(TimelineKey(times.committed), EncodeCommitTimes(times));
      up_to = times.committed;
    }
  }
  if (Status written = outbox.Write(batch, store::LocalStore::Durability::kProcess); !written) return written;
  const std::lock_guard lock(mutex_);
  kept_ = std::max(kept_, up_to);
  return {};
}

}  // namespace parley::bridge
