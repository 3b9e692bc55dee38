#include "client/session/ids.h"

#include <random>

#include <gtest/gtest.h>

#include "schemas/names.h"

namespace parley::client {
namespace {

TEST(MakeUlid, IsAMessageIdOf26Characters) {
  std::mt19937_64 random(1);
  const std::string id = MakeUlid(1'790'000'000'123, [&] { return random(); });
  EXPECT_EQ(id.size(), 26u);
  EXPECT_TRUE(ParseMessageId(id));
}

TEST(MakeUlid, SortsByTime) {
  std::mt19937_64 random(1);
  const RandomSource source = [&] { return random(); };
  EXPECT_LT(MakeUlid(1'000, source), MakeUlid(1'001, source));
  EXPECT_LT(MakeUlid(0xFFFF, source), MakeUlid(0x10000, source));
}

TEST(MakeUlid, EncodesTheTimeAsTheSpecificationSays) {
  // The example of the specification: 1469922850259 is 01ARZ3NDEK.
  EXPECT_EQ(MakeUlid(1'469'922'850'259, [] { return 0; }), "01ARZ3NDEK0000000000000000");
}

TEST(MakeUlid, DiffersByItsRandomPart) {
  std::mt19937_64 random(1);
  const RandomSource source = [&] { return random(); };
  EXPECT_NE(MakeUlid(5, source), MakeUlid(5, source));
}

}  // namespace
}  // namespace parley::client
