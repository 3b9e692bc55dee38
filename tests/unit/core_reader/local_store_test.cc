#include "core/store/local_store.h"

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include <gtest/gtest.h>
#include <rocksdb/perf_context.h>

#include "tests/unit/core_reader/tiny_store.h"

namespace parley::store {
namespace {

using Durability = LocalStore::Durability;

class LocalStoreTest : public ::testing::Test {
 protected:
  std::unique_ptr<LocalStore> Open() {
    auto opened = LocalStore::Open(path_, {});
    if (!opened) throw std::runtime_error(opened.error().reason);
    return *std::move(opened);
  }
  std::vector<std::string> Keys(LocalStore& store, std::string_view prefix, std::string_view after,
                                size_t limit) {
    std::vector<std::string> keys;
    const std::vector<LocalStore::Row> rows = store.Scan(prefix, after, limit).value();
    for (const LocalStore::Row& row : rows) keys.push_back(row.key);
    return keys;
  }

  parley::testing::TempFolder folder_;
  const std::string path_ = folder_.path("bridge/store");
};

TEST_F(LocalStoreTest, KeepsWhatWasWritten) {
  LocalBatch batch;
  batch.Put("a1", "one");
  batch.Put("a2", "two");
  batch.Put("a2", "two again");
  batch.Put("b", "other");
  batch.Delete("a1");
  ASSERT_TRUE(Open()->Write(batch, Durability::kProcess));
  const std::unique_ptr<LocalStore> store = Open();
  EXPECT_EQ(store->Get("a1").value(), std::nullopt);
  EXPECT_EQ(store->Get("a2").value(), "two again");
  EXPECT_EQ(store->Get("b").value(), "other");
}

TEST_F(LocalStoreTest, ScansInOrderWithinThePrefix) {
  const std::unique_ptr<LocalStore> store = Open();
  LocalBatch batch;
  for (const char* key : {"a", "ba", "bb", "bc", "c"}) batch.Put(key, key);
  ASSERT_TRUE(store->Write(batch, Durability::kDisk));
  using Strings = std::vector<std::string>;
  EXPECT_EQ(Keys(*store, "b", "", 10), (Strings{"ba", "bb", "bc"}));
  EXPECT_EQ(Keys(*store, "b", "", 2), (Strings{"ba", "bb"}));
  EXPECT_EQ(Keys(*store, "b", "bb", 10), (Strings{"bc"}));
  EXPECT_EQ(Keys(*store, "b", "bc", 10), Strings());
  EXPECT_EQ(Keys(*store, "d", "", 10), Strings());
}

TEST_F(LocalStoreTest, ScansPrefixesThatEndWithTheGreatestByte) {
  const std::unique_ptr<LocalStore> store = Open();
  LocalBatch batch;
  for (const char* key : {"b\xff", "b\xff\xff",
                          "b\xff"
                          "a",
                          "c", "\xff", "\xff\xff"})
    batch.Put(key, key);
  ASSERT_TRUE(store->Write(batch, Durability::kDisk));
  using Strings = std::vector<std::string>;
  EXPECT_EQ(Keys(*store, "b\xff", "", 10), (Strings{"b\xff",
                                                    "b\xff"
                                                    "a",
                                                    "b\xff\xff"}));
  EXPECT_EQ(Keys(*store, "\xff", "", 10), (Strings{"\xff", "\xff\xff"}));
}

TEST_F(LocalStoreTest, AScanDoesNotWalkOverWhatWasDeletedBehindItsPrefix) {
  const std::unique_ptr<LocalStore> store = Open();
  LocalBatch batch;
  batch.Put("b", "");
  for (int i = 0; i < 1'000; ++i) batch.Put("c" + std::to_string(i), "");
  for (int i = 0; i < 1'000; ++i) batch.Delete("c" + std::to_string(i));
  ASSERT_TRUE(store->Write(batch, Durability::kProcess));
  rocksdb::get_perf_context()->Reset();
  EXPECT_EQ(Keys(*store, "b", "", 10), std::vector<std::string>{"b"});
  EXPECT_EQ(Keys(*store, "b", "b", 10), std::vector<std::string>());
  EXPECT_LE(rocksdb::get_perf_context()->internal_delete_skipped_count, 2U);
}

TEST_F(LocalStoreTest, TheFolderIsTheOwnersAlone) {
  const std::unique_ptr<LocalStore> store = Open();
  EXPECT_EQ(std::filesystem::status(path_).permissions(), std::filesystem::perms::owner_all);
}

TEST_F(LocalStoreTest, ASecondOneIsRefusedInOneLine) {
  const std::unique_ptr<LocalStore> store = Open();
  const auto second = LocalStore::Open(path_, {});
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Code::FAILED_PRECONDITION);
  EXPECT_NE(second.error().reason.find("in use by another parley-bridge"), std::string::npos);
  EXPECT_EQ(second.error().reason.find('\n'), std::string::npos);
}

TEST_F(LocalStoreTest, ADamagedOneSaysWhatToDo) {
  Open();
  std::ofstream(path_ + "/CURRENT") << "MANIFEST-none\n";
  const auto opened = LocalStore::Open(path_, {});
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, Code::FAILED_PRECONDITION);
  EXPECT_NE(opened.error().reason.find(path_), std::string::npos) << opened.error().reason;
}

TEST_F(LocalStoreTest, ANewerFormatIsRefused) {
  {
    const std::unique_ptr<LocalStore> store = Open();
    LocalBatch batch;
    batch.Put("!format", std::string("\0\0\0\0\0\0\0\2", 8));
    ASSERT_TRUE(store->Write(batch, Durability::kDisk));
  }
  const auto opened = LocalStore::Open(path_, {});
  ASSERT_FALSE(opened);
  EXPECT_NE(opened.error().reason.find("format 2"), std::string::npos) << opened.error().reason;
}

TEST_F(LocalStoreTest, AFolderThatCannotBeMadeIsOneLine) {
  std::filesystem::create_directories(folder_.path("bridge"));
  std::ofstream(path_) << "a file";
  const auto opened = LocalStore::Open(path_, {});
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, Code::FAILED_PRECONDITION);
}

}  // namespace
}  // namespace parley::store
