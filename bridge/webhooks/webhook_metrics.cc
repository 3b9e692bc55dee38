#include "bridge/webhooks/webhook_metrics.h"

namespace parley::bridge {

void CollectWebhooks(MetricsPage& page, const std::vector<HookStatus>& webhooks) {
  MetricFamily& paused =
      page.Gauge("parley_webhook_paused", "1: it failed too often, or an administrator has paused it.");
  MetricFamily& lag =
      page.Gauge("parley_webhook_lag_entries", "Log entries on disk that the webhook is not done with.");
  MetricFamily& failing =
      page.Gauge("parley_webhook_rooms_failing", "Rooms whose oldest event failed and is tried again.");
  MetricFamily& delivered = page.Counter("parley_webhook_delivered_total", "Events that the receiver took.");
  MetricFamily& failed = page.Counter("parley_webhook_failed_attempts_total", "Attempts that failed.");
  for (const HookStatus& status : webhooks) {
    const MetricLabels labels{{"webhook", status.webhook}};
    paused.Add(uint64_t{status.state.paused}, labels);
    lag.Add(status.lag_entries, labels);
    failing.Add(uint64_t{status.rooms_failing}, labels);
    delivered.Add(status.state.delivered, labels);
    failed.Add(status.state.failed_attempts, labels);
  }
}

}  // namespace parley::bridge
