#include "bridge/http/http_counters.h"

namespace parley::bridge {

void HttpCounters::Opened() {
  const std::lock_guard lock(mutex_);
  ++open_;
}

void HttpCounters::Closed() {
  const std::lock_guard lock(mutex_);
  --open_;
}

void HttpCounters::TurnedAway() {
  const std::lock_guard lock(mutex_);
  ++turned_away_;
}

void HttpCounters::Answered(const std::string& path, int status) {
  const std::lock_guard lock(mutex_);
  ++answered_[{path, status}];
}

void HttpCounters::Collect(MetricsPage& page) const {
  const std::lock_guard lock(mutex_);
  page.Gauge("parley_http_connections", "Open HTTP connections.").Add(open_);
  page.Counter("parley_http_connections_turned_away_total",
               "HTTP connections closed since there were too many.")
      .Add(turned_away_);
  MetricFamily& requests = page.Counter("parley_http_requests_total",
                                        "HTTP requests answered before this one, by path and status.");
  for (const auto& [what, count] : answered_) {
    requests.Add(count, {{"path", what.first}, {"status", std::to_string(what.second)}});
  }
}

}  // namespace parley::bridge
