#include "schemas/result.h"

#include <memory>
#include <string>
#include <utility>

#include <gtest/gtest.h>

namespace parley {
namespace {

TEST(Result, HoldsAValueOrAnError) {
  const Result<int> good = 7;
  ASSERT_TRUE(good);
  EXPECT_TRUE(good.has_value());
  EXPECT_EQ(*good, 7);

  const Result<int> bad = Error{Code::NOT_FOUND, "no such room"};
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.error().code, Code::NOT_FOUND);
  EXPECT_EQ(bad.error().reason, "no such room");
}

TEST(Result, MovesWhatCannotBeCopied) {
  Result<std::unique_ptr<int>> made = std::make_unique<int>(3);
  const std::unique_ptr<int> taken = *std::move(made);
  EXPECT_EQ(*taken, 3);
}

TEST(Result, ReachesIntoItsValue) {
  Result<std::string> text = std::string("abc");
  EXPECT_EQ(text->size(), 3u);
  text->append("d");
  EXPECT_EQ(text.value(), "abcd");
}

TEST(Status, IsSuccessUntilAnErrorIsGiven) {
  const Status good;
  EXPECT_TRUE(good);
  const Status bad = Error{Code::UNAVAILABLE, "the bridge is away"};
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.error().code, Code::UNAVAILABLE);
}

TEST(Error, TellsWhereItRose) {
  const Error error = Error{Code::INTERNAL, "no space"}.Within("write journal").Within("append");
  EXPECT_EQ(error.code, Code::INTERNAL);
  EXPECT_EQ(error.reason, "append: write journal: no space");
}

}  // namespace
}  // namespace parley
