#include <gtest/gtest.h>

#include "bridge/metrics/broker_metrics.h"
#include "bridge/metrics/process_metrics.h"
#include "bridge/metrics/query_metrics.h"
#include "bridge/metrics/registry.h"

namespace parley::bridge {
namespace {

using std::chrono::milliseconds;

bool Has(const std::string& text, const std::string& line) {
  return text.find(line + "\n") != std::string::npos;
}

TEST(Metrics, ThePageIsInOrderOfNames) {
  MetricsRegistry registry;
  registry.Add([](MetricsPage& page) { page.Gauge("b", "Second.").Add(2.5); });
  registry.Add([](MetricsPage& page) {
    page.Counter("a_total", "First.").Add(uint64_t{1}, {{"kind", "x"}}).Add(uint64_t{2}, {{"kind", "y\"z"}});
  });
  EXPECT_EQ(
      registry.Text(),
      "# HELP a_total First.\n# TYPE a_total counter\na_total{kind=\"x\"} 1\na_total{kind=\"y\\\"z\"} 2\n"
      "# HELP b Second.\n# TYPE b gauge\nb 2.5\n");
}

TEST(Metrics, AHistogramIsCumulativeAndInSeconds) {
  metrics::Histogram histogram{1'000'000, 2'000'000};
  for (const uint64_t value : {500'000, 1'000'000, 1'500'000, 3'000'000}) histogram.Observe(value);
  MetricsPage page;
  page.Histogram("t_seconds", "Times.").Add(histogram.Snapshot(), 1e9);
  const std::string text = page.Text();
  EXPECT_TRUE(Has(text, "t_seconds_count 4")) << text;
  EXPECT_TRUE(Has(text, "t_seconds_sum 0.006")) << text;
  EXPECT_TRUE(Has(text, R"(t_seconds_bucket{le="0.001"} 2)")) << text;
  EXPECT_TRUE(Has(text, R"(t_seconds_bucket{le="0.002"} 3)")) << text;
  EXPECT_TRUE(Has(text, R"(t_seconds_bucket{le="+Inf"} 4)")) << text;
}

TEST(Metrics, QueriesAreCountedByMethodAndCode) {
  QueryMetrics metrics;
  metrics.Observe("sync", Code::OK, milliseconds(3));
  metrics.Observe("sync", Code::OK, milliseconds(30));
  metrics.Observe("rooms.get", Code::NOT_FOUND, milliseconds(0));
  MetricsPage page;
  metrics.Collect(page);
  const std::string text = page.Text();
  EXPECT_TRUE(Has(text, R"(parley_queries_total{method="sync",code="OK"} 2)")) << text;
  EXPECT_TRUE(Has(text, R"(parley_queries_total{method="rooms.get",code="NOT_FOUND"} 1)")) << text;
  EXPECT_TRUE(Has(text, R"(parley_query_seconds_bucket{method="sync",le="0.005"} 1)")) << text;
  EXPECT_TRUE(Has(text, R"(parley_query_seconds_count{method="sync"} 2)")) << text;
}

TEST(Metrics, TheBrokersNumbersAreShownWhileTheyAreFresh) {
  BrokerMetrics metrics;
  MetricsPage before;
  metrics.Collect(before, 0);
  EXPECT_EQ(before.Text(), "");

  internal::v1::MetricsNotice notice;
  notice.set_journal_used_bytes(4096);
  notice.set_logins_refused(3);
  notice.mutable_commit_write()->add_bounds(1'000'000);
  notice.mutable_commit_write()->add_counts(5);
  notice.mutable_commit_write()->add_counts(1);
  notice.mutable_commit_write()->set_sum(8'000'000);
  auto& refusals = *notice.add_refusals();
  refusals.set_code(static_cast<uint32_t>(Code::PERMISSION_DENIED));
  refusals.set_count(2);
  metrics.Take(notice, 1'000);
  MetricsPage fresh;
  metrics.Collect(fresh, 1'000 + BrokerMetrics::kStaleMs);
  const std::string text = fresh.Text();
  for (const char* line :
       {"parley_journal_used_bytes 4096", R"(parley_logins_total{result="refused"} 3)",
        R"(parley_commit_fsync_seconds_bucket{le="0.001"} 5)", "parley_commit_fsync_seconds_count 6",
        "parley_commit_fsync_seconds_sum 0.008", R"(parley_refusals_total{code="PERMISSION_DENIED"} 2)",
        R"(parley_refusals_total{code="INTERNAL"} 0)"}) {
    EXPECT_TRUE(Has(text, line)) << line << " in\n" << text;
  }
  MetricsPage stale;
  metrics.Collect(stale, 1'001 + BrokerMetrics::kStaleMs);
  EXPECT_EQ(stale.Text(), "");
}

// Whatever a notice holds, the page can be made.
TEST(Metrics, OddHistogramsAreNoTrouble) {
  BrokerMetrics metrics;
  internal::v1::MetricsNotice notice;
  notice.mutable_commit_write()->add_bounds(1'000'000);
  notice.mutable_commit_batch()->add_counts(7);
  metrics.Take(notice, 0);
  MetricsPage page;
  metrics.Collect(page, 0);
  const std::string text = page.Text();
  EXPECT_TRUE(Has(text, "parley_commit_fsync_seconds_count 0")) << text;
  EXPECT_TRUE(Has(text, R"(parley_commit_batch_commands_bucket{le="+Inf"} 7)")) << text;
}

TEST(Metrics, TheProcessIsMeasured) {
  MetricsPage page;
  CollectProcess(page);
  const std::string text = page.Text();
  for (const char* name : {"process_cpu_seconds_total ", "process_resident_memory_bytes ",
                           "process_open_fds ", "process_start_time_seconds "}) {
    const size_t at = text.find(std::string("\n") + name);
    ASSERT_NE(at, std::string::npos) << name;
    EXPECT_GT(std::stod(text.substr(at + 1 + std::string(name).size())), 0) << name;
  }
}

}  // namespace
}  // namespace parley::bridge
