#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "schemas/result.h"

namespace parley::client {

// Waits on one thread for a value that another one sets. T is a Result or Status.
template <typename T>
class Waiter {
 public:
  // Sets the value; may outlive the Waiter. The first call counts.
  std::function<void(const T&)> Setter() {
    return [state = state_](const T& value) {
      const std::lock_guard lock(state->mutex);
      if (!state->value) state->value = value;
      state->set.notify_all();
    };
  }

  // The value, or UNAVAILABLE "interrupted" once the flag (may be null) is true. Whoever promised to call the
  // setter bounds the wait.
  T Wait(const std::atomic<bool>* interrupted) {
    std::unique_lock lock(state_->mutex);
    while (!state_->value) {
      if (interrupted != nullptr && *interrupted) return Error{Code::UNAVAILABLE, "interrupted"};
      state_->set.wait_for(lock, std::chrono::milliseconds(50));
    }
    return *state_->value;
  }

 private:
  struct State {
    std::mutex mutex;
    std::condition_variable set;
    std::optional<T> value;
  };
  std::shared_ptr<State> state_ = std::make_shared<State>();
};

}  // namespace parley::client
