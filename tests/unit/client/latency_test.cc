#include "client/cli/latency.h"

#include <gtest/gtest.h>

#include "client/cli/bench_report.h"

namespace parley::client {
namespace {

TEST(LatencyHistogram, PercentilesAreWithinTheStatedError) {
  LatencyHistogram histogram;
  for (uint64_t micros = 1; micros <= 100'000; ++micros) histogram.Add(micros);
  EXPECT_EQ(histogram.count(), 100'000u);
  EXPECT_EQ(histogram.max(), 100'000u);
  for (const double share : {0.001, 0.5, 0.9, 0.99, 0.999}) {
    const double exact = share * 100'000;
    const auto found = static_cast<double>(histogram.Percentile(share));
    EXPECT_GE(found, exact);
    EXPECT_LE(found, exact * 1.016) << share;
  }
  EXPECT_EQ(histogram.Percentile(1), 100'000u);
}

TEST(LatencyHistogram, SmallOnesAreExactAndHugeOnesCount) {
  LatencyHistogram histogram;
  EXPECT_EQ(histogram.Percentile(0.5), 0u);
  for (const uint64_t micros : {0, 1, 127, 128}) histogram.Add(micros);
  EXPECT_EQ(histogram.Percentile(0.25), 0u);
  EXPECT_EQ(histogram.Percentile(0.5), 1u);
  EXPECT_EQ(histogram.Percentile(0.75), 127u);
  histogram.Add(UINT64_MAX);
  EXPECT_EQ(histogram.max(), UINT64_MAX);
  EXPECT_EQ(histogram.count(), 5u);
  EXPECT_GT(histogram.Percentile(1), uint64_t{1} << 40U);
}

TEST(LatencyHistogram, TwoAddUp) {
  LatencyHistogram one;
  LatencyHistogram other;
  one.Add(10);
  other.Add(20);
  other.Add(20);
  one.Add(other);
  EXPECT_EQ(one.count(), 3u);
  EXPECT_EQ(one.Percentile(0.3), 10u);
  EXPECT_EQ(one.Percentile(0.9), 20u);
}

TEST(BenchReport, SaysRatesLatenciesAndErrors) {
  BenchResult result;
  result.seconds = 2;
  result.acked = 1'000;
  result.delivered = 3'000;
  result.ack.Add(1'500);
  std::string text;
  for (const std::string& line : RenderBench(result)) text += line + "\n";
  EXPECT_NE(text.find("1000 in 2.00 s: 500 a second"), std::string::npos) << text;
  EXPECT_NE(text.find("3000: 1500 a second"), std::string::npos) << text;
  EXPECT_NE(text.find("p50 1.50"), std::string::npos) << text;
  EXPECT_NE(text.find("errors        0\n"), std::string::npos) << text;
  result.refused = 2;
  result.missing = 1;
  result.first_error = "NOT_FOUND: no such room";
  EXPECT_EQ(RenderBench(result).back(),
            "errors        3: refused 2, no ack 0, not delivered 1 (first: NOT_FOUND: no such room)");
  EXPECT_NE(BenchJson(result).find(R"("acked":1000,"ackedPerSecond":500.0)"), std::string::npos);
}

}  // namespace
}  // namespace parley::client
