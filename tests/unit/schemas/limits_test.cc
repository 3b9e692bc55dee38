#include "schemas/limits.h"

#include <cstdint>

#include <gtest/gtest.h>

namespace parley::limits {
namespace {

TEST(PageLimit, AbsentIsTheDefaultAndExcessIsTheMaximum) {
  EXPECT_EQ(PageLimit(0), 50u);
  EXPECT_EQ(PageLimit(1), 1u);
  EXPECT_EQ(PageLimit(999), 999u);
  EXPECT_EQ(PageLimit(1000), 1000u);
  EXPECT_EQ(PageLimit(1001), 1000u);
  EXPECT_EQ(PageLimit(UINT32_MAX), 1000u);
}

TEST(Limits, FitIntoEachOther) {
  EXPECT_LT(kDraftBytesMax, kReplyBytesMax);
  EXPECT_LT(kReplyBytesMax, kPacketBytesMax);
  EXPECT_LE(kRequestBytesMax, kPacketBytesMax);
}

}  // namespace
}  // namespace parley::limits
