#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace parley::client {

// A histogram of durations in microseconds, of fixed size (18 KiB), with an error below 1.6 percent (each
// power of two has 64 buckets). Pure.
class LatencyHistogram {
 public:
  void Add(uint64_t microseconds);
  void Add(const LatencyHistogram& other);

  uint64_t count() const { return count_; }
  uint64_t max() const { return max_; }
  // The duration that the given share (0 < share ≤ 1) of all stays within; 0 when there are none.
  uint64_t Percentile(double share) const;

 private:
  static constexpr size_t kExact = 128;  // below: a bucket for each value
  static constexpr size_t kPowers = 34;  // 2^7 … 2^40 µs; longer ones count as that
  static constexpr size_t kPerPower = 64;

  static size_t BucketOf(uint64_t microseconds);
  static uint64_t LastOf(size_t bucket);

  std::array<uint64_t, kExact + kPowers * kPerPower> buckets_{};
  uint64_t count_ = 0;
  uint64_t max_ = 0;
};

}  // namespace parley::client
