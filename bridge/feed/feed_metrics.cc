#include "bridge/feed/feed_metrics.h"

namespace parley::bridge {
namespace {

constexpr double kMillisecondsPerSecond = 1e3;

metrics::HistogramSnapshot SnapshotOf(const FeedLags& lags) {
  return {.bounds = {FeedLags::kBoundsMs.begin(), FeedLags::kBoundsMs.end()},
          .counts = {lags.counts.begin(), lags.counts.end()},
          .sum = lags.sum_ms};
}

}  // namespace

void CollectFeed(MetricsPage& page, const std::vector<FeedStatus>& consumers) {
  MetricFamily& running = page.Gauge("parley_feed_running", "1: the consumer handles entries; 0: it waits.");
  MetricFamily& entries =
      page.Gauge("parley_feed_lag_entries", "Log entries on disk that the consumer is not done with.");
  MetricFamily& behind =
      page.Gauge("parley_feed_behind_seconds", "How long the oldest of those entries has been on disk.");
  MetricFamily& lags = page.Histogram(
      "parley_feed_lag_seconds", "How late entries were, from being on disk until the consumer was done.");
  MetricFamily& handled =
      page.Counter("parley_feed_handled_total", "Entries that the consumer is done with.");
  MetricFamily& retries =
      page.Counter("parley_feed_retries_total", "Attempts at an entry that failed and were made again.");
  MetricFamily& letters =
      page.Gauge("parley_feed_dead_letters", "Entries put aside, for an administrator to replay or drop.");
  for (const FeedStatus& status : consumers) {
    const MetricLabels labels{{"consumer", status.name}};
    running.Add(uint64_t{status.running}, labels);
    entries.Add(status.lag_entries, labels);
    behind.Add(static_cast<double>(status.lag_ms) / kMillisecondsPerSecond, labels);
    lags.Add(SnapshotOf(status.lags), kMillisecondsPerSecond, labels);
    handled.Add(status.handled, labels);
    retries.Add(status.retries, labels);
    letters.Add(status.dead_letters, labels);
  }
}

}  // namespace parley::bridge
