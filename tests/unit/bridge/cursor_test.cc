#include "bridge/sync/cursor.h"

#include <gtest/gtest.h>

namespace parley::bridge {
namespace {

TEST(SyncCursor, NothingIsEverything) {
  for (const char* text : {"", "0"}) {
    const auto cursor = ParseCursor(text, {100});
    ASSERT_TRUE(cursor) << text;
    EXPECT_EQ(cursor->since.value, 0u);
    EXPECT_FALSE(cursor->progress);
  }
}

TEST(SyncCursor, EveryFormComesBack) {
  for (const SyncCursor& cursor : {SyncCursor{{912}, {}}, SyncCursor{{0}, SyncCursor::Progress{{912}, {17}}},
                                   SyncCursor{{900}, SyncCursor::Progress{{912}, {UINT64_MAX}}},
                                   SyncCursor{{900}, SyncCursor::Progress{{912}, {17}, 0}},
                                   SyncCursor{{900}, SyncCursor::Progress{{912}, {17}, 33}}}) {
    const auto parsed = ParseCursor(FormatCursor(cursor), {912});
    ASSERT_TRUE(parsed) << FormatCursor(cursor);
    EXPECT_EQ(FormatCursor(*parsed), FormatCursor(cursor));
  }
}

TEST(SyncCursor, PlainIsTheDecimalIndex) {
  EXPECT_EQ(FormatCursor({{912}, {}}), "912");
}

TEST(SyncCursor, WhatIsNotOfThisStoreIsRefused) {
  for (const char* text : {"x",
                           "-1",
                           "+1",
                           " 1",
                           "1 ",
                           "01",
                           "00",
                           "1x",
                           "0x1",
                           "101",
                           "18446744073709551615",
                           "18446744073709551616",
                           "99999999999999999999999",
                           ".",
                           "..",
                           "...",
                           "1.2.3",
                           "1.2.3.00000000",
                           "1.2",
                           "1.2.3.4.5",
                           "1.2.3.4.5.00000000",
                           "\xff\xfe",
                           "1\n",
                           "1e2",
                           "900.912.17.9f3a01c2"}) {
    EXPECT_FALSE(ParseCursor(text, {100})) << text;
  }
}

TEST(SyncCursor, ADamagedContinuationIsRefused) {
  for (const std::optional<uint64_t> inbox : {std::optional<uint64_t>(), std::optional<uint64_t>(33)}) {
    const std::string whole = FormatCursor({{900}, SyncCursor::Progress{{912}, {17}, inbox}});
    ASSERT_TRUE(ParseCursor(whole, {912}));
    EXPECT_FALSE(ParseCursor(whole, {911})) << "a target beyond the store";
    for (size_t i = 0; i < whole.size(); ++i) {
      std::string damaged = whole;
      damaged[i] = damaged[i] == '1' ? '2' : '1';
      EXPECT_FALSE(ParseCursor(damaged, {1'000'000})) << damaged;
      // Cut before its first dot it is an older plain cursor, which is safe.
      if (i > 3) {
        EXPECT_FALSE(ParseCursor(whole.substr(0, i), {1'000'000})) << whole.substr(0, i);
      }
    }
  }
  EXPECT_FALSE(ParseCursor(FormatCursor({{5}, SyncCursor::Progress{{4}, {1}}}), {10}))
      << "ends before it starts";
}

}  // namespace
}  // namespace parley::bridge
