#include "bridge/feed/head.h"

#include <algorithm>
#include <chrono>

#include "bridge/service/limits.h"

namespace parley::bridge {

void FeedHead::Heard(LogIndex committed, int64_t now_ms) {
  const std::lock_guard lock(mutex_);
  // In order within a connection, so a smaller one can only be an older envelope.
  if (state_.committed && *state_.committed >= committed) return;
  state_.committed = committed;
  if (marks_.size() >= limits::kFeedMarksMax) {
    size_t kept = 0;
    for (size_t i = 0; i < marks_.size(); i += 2) marks_[kept++] = marks_[i];
    marks_.resize(kept);
  }
  marks_.push_back({committed, now_ms});
  ChangedLocked();
}

void FeedHead::Lost() {
  const std::lock_guard lock(mutex_);
  state_.committed.reset();
  ++state_.connection;
  marks_.clear();
  ChangedLocked();
}

FeedHead::State FeedHead::state() const {
  const std::lock_guard lock(mutex_);
  return state_;
}

std::optional<int64_t> FeedHead::HeardAt(LogIndex index) const {
  const std::lock_guard lock(mutex_);
  const auto mark =
      std::lower_bound(marks_.begin(), marks_.end(), index,
                       [](const Mark& each, LogIndex wanted) { return each.committed < wanted; });
  if (mark == marks_.end()) return std::nullopt;
  return mark->heard_ms;
}

uint64_t FeedHead::version() const {
  const std::lock_guard lock(mutex_);
  return version_;
}

void FeedHead::Wake() {
  const std::lock_guard lock(mutex_);
  ChangedLocked();
}

void FeedHead::Wait(uint64_t seen, int64_t timeout_ms) const {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, std::chrono::milliseconds(timeout_ms), [&] { return version_ != seen; });
}

void FeedHead::ChangedLocked() {
  ++version_;
  changed_.notify_all();
}

}  // namespace parley::bridge
