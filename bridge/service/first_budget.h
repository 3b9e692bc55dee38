#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>

#include "bridge/service/query.h"
#include "schemas/limits.h"

namespace parley::bridge {

// How much protobuf to start with so that its JSON twin fills a reply and does not pass its limit: by what
// the last large reply came to. To ask for less again costs as much as the reply itself. Any thread.
class FirstBudget {
 public:
  Budget Get() const { return Budget{static_cast<size_t>(kMax * share_.load(std::memory_order_relaxed))}; }

  // True for a reply that fits, but that this budget may have kept from filling even half of one: other
  // content than before. It is asked for again, with all there may be.
  static bool IsTooSmall(Budget budget, size_t pb_size, size_t encoded_size) {
    return budget.bytes_max < parley::limits::kReplyBytesMax && pb_size > budget.bytes_max / 4 &&
           encoded_size < parley::limits::kReplyBytesMax / 2;
  }

  void Learn(size_t pb_size, size_t encoded_size) {
    if (encoded_size < parley::limits::kReplyBytesMax / 2) return;  // it says little
    const double share = kMargin * static_cast<double>(pb_size) / static_cast<double>(encoded_size);
    share_.store(std::clamp(share, kShareMin, 1.0), std::memory_order_relaxed);
  }

 private:
  static constexpr double kMax = static_cast<double>(parley::limits::kReplyBytesMax);
  static constexpr double kMargin = 0.95;
  static constexpr double kShareMin = 0.1;

  std::atomic<double> share_{1.0};
};

}  // namespace parley::bridge
