#include "bridge/service/query_queue.h"

#include <utility>

#include "bridge/service/limits.h"

namespace parley::bridge {

bool QueryQueue::Push(internal::v1::RequestEnvelope envelope) {
  const std::lock_guard lock(mutex_);
  if (closed_ || queue_.size() >= limits::kQueriesWaitingMax ||
      bytes_ + envelope.payload().size() > limits::kQueryBytesWaitingMax) {
    return false;
  }
  size_t& waiting = waiting_of_user_[envelope.user()];
  if (waiting >= limits::kQueriesPerUserMax) return false;
  ++waiting;
  bytes_ += envelope.payload().size();
  queue_.push_back({std::move(envelope), std::chrono::steady_clock::now()});
  arrived_.notify_one();
  return true;
}

std::optional<WaitingQuery> QueryQueue::Pop() {
  std::unique_lock lock(mutex_);
  arrived_.wait(lock, [this] { return closed_ || !queue_.empty(); });
  if (closed_) return std::nullopt;
  WaitingQuery query = std::move(queue_.front());
  queue_.pop_front();
  bytes_ -= query.envelope.payload().size();
  const auto waiting = waiting_of_user_.find(query.envelope.user());
  if (--waiting->second == 0) waiting_of_user_.erase(waiting);
  return query;
}

size_t QueryQueue::size() {
  const std::lock_guard lock(mutex_);
  return queue_.size();
}

void QueryQueue::Close() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
  queue_.clear();
  waiting_of_user_.clear();
  bytes_ = 0;
  arrived_.notify_all();
}

}  // namespace parley::bridge
