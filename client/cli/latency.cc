#include "client/cli/latency.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace parley::client {

void LatencyHistogram::Add(uint64_t microseconds) {
  ++buckets_[BucketOf(microseconds)];
  ++count_;
  max_ = std::max(max_, microseconds);
}

void LatencyHistogram::Add(const LatencyHistogram& other) {
  for (size_t i = 0; i < buckets_.size(); ++i) buckets_[i] += other.buckets_[i];
  count_ += other.count_;
  max_ = std::max(max_, other.max_);
}

uint64_t LatencyHistogram::Percentile(double share) const {
  if (count_ == 0) return 0;
  const auto wanted = static_cast<uint64_t>(std::ceil(share * static_cast<double>(count_)));
  uint64_t seen = 0;
  for (size_t i = 0; i < buckets_.size(); ++i) {
    seen += buckets_[i];
    if (seen >= wanted && seen > 0) return std::min(LastOf(i), max_);
  }
  return max_;
}

size_t LatencyHistogram::BucketOf(uint64_t microseconds) {
  if (microseconds < kExact) return static_cast<size_t>(microseconds);
  const auto power = static_cast<size_t>(std::bit_width(microseconds)) - 1;  // ≥ 7
  const size_t index = std::min(power - 7, kPowers - 1);
  if (index < power - 7) return kExact + kPowers * kPerPower - 1;
  return kExact + index * kPerPower + static_cast<size_t>((microseconds >> (power - 6)) & (kPerPower - 1));
}

uint64_t LatencyHistogram::LastOf(size_t bucket) {
  if (bucket < kExact) return bucket;
  const size_t power = (bucket - kExact) / kPerPower + 7;
  const uint64_t part = (bucket - kExact) % kPerPower;
  return ((kPerPower + part + 1) << (power - 6)) - 1;
}

}  // namespace parley::client
