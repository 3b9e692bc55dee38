#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "schemas/names.h"

namespace parley::bridge {

// How late entries were when a consumer was done with them, in ms from the moment when the bridge heard that
// they are on disk. Counts in buckets; the last one has no bound.
struct FeedLags {
  static constexpr std::array<int64_t, 18> kBoundsMs = {1,   2,   5,   10,  20,  30,    50,    70,    100,
                                                        150, 200, 300, 500, 700, 1'000, 2'000, 5'000, 10'000};
  std::array<uint64_t, kBoundsMs.size() + 1> counts{};
  uint64_t sum_ms = 0;

  void Add(int64_t lag_ms) {
    const auto* const bound = std::lower_bound(kBoundsMs.begin(), kBoundsMs.end(), lag_ms);
    sum_ms += static_cast<uint64_t>(std::max<int64_t>(lag_ms, 0));
    ++counts[static_cast<size_t>(bound - kBoundsMs.begin())];
  }
};

// How a consumer is.
struct FeedStatus {
  std::string name;
  LogIndex offset;           // it is done with everything up to here
  LogIndex head;             // what is on disk; 0: not known (no connection)
  uint64_t lag_entries = 0;  // entries of the log in between
  int64_t lag_ms = 0;        // since it was heard that the first of them is on disk
  uint64_t dead_letters = 0;
  uint64_t handled = 0;  // entries of the feed since the start of the process
  uint64_t retries = 0;  // tries that failed since then
  bool running = false;  // false: it waits, and `why` says for what
  std::string why;
  FeedLags lags;
};

}  // namespace parley::bridge
