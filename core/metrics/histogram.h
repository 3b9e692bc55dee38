#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <vector>

namespace parley::metrics {

// What a histogram held at one moment. `counts` are per bucket, not cumulative: counts[i] of values
// ≤ bounds[i] (and above the bound before); the last one of values above all bounds. `sum` of all values.
struct HistogramSnapshot {
  std::vector<uint64_t> bounds;
  std::vector<uint64_t> counts;
  uint64_t sum = 0;
};

// Counts values in buckets with fixed bounds. Observe() is a search in a few numbers and two relaxed
// additions: no lock, no clock, no allocation. Any thread; a snapshot taken meanwhile may lack what is just
// being added.
class Histogram {
 public:
  static constexpr size_t kBoundsMax = 24;

  // Ascending bounds, at most kBoundsMax; more are left out.
  Histogram(std::initializer_list<uint64_t> bounds) {
    for (const uint64_t bound : bounds) {
      if (size_ < kBoundsMax) bounds_[size_++] = bound;
    }
  }

  void Observe(uint64_t value) {
    size_t bucket = 0;
    while (bucket < size_ && value > bounds_[bucket]) ++bucket;
    counts_[bucket].fetch_add(1, std::memory_order_relaxed);
    sum_.fetch_add(value, std::memory_order_relaxed);
  }

  HistogramSnapshot Snapshot() const {
    HistogramSnapshot snapshot;
    snapshot.bounds.assign(bounds_.begin(), bounds_.begin() + size_);
    snapshot.counts.reserve(size_ + 1);
    for (size_t i = 0; i <= size_; ++i) snapshot.counts.push_back(counts_[i].load(std::memory_order_relaxed));
    snapshot.sum = sum_.load(std::memory_order_relaxed);
    return snapshot;
  }

 private:
  std::array<uint64_t, kBoundsMax> bounds_{};
  uint32_t size_ = 0;
  std::array<std::atomic<uint64_t>, kBoundsMax + 1> counts_{};
  std::atomic<uint64_t> sum_{0};
};

// Bounds of times in nanoseconds: of what happens in memory (0.5 µs to 1 s), and of what waits for a disk, a
// queue or a network (50 µs to 10 s).
inline constexpr std::initializer_list<uint64_t> kMemoryTimes = {
    500,     1'000,   2'500,     5'000,     10'000,     25'000,      50'000,
    100'000, 250'000, 1'000'000, 5'000'000, 25'000'000, 100'000'000, 1'000'000'000};
inline constexpr std::initializer_list<uint64_t> kWaitTimes = {
    50'000,      100'000,       250'000,       500'000,       1'000'000,   2'500'000,
    5'000'000,   10'000'000,    25'000'000,    50'000'000,    100'000'000, 250'000'000,
    500'000'000, 1'000'000'000, 2'500'000'000, 10'000'000'000};
// Bounds of numbers of things that are handled together.
inline constexpr std::initializer_list<uint64_t> kBatchSizes = {1,   2,   4,   8,     16,    32,   64,
                                                                128, 256, 512, 1'024, 2'048, 4'096};

}  // namespace parley::metrics
