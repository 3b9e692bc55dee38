#include "core/domain/flat_table.h"

#include <map>

#include <gtest/gtest.h>

#include "tests/support/seed.h"

namespace parley::domain {
namespace {

using parley::testing::Random;
using parley::testing::Seed;
using parley::testing::SeedNote;

TEST(NameTable, AnEmptyOneFindsNothing) {
  NameTable<uint32_t> table;
  EXPECT_EQ(table.Find("alice"), nullptr);
  EXPECT_EQ(table.Find(""), nullptr);
  table.Erase("alice");
  EXPECT_EQ(table.size(), 0u);
  table.ForEach([](std::string_view, uint32_t) { FAIL(); });
}

TEST(NameTable, ANameKeepsItsFirstSlot) {
  NameTable<uint32_t> table;
  EXPECT_EQ(table.TryEmplace("alice", 1), std::make_pair(1u, true));
  EXPECT_EQ(table.TryEmplace("alice", 2), std::make_pair(1u, false));
  table.Erase("alice");
  EXPECT_EQ(table.TryEmplace("alice", 2), std::make_pair(2u, true));
}

// Few names in a small table, erased as often as made: they stand in each other's places.
TEST(NameTable, IsAMap) {
  const uint64_t seed = Seed();
  SCOPED_TRACE(SeedNote(seed));
  Random random(seed);
  for (const uint64_t names : {12U, 100U, 5000U}) {
    NameTable<uint32_t> table;
    std::map<std::string, uint32_t, std::less<>> model;
    for (uint32_t i = 0; i < 40'000; ++i) {
      const std::string name = "a name " + std::to_string(random.Below(names));
      switch (random.Below(3)) {
        case 0:
          table.Erase(name);
          model.erase(name);
          break;
        case 1: {
          const auto [slot, is_new] = table.TryEmplace(name, i);
          const auto [at, was_new] = model.try_emplace(name, i);
          ASSERT_EQ(slot, at->second);
          ASSERT_EQ(is_new, was_new);
          break;
        }
        default: {
          const uint32_t* slot = table.Find(name);
          const auto at = model.find(name);
          ASSERT_EQ(slot != nullptr, at != model.end());
          if (slot != nullptr) {
            ASSERT_EQ(*slot, at->second);
          }
        }
      }
      ASSERT_EQ(table.size(), model.size());
    }
    std::map<std::string, uint32_t, std::less<>> listed;
    table.ForEach([&](std::string_view name, uint32_t slot) { listed.emplace(name, slot); });
    EXPECT_EQ(listed, model);
  }
}

}  // namespace
}  // namespace parley::domain
