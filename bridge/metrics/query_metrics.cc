#include "bridge/metrics/query_metrics.h"

namespace parley::bridge {

void QueryMetrics::Observe(std::string_view method, Code code, std::chrono::steady_clock::duration time) {
  const auto nanoseconds = std::chrono::duration_cast<std::chrono::nanoseconds>(time).count();
  const std::lock_guard lock(mutex_);
  auto found = methods_.find(method);
  if (found == methods_.end()) found = methods_.try_emplace(std::string(method)).first;
  found->second.times.Observe(static_cast<uint64_t>(std::max<int64_t>(nanoseconds, 0)));
  found->second.codes.Count(code);
}

void QueryMetrics::Collect(MetricsPage& page) const {
  const std::lock_guard lock(mutex_);
  MetricFamily& times = page.Histogram("parley_query_seconds",
                                       "Time from a query's arrival at the bridge to its answer, by method.");
  for (const auto& [method, of] : methods_) times.Add(of.times.Snapshot(), 1e9, {{"method", method}});
  MetricFamily& queries = page.Counter("parley_queries_total", "Queries answered, by method and code.");
  for (const auto& [method, of] : methods_) {
    for (const CodeEntry& entry : CodeTable()) {
      const uint64_t count = of.codes.Of(entry.code);
      if (count > 0) queries.Add(count, {{"method", method}, {"code", std::string(entry.name)}});
    }
  }
}

}  // namespace parley::bridge
