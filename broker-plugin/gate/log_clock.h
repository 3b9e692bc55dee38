#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace parley::plugin {

// The two times that the gate stamps into commands. Log time never falls and never jumps with the wall clock:
// it goes on by monotonic time while we run, and over a restart by the wall clock's step, at most an hour.
class LogClock {
 public:
  using Steady = std::chrono::steady_clock;

  // `log_time_ms`, `wall_time_ms`: of the newest command in the store; 0, 0 for a new one.
  LogClock(uint64_t log_time_ms, uint64_t wall_time_ms) : start_(Steady::now()) {
    constexpr uint64_t kRestartStepMax = uint64_t{3600} * 1000;
    const uint64_t wall = WallMs();
    const uint64_t away = wall > wall_time_ms && wall_time_ms != 0 ? wall - wall_time_ms : 0;
    base_ms_ = log_time_ms + std::min(away, kRestartStepMax);
  }

  uint64_t LogMs() const {
    const auto up = std::chrono::duration_cast<std::chrono::milliseconds>(Steady::now() - start_);
    return base_ms_ + static_cast<uint64_t>(up.count());
  }
  static uint64_t WallMs() {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(now).count());
  }

 private:
  const Steady::time_point start_;
  uint64_t base_ms_ = 0;
};

}  // namespace parley::plugin
