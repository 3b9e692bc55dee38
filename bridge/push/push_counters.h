#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "core/metrics/histogram.h"
#include "parley/v1/push.pb.h"

namespace parley::bridge {

// Counts by what a value of an enumeration of push names. Any thread.
template <typename Enumeration, size_t size>
class PushCounts {
 public:
  void Add(Enumeration which, uint64_t count = 1) {
    counts_[static_cast<size_t>(which) % size].fetch_add(count, std::memory_order_relaxed);
  }
  uint64_t of(Enumeration which) const {
    return counts_[static_cast<size_t>(which) % size].load(std::memory_order_relaxed);
  }

 private:
  std::array<std::atomic<uint64_t>, size> counts_{};
};

// What happened to notifications of all providers.
struct PushCounters {
  PushCounts<v1::Push::Reason, v1::Push::Reason_ARRAYSIZE> suppressed;
  std::atomic<uint64_t> queued{0};
};

// And of one provider.
struct PushSenderCounters {
  enum class Outcome { kAccepted, kRetried, kDead, kRefused, kNoAnswer, kGaveUp, kWithdrawn };
  static constexpr size_t kOutcomes = 7;
  PushCounts<Outcome, kOutcomes> outcomes;
  std::atomic<uint64_t> in_flight{0};
  std::atomic<bool> blocked{false};
  metrics::Histogram times{metrics::kWaitTimes};  // from the decision to the provider's acceptance, ns
};

}  // namespace parley::bridge
