#include "core/metrics/histogram.h"

#include <algorithm>
#include <numeric>
#include <thread>

#include <gmock/gmock.h>

namespace parley::metrics {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(Histogram, AValueFallsIntoTheFirstBucketThatHoldsIt) {
  Histogram histogram{10, 20};
  for (const uint64_t value : {0, 10, 11, 20, 21, 1'000}) histogram.Observe(value);
  const HistogramSnapshot snapshot = histogram.Snapshot();
  EXPECT_THAT(snapshot.bounds, ElementsAre(10, 20));
  EXPECT_THAT(snapshot.counts, ElementsAre(2, 2, 2));
  EXPECT_EQ(snapshot.sum, 1'062u);
}

TEST(Histogram, WithoutBoundsItOnlySums) {
  Histogram histogram{};
  histogram.Observe(3);
  EXPECT_THAT(histogram.Snapshot().bounds, IsEmpty());
  EXPECT_THAT(histogram.Snapshot().counts, ElementsAre(1));
}

TEST(Histogram, TheBoundsInUseRiseAndFit) {
  for (const auto& bounds : {kMemoryTimes, kWaitTimes, kBatchSizes}) {
    EXPECT_TRUE(std::is_sorted(bounds.begin(), bounds.end()));
    EXPECT_LE(bounds.size(), Histogram::kBoundsMax);
    EXPECT_EQ(Histogram(bounds).Snapshot().bounds.size(), bounds.size());
  }
}

TEST(Histogram, ThreadsLoseNothing) {
  Histogram histogram{kBatchSizes};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&histogram] {
      for (uint64_t value = 0; value < 10'000; ++value) histogram.Observe(value % 100);
    });
  }
  for (std::thread& thread : threads) thread.join();
  const HistogramSnapshot snapshot = histogram.Snapshot();
  EXPECT_EQ(std::accumulate(snapshot.counts.begin(), snapshot.counts.end(), uint64_t{0}), 40'000u);
  EXPECT_EQ(snapshot.sum, 4u * 100 * 4'950);
}

}  // namespace
}  // namespace parley::metrics
