#pragma once

#include <cstdint>
#include <mutex>
#include <optional>

#include "bridge/metrics/registry.h"
#include "parley/internal/v1/envelope.pb.h"

namespace parley::bridge {

// The numbers of the broker's plugin, as its newest notice says them. Any thread.
class BrokerMetrics {
 public:
  // An older notice says nothing any more: its names are left out of the page.
  static constexpr int64_t kStaleMs = 10'000;

  void Take(internal::v1::MetricsNotice notice, int64_t now_ms);
  void Collect(MetricsPage& page, int64_t now_ms) const;

 private:
  mutable std::mutex mutex_;
  std::optional<internal::v1::MetricsNotice> notice_;  // guarded by mutex_
  int64_t heard_ms_ = 0;                               // guarded by mutex_
};

}  // namespace parley::bridge
