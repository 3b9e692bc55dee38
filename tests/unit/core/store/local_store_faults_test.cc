// A full disk and a power cut under the bridge's own store.
#include <chrono>
#include <memory>
#include <string>
#include <thread>

#include <gtest/gtest.h>

#include "core/store/local_store.h"
#include "tests/support/fault_env.h"
#include "tests/support/temp_folder.h"

namespace parley::testing {
namespace {

using store::LocalBatch;
using store::LocalStore;
using Durability = LocalStore::Durability;

class LocalStoreFaultsTest : public ::testing::Test {
 protected:
  std::unique_ptr<LocalStore> Open() {
    auto opened = LocalStore::Open(
        path_, [](const std::string&) {}, env_.get());
    if (!opened) throw std::runtime_error(opened.error().reason);
    return *std::move(opened);
  }
  static LocalBatch One(const std::string& key, const std::string& value) {
    LocalBatch batch;
    batch.Put(key, value);
    return batch;
  }

  const TempFolder folder_;
  const std::string path_ = folder_ / "local";
  const std::shared_ptr<FaultFileSystem> disk_ = std::make_shared<FaultFileSystem>();
  const std::unique_ptr<rocksdb::Env> env_ = std::make_unique<FaultEnv>(disk_);
};

TEST_F(LocalStoreFaultsTest, AFullDiskRefusesTheBatchWholeAndIsWaitedOut) {
  const std::unique_ptr<LocalStore> store = Open();
  ASSERT_TRUE(store->Write(One("a", "before"), Durability::kProcess));
  disk_->FillFor(1);
  LocalBatch batch = One("a", "after");
  batch.Put("b", "after");
  const Status full = store->Write(batch, Durability::kProcess);
  ASSERT_FALSE(full);
  EXPECT_EQ(full.error().code, Code::UNAVAILABLE);
  EXPECT_EQ(full.error().reason.find('\n'), std::string::npos);
  EXPECT_EQ(store->Get("a").error().code, Code::UNAVAILABLE);  // not yet again
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  Result<std::optional<std::string>> read = store->Get("a");
  while (!read && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::yield();
    read = store->Get("a");
  }
  ASSERT_TRUE(read) << read.error().reason;
  EXPECT_EQ(*read, "before");
  EXPECT_EQ(store->Get("b").value(), std::nullopt);
  ASSERT_TRUE(store->Write(batch, Durability::kProcess));
  EXPECT_EQ(store->Get("a").value(), "after");
}

TEST_F(LocalStoreFaultsTest, APowerCutTakesTheNewestBatchesOnlyAndNoneThatWasSynced) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    std::filesystem::remove_all(path_);
    {
      const std::unique_ptr<LocalStore> store = Open();
      ASSERT_TRUE(store->Write(One("n", "1"), Durability::kProcess));
      ASSERT_TRUE(store->Write(One("n", "2"), Durability::kDisk));
      for (int i = 3; i <= 9; ++i) {
        LocalBatch batch = One("n", std::to_string(i));
        batch.Put("also", std::to_string(i));
        ASSERT_TRUE(store->Write(batch, Durability::kProcess));
      }
      disk_->CutAfter(1);
      (void)store->Write(One("n", "10"), Durability::kDisk).has_value();
    }
    disk_->PowerOn(random);
    const std::unique_ptr<LocalStore> store = Open();
    const int last = std::stoi(store->Get("n").value().value());
    EXPECT_GE(last, 2);
    if (last >= 3 && last <= 9) {
      EXPECT_EQ(store->Get("also").value(), std::to_string(last));
    }
  }
}

}  // namespace
}  // namespace parley::testing
