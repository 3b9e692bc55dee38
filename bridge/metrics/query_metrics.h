#pragma once

#include <array>
#include <chrono>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include "bridge/metrics/registry.h"
#include "core/metrics/histogram.h"
#include "schemas/code_counts.h"

namespace parley::bridge {

// How long the queries of each method take and how they end. Any thread.
class QueryMetrics {
 public:
  // `method`: of the registry, so that names are bounded. `time`: from its arrival to its answer, waiting for
  // the worker included; not the wait for the commit of what was read.
  void Observe(std::string_view method, Code code, std::chrono::steady_clock::duration time);
  void Collect(MetricsPage& page) const;

 private:
  struct OfMethod {
    metrics::Histogram times{metrics::kWaitTimes};
    CodeCounts codes;
  };
  mutable std::mutex mutex_;
  std::map<std::string, OfMethod, std::less<>> methods_;  // guarded by mutex_
};

}  // namespace parley::bridge
