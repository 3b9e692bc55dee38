#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <utility>

namespace parley::client {

// A bounded queue between the client's thread and the user's. Full: Push() waits, so that a slow reader slows
// the client down and the broker's messages wait in the transport, not here. Any thread.
template <typename T>
class StreamQueue {
 public:
  explicit StreamQueue(size_t items_max) : items_max_(items_max) {}

  // False when the queue was closed: the item is dropped.
  bool Push(T item) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return closed_ || items_.size() < items_max_; });
    if (closed_) return false;
    items_.push_back(std::move(item));
    changed_.notify_all();
    return true;
  }

  // Nothing when none came within `timeout`, or the queue is closed and empty.
  std::optional<T> Pop(std::chrono::milliseconds timeout) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, timeout, [this] { return closed_ || !items_.empty(); });
    if (items_.empty()) return std::nullopt;
    T item = std::move(items_.front());
    items_.pop_front();
    changed_.notify_all();
    return item;
  }

  // Wakes everybody; what is queued can still be taken.
  void Close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    changed_.notify_all();
  }

 private:
  const size_t items_max_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<T> items_;  // guarded by mutex_, as is closed_
  bool closed_ = false;
};

}  // namespace parley::client
