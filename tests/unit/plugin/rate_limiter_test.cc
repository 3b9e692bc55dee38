#include "broker-plugin/gate/rate_limiter.h"

#include <gtest/gtest.h>

namespace parley::plugin {
namespace {

TEST(RateLimiter, ABucketFillsEvenlyAndHoldsASecond) {
  RateLimiter limiter;
  RateLimiter::Clock::time_point now{};
  const auto take = [&] {
    int taken = 0;
    while (limiter.Take("alice", 10, now)) ++taken;
    return taken;
  };
  EXPECT_EQ(take(), 10);
  now += std::chrono::milliseconds(350);
  EXPECT_EQ(take(), 3);
  now += std::chrono::seconds(100);
  EXPECT_EQ(take(), 10);
}

}  // namespace
}  // namespace parley::plugin
