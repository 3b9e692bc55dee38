#include "core/log/held_slots.h"

#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/temp_folder.h"

namespace parley::testing {
namespace {

using log::HeldSlots;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

class HeldSlotsTest : public ::testing::Test {
 protected:
  // What the process before has left is in left_. It ended by kill -9: nothing was closed or synced.
  std::unique_ptr<HeldSlots> Open(const log::StoreId& store = {'a'}) {
    left_.clear();
    auto slots = HeldSlots::Open(path_, store, left_);
    EXPECT_TRUE(slots) << slots.error().reason;
    return slots ? std::move(*slots) : nullptr;
  }
  // The file as it is now, with some bytes changed.
  void Damage(size_t offset, const std::string& bytes) const {
    std::fstream file(path_, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(offset));
    file << bytes;
  }

  const TempFolder folder_;
  const std::string path_ = folder_ / "held";
  std::vector<std::string> left_;
};

TEST_F(HeldSlotsTest, WhatIsHeldIsFoundAfterACrash) {
  const auto first = Open();
  EXPECT_THAT(left_, IsEmpty());
  const auto one = first->Take("one");
  const auto two = first->Take("two");
  const auto gone = first->Take("gone");
  ASSERT_TRUE(one && two && gone);
  EXPECT_TRUE(first->Replace(*two, "two, and more"));
  first->Free(*gone);
  EXPECT_EQ(first->taken(), 2u);

  const auto second = Open();
  EXPECT_THAT(left_, UnorderedElementsAre("one", "two, and more"));
  EXPECT_EQ(second->taken(), 2u);
  second->Clear();
  EXPECT_EQ(second->taken(), 0u);
  Open();
  EXPECT_THAT(left_, IsEmpty());
}

TEST_F(HeldSlotsTest, ATornReplacementLeavesTheRecordBefore) {
  const auto slots = Open();
  const auto slot = slots->Take("first");
  ASSERT_TRUE(slots->Replace(*slot, "second"));
  const size_t halves = 4096 + *slot * 1024;
  Damage(halves + 512 + 16, "S");  // the second record lies in the other half
  Open();
  EXPECT_THAT(left_, ElementsAre("first"));
  Damage(halves + 16, "F");
  Open();
  EXPECT_THAT(left_, IsEmpty());
}

TEST_F(HeldSlotsTest, AreBounded) {
  const auto slots = Open();
  EXPECT_FALSE(slots->Take(std::string(HeldSlots::kBytesMax + 1, 'x')));
  for (size_t i = 0; i < HeldSlots::kSlots; ++i)
    ASSERT_TRUE(slots->Take(std::string(HeldSlots::kBytesMax, 'x')));
  EXPECT_FALSE(slots->Take("one more"));
  EXPECT_FALSE(slots->Replace(0, std::string(HeldSlots::kBytesMax + 1, 'x')));
  slots->Free(7);
  EXPECT_TRUE(slots->Take("one more"));
}

TEST_F(HeldSlotsTest, OfAnotherStoreAreForgotten) {
  Open()->Take("theirs");
  Open({'b'});
  EXPECT_THAT(left_, IsEmpty());
  Open({'b'});
  EXPECT_THAT(left_, IsEmpty());
}

TEST_F(HeldSlotsTest, AnotherFileIsRefused) {
  std::ofstream(path_) << "something else";
  const auto slots = HeldSlots::Open(path_, {}, left_);
  ASSERT_FALSE(slots);
  EXPECT_EQ(slots.error().code, Code::FAILED_PRECONDITION);
  EXPECT_EQ(std::filesystem::file_size(path_), 14u) << "and not touched";
}

}  // namespace
}  // namespace parley::testing
