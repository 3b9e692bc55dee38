#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>

namespace parley::client {

// A bounded queue from many threads to the one that runs the tasks. Any thread may call it.
class DispatchQueue {
 public:
  using Clock = std::chrono::steady_clock;

  DispatchQueue(size_t items_max, size_t bytes_max) : items_max_(items_max), bytes_max_(bytes_max) {}

  // False, and nothing is queued, when a bound is reached or the queue is closed.
  bool Push(std::function<void()> task, size_t bytes = 0);

  // The same without a bound: for the few tasks that must not be lost (a changed state of the connection).
  void PushUrgent(std::function<void()> task);

  // Takes all that is queued; waits for something until `deadline`. Empty when nothing came or it was closed.
  std::deque<std::function<void()>> Take(Clock::time_point deadline);

  // Drops what is queued, refuses what comes, wakes Take().
  void Close();

 private:
  const size_t items_max_;
  const size_t bytes_max_;
  std::mutex mutex_;
  std::condition_variable arrived_;
  // Guarded by mutex_.
  std::deque<std::function<void()>> tasks_;
  size_t bytes_ = 0;
  bool closed_ = false;
};

}  // namespace parley::client
