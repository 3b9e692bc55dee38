#include "client/transport/dispatch_queue.h"

#include <utility>

namespace parley::client {

bool DispatchQueue::Push(std::function<void()> task, size_t bytes) {
  const std::lock_guard lock(mutex_);
  if (closed_ || tasks_.size() >= items_max_ || bytes_ + bytes > bytes_max_) return false;
  tasks_.push_back(std::move(task));
  bytes_ += bytes;
  arrived_.notify_one();
  return true;
}

void DispatchQueue::PushUrgent(std::function<void()> task) {
  const std::lock_guard lock(mutex_);
  if (closed_) return;
  tasks_.push_back(std::move(task));
  arrived_.notify_one();
}

std::deque<std::function<void()>> DispatchQueue::Take(Clock::time_point deadline) {
  std::unique_lock lock(mutex_);
  arrived_.wait_until(lock, deadline, [this] { return closed_ || !tasks_.empty(); });
  bytes_ = 0;
  return std::exchange(tasks_, {});
}

void DispatchQueue::Close() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
  tasks_.clear();
  arrived_.notify_all();
}

}  // namespace parley::client
