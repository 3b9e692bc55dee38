#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

#include "parley/internal/v1/envelope.pb.h"

namespace parley::bridge {

// A request that waits, and since when.
struct WaitingQuery {
  internal::v1::RequestEnvelope envelope;
  std::chrono::steady_clock::time_point arrived;
};

// Requests between the broker's callback and the worker: bounded in number, in bytes and for each user, so
// that neither a flood nor one user keeps the others waiting. Any thread.
class QueryQueue {
 public:
  // False, and nothing is queued, when a bound is reached or the queue is closed. Never waits.
  bool Push(internal::v1::RequestEnvelope envelope);

  // The oldest request; waits for one. nullopt when the queue is closed.
  std::optional<WaitingQuery> Pop();

  size_t size();

  // Drops what is queued, refuses what comes, wakes Pop().
  void Close();

 private:
  std::mutex mutex_;
  std::condition_variable arrived_;
  // Guarded by mutex_.
  std::deque<WaitingQuery> queue_;
  std::unordered_map<std::string, size_t> waiting_of_user_;
  size_t bytes_ = 0;
  bool closed_ = false;
};

}  // namespace parley::bridge
