#pragma once

#include <algorithm>
#include <cstdint>

namespace parley::client {

// A pause that doubles from first_ms to last_ms, give or take a quarter so that many clients do not come back
// as one. Pure: the randomness is passed in.
class Backoff {
 public:
  Backoff(int64_t first_ms, int64_t last_ms) : first_ms_(first_ms), last_ms_(last_ms), next_ms_(first_ms) {}

  // The next pause; `random` is any 64 random bits.
  int64_t Next(uint64_t random) {
    const int64_t pause_ms = next_ms_;
    next_ms_ = std::min(next_ms_ * 2, last_ms_);
    const int64_t spread_ms = pause_ms / 2;
    if (spread_ms == 0) return pause_ms;
    return pause_ms - spread_ms / 2 + static_cast<int64_t>(random % static_cast<uint64_t>(spread_ms + 1));
  }

  void Reset() { next_ms_ = first_ms_; }

 private:
  int64_t first_ms_;
  int64_t last_ms_;
  int64_t next_ms_;
};

}  // namespace parley::client
