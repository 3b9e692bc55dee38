// Full disks, failing disks, power cuts, under a real store.
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/commands.h"
#include "tests/support/fault_env.h"
#include "tests/support/fault_file_system.h"
#include "tests/support/random_commands.h"
#include "tests/support/store_dump.h"
#include "tests/support/store_node.h"
#include "tests/support/temp_folder.h"

namespace parley::testing {
namespace {

using store::Commit;
using ::testing::HasSubstr;

class DiskFaultsTest : public ::testing::Test {
 protected:
  void MakeLobby(StoreNode& node) {
    node.Apply(CreateUser("bob"));
    node.Apply(CreateRoom("lobby", {{"bob", v1::Member::OWNER}}));
    ASSERT_EQ(node.Write(), Commit::kDone);
  }
  // Waits for space as the log does: the identical batch, again.
  static Commit WriteWhileFull(StoreNode& node) {
    std::mutex mutex;
    std::condition_variable nobody;
    std::unique_lock lock(mutex);
    Commit commit = Commit::kNoSpace;
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while ((commit = node.Write()) == Commit::kNoSpace && std::chrono::steady_clock::now() < deadline) {
      nobody.wait_for(lock, std::chrono::milliseconds(20));
    }
    return commit;
  }

  const TempFolder folder_;
  const std::string path_ = folder_ / "store";
  const std::shared_ptr<FaultFileSystem> disk_ = std::make_shared<FaultFileSystem>();
  const std::unique_ptr<rocksdb::Env> env_ = std::make_unique<FaultEnv>(disk_);
};

TEST_F(DiskFaultsTest, EveryWriteIsSyncedBeforeItIsDone) {
  StoreNode node(path_, env_.get());
  MakeLobby(node);
  for (int i = 0; i < 5; ++i) {
    const uint64_t syncs = disk_->log_syncs();
    node.Apply(Send("bob", "lobby", ""));
    ASSERT_EQ(node.Write(), Commit::kDone);
    EXPECT_EQ(disk_->log_syncs(), syncs + 1);
  }
}

TEST_F(DiskFaultsTest, AFullDiskKeepsTheBatchAndThenHasItWhole) {
  for (const int failures : {1, 2, 4, 9}) {
    SCOPED_TRACE(failures);
    const std::string path = path_ + std::to_string(failures);
    {
      StoreNode node(path, env_.get());
      MakeLobby(node);
      disk_->FillFor(failures);
      for (int i = 0; i < 3; ++i) node.Apply(Send("bob", "lobby", "m" + std::to_string(i)));
      ASSERT_EQ(node.Write(), Commit::kNoSpace);
      EXPECT_THAT(node.writer().failure(), HasSubstr("No space"));
      ASSERT_EQ(WriteWhileFull(node), Commit::kDone);
      node.Apply(Send("bob", "lobby", "m9"));
      ASSERT_EQ(node.Write(), Commit::kDone);
    }
    disk_->PowerOn();
    StoreNode again(path, env_.get());
    EXPECT_EQ(again.applied().value, 6u);
    EXPECT_EQ(again.writer().View()->Head(Rid{2})->value, 5u);
    EXPECT_TRUE(again.Apply(Send("bob", "lobby", "m1")).ack->duplicate());
  }
}

// The database is closed while it waits for space: who reads then is told so.
TEST_F(DiskFaultsTest, ReadsOnAFullDiskAreRefused) {
  StoreNode node(path_, env_.get());
  MakeLobby(node);
  node.Apply(Send("bob", "lobby", "m1"));
  ASSERT_EQ(node.Write(), Commit::kDone);
  disk_->FillFor(2);
  node.Apply(Send("bob", "lobby", "m2"));
  ASSERT_EQ(node.Write(), Commit::kNoSpace);
  EXPECT_EQ(node.writer().View(), nullptr);
  const auto found = node.writer().FindDedup({Uid{1}, Rid{2}, "m1"});
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, Code::UNAVAILABLE);
  ASSERT_EQ(WriteWhileFull(node), Commit::kDone);
  EXPECT_TRUE(node.writer().FindDedup({Uid{1}, Rid{2}, "m1"}).value());
}

// A crash on the full disk: what was committed is there, the batch that waited is not, or whole.
TEST_F(DiskFaultsTest, ACrashWhileTheDiskIsFullTakesNothingThatWasDone) {
  {
    StoreNode node(path_, env_.get());
    MakeLobby(node);
    node.Apply(Send("bob", "lobby", "m1"));
    ASSERT_EQ(node.Write(), Commit::kDone);
    disk_->FillFor(1000);
    node.Apply(Send("bob", "lobby", "m2"));
    for (int i = 0; i < 3; ++i) ASSERT_EQ(node.Write(), Commit::kNoSpace);
    disk_->CutAfter(1);
  }
  disk_->FillFor(0);
  disk_->PowerOn();
  StoreNode again(path_, env_.get());
  EXPECT_EQ(again.applied().value, 3u);
  EXPECT_EQ(again.writer().View()->Head(Rid{2})->value, 2u);
}

TEST_F(DiskFaultsTest, AFailedSyncIsNeverTriedAgainAndLeavesNoHole) {
  {
    StoreNode node(path_, env_.get());
    MakeLobby(node);
    node.Apply(Send("bob", "lobby", "m1"));
    ASSERT_EQ(node.Write(), Commit::kDone);
    disk_->FailNextSync();
    node.Apply(Send("bob", "lobby", "m2"));
    ASSERT_EQ(node.Write(), Commit::kFailed);
    EXPECT_THAT(node.writer().failure(), HasSubstr("Input/output error"));
    const uint64_t syncs = disk_->log_syncs();
    EXPECT_EQ(node.Write(), Commit::kFailed);  // a second call changes nothing
    EXPECT_EQ(disk_->log_syncs(), syncs);
    disk_->CutAfter(1);
  }
  disk_->PowerOn();
  StoreNode again(path_, env_.get());
  EXPECT_EQ(again.applied().value, 3u);
  EXPECT_EQ(again.Apply(Send("bob", "lobby", "m2")).ack->seq(), 3u);
}

// The power goes at every step of the store's life in turn. What was done stays, in full, and nothing else
// does but whole batches.
TEST_F(DiskFaultsTest, EveryCommittedBatchSurvivesAPowerCut) {
  const uint64_t seed = Seed();
  SCOPED_TRACE(SeedNote(seed));
  constexpr int kCuts = 100;
  Random random(seed);
  RandomCommands commands(seed + 1);
  std::vector<domain::Command> log;                 // all commands, by index − 1
  std::vector<std::vector<domain::NewEvent>> made;  // what each made
  uint64_t done = 0;                                // the last index that a Write() said is on disk
  for (int cut = 0; cut < kCuts; ++cut) {
    SCOPED_TRACE("cut " + std::to_string(cut));
    // Some cuts fall into the start itself, which recovers; most into the writes.
    disk_->CutAfter(static_cast<int>(1 + random.Below(random.OneIn(3) ? 60 : 110)));
    try {
      StoreNode node(path_, env_.get());
      ASSERT_GE(node.applied().value, done) << "a committed batch is lost";
      ASSERT_LE(node.applied().value, log.size());
      // All of them at the end, the newer ones each time.
      const uint64_t newer = done > 200 && cut + 1 < kCuts ? done - 200 : 1;
      for (uint64_t index = newer; index <= node.applied().value; ++index) {
        for (const domain::NewEvent& event : made[index - 1]) {
          const domain::Room* room = node.machine().directory().FindRoom(event.room);
          if (room == nullptr || room->record.rid() != event.rid.value) continue;  // deleted since
          const auto row = node.writer().View()->EventAt(event.rid, event.seq);
          ASSERT_TRUE(row && *row) << "no event of index " << index;
          ASSERT_EQ((*row)->bytes, event.bytes);
        }
      }
      done = std::max(done, node.applied().value);  // it was read: the start has made it durable
      while (!disk_->is_off()) {
        const uint64_t end = node.applied().value + 1 + random.Below(5);
        while (node.applied().value < end) {
          const uint64_t at = node.applied().value;
          if (at == log.size()) log.push_back(commands.Next());
          const domain::Applied applied = node.Apply(log[at]);
          made.resize(log.size());
          made[at] = applied.events;
        }
        if (node.Write() != Commit::kDone) break;
        done = node.applied().value;
      }
    } catch (const std::runtime_error&) {
      ASSERT_TRUE(disk_->is_off()) << "a start failed although there was power";
    }
    disk_->PowerOn();
  }
  StoreNode node(path_, env_.get());
  EXPECT_GE(node.applied().value, done);
  EXPECT_GT(done, 20u);  // something was tested
}

}  // namespace
}  // namespace parley::testing
