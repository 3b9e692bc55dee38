#include "core/store/secondary_store.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <thread>

#include <gtest/gtest.h>
#include <rocksdb/db.h>

#include "core/store/keys.h"
#include "core/store/rocks_options.h"
#include "tests/unit/core_reader/tiny_store.h"

namespace parley::store {
namespace {

using parley::testing::TempFolder;
using parley::testing::TinyStore;
constexpr auto kMember = v1::Member::MEMBER;

std::unique_ptr<StoreReader> Reader(const TinyStore& store) {
  return MakeSecondaryStore({.store_path = store.path(), .scratch_path = store.scratch(), .log = {}});
}

// The view at an index, within a deadline.
std::unique_ptr<StoreView> ViewAt(StoreReader& reader, LogIndex index) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (true) {
    Result<std::unique_ptr<StoreView>> view = reader.View(index);
    if (view) return *std::move(view);
    if (std::chrono::steady_clock::now() > deadline) {
      ADD_FAILURE() << "no view at " << index.value << ": " << view.error().reason;
      return nullptr;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
}

TEST(SecondaryStore, ReadsWhatTheWriterHasWritten) {
  TinyStore store;
  const LogIndex uid = store.CreateUser("alice");
  const LogIndex rid = store.CreateRoom("lobby", {{"alice", v1::Member::OWNER}}, v1::Room::ALL, "The lobby");
  store.Say("lobby", "alice", "hello");
  const auto reader = Reader(store);
  const auto view = ViewAt(*reader, store.applied());
  ASSERT_NE(view, nullptr);
  EXPECT_EQ(view->applied(), store.applied());
  EXPECT_EQ((**view->User("alice")).uid(), uid.value);
  EXPECT_FALSE(view->User("bob")->has_value());
  EXPECT_EQ((**view->Room("lobby")).title(), "The lobby");
  EXPECT_EQ(view->Head({rid.value})->value, 2u);
  EXPECT_EQ((**view->Member({rid.value}, {uid.value})).role(), v1::Member::OWNER);
  const auto rooms = *view->RoomsOf({uid.value}, {}, 10);
  ASSERT_EQ(rooms.size(), 1u);
  EXPECT_EQ(rooms[0].room, "lobby");
  EXPECT_TRUE(view->RoomsOf({uid.value}, {UINT64_MAX}, 10)->empty());
  const auto said = *view->Feed({.after = rid, .last = store.applied(), .limit = 10, .items_max = 10});
  ASSERT_EQ(said.size(), 1u);
  EXPECT_EQ(said[0].index, store.applied());
}

TEST(SecondaryStore, AViewDoesNotMoveWhileItLives) {
  TinyStore store;
  store.CreateUser("alice");
  const LogIndex rid = store.CreateRoom("lobby", {{"alice", kMember}});
  const auto reader = Reader(store);
  const auto view = ViewAt(*reader, store.applied());
  store.Say("lobby", "alice");
  std::atomic<bool> moved{false};
  std::thread other([&] {
    ViewAt(*reader, store.applied());
    moved = true;
  });
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  EXPECT_FALSE(moved);
  EXPECT_EQ(view->Head({rid.value})->value, 1u);
  const_cast<std::unique_ptr<StoreView>&>(view).reset();
  other.join();
  EXPECT_TRUE(moved);
}

TEST(SecondaryStore, IsUnavailableWithoutAStoreAndOpensItLater) {
  TempFolder folder;
  const auto reader = MakeSecondaryStore(
      {.store_path = folder.path("none"), .scratch_path = folder.path("scratch"), .log = {}});
  const auto view = reader->View({});
  ASSERT_FALSE(view);
  EXPECT_EQ(view.error().code, Code::UNAVAILABLE);
  auto writer = StoreWriter::Open(folder.path("none"), {});
  ASSERT_TRUE(writer);
  EXPECT_NE(ViewAt(*reader, {}), nullptr);
}

TEST(SecondaryStore, IsUnavailableForAnIndexThatTheStoreDoesNotHold) {
  TinyStore store;
  store.CreateUser("alice");
  const auto reader = Reader(store);
  const auto view = reader->View({99});
  ASSERT_FALSE(view);
  EXPECT_EQ(view.error().code, Code::UNAVAILABLE);
  EXPECT_NE(ViewAt(*reader, store.applied()), nullptr);
}

TEST(SecondaryStore, FollowsAWriterThatRestarts) {
  TinyStore store;
  store.CreateUser("alice");
  const LogIndex rid = store.CreateRoom("lobby", {{"alice", kMember}});
  const auto reader = Reader(store);
  for (uint64_t round = 0; round < 5; ++round) {
    for (int i = 0; i < 20; ++i) store.Say("lobby", "alice", std::string(1000, 'x'));
    ASSERT_EQ(ViewAt(*reader, store.applied())->Head({rid.value})->value, 1 + round * 40 + 20);
    store.Close();
    ASSERT_NE(ViewAt(*reader, store.applied()), nullptr);
    store.Reopen();
    for (int i = 0; i < 20; ++i) store.Say("lobby", "alice", std::string(1000, 'y'));
    ASSERT_EQ(ViewAt(*reader, store.applied())->Head({rid.value})->value, 1 + round * 40 + 40);
  }
}

TEST(SecondaryStore, RefusesAnotherFormat) {
  TinyStore store;
  store.Close();
  {
    rocksdb::DB* raw = nullptr;
    std::vector<rocksdb::ColumnFamilyHandle*> handles;
    const rocksdb::Options options = BaseOptions({});
    ASSERT_TRUE(
        rocksdb::DB::Open(rocksdb::DBOptions(options), store.path(), FamilyDescriptors(), &handles, &raw)
            .ok());
    const std::unique_ptr<rocksdb::DB> db(raw);
    rocksdb::WriteOptions sync;
    ASSERT_TRUE(db->Put(sync, handles[5], std::string(kMetaFormat), BigEndian64(2)).ok());
    for (auto* handle : handles) db->DestroyColumnFamilyHandle(handle);
  }
  const auto view = Reader(store)->View({});
  ASSERT_FALSE(view);
  EXPECT_EQ(view.error().code, Code::FAILED_PRECONDITION);
  EXPECT_EQ(view.error().reason, "the store has format 2, this bridge knows 1");
}

// Small write buffers make the writer flush and drop logs all the time, which is when a reader may see a
// hole.
TEST(SecondaryStore, NeverShowsAHoleWhileTheWriterRetiresItsLogs) {
  TempFolder folder;
  rocksdb::Options options = BaseOptions({});
  options.create_if_missing = true;
  options.create_missing_column_families = true;
  auto families = FamilyDescriptors();
  for (auto& family : families) family.options.write_buffer_size = 64 * 1024;
  rocksdb::DB* raw = nullptr;
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  ASSERT_TRUE(
      rocksdb::DB::Open(rocksdb::DBOptions(options), folder.path("store"), families, &handles, &raw).ok());
  const std::unique_ptr<rocksdb::DB> db(raw);
  ASSERT_TRUE(db->Put({}, handles[5], std::string(kMetaFormat), BigEndian64(kFormatVersion)).ok());
  // The writer races each catch-up, but only so far ahead: a reader on a busy machine still gets its turn.
  constexpr uint64_t kLeadMax = 1000;
  std::atomic<uint64_t> written{0};
  std::atomic<uint64_t> seen{0};
  std::atomic<bool> stop{false};
  std::thread writer([&] {
    for (uint64_t i = 1; !stop; ++i) {
      while (!stop && i > seen + kLeadMax) std::this_thread::yield();
      rocksdb::WriteBatch batch;
      batch.Put(handles[1], EventKey({1}, {i}), EncodeEventRow({i, 0, std::string(300, 'e')}));
      batch.Put(handles[5], std::string(kMetaApplied), BigEndian64(i));
      if (!db->Write({}, &batch).ok()) break;
      written = i;
    }
  });
  const auto reader = MakeSecondaryStore(
      {.store_path = folder.path("store"), .scratch_path = folder.path("scratch"), .log = {}});
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(50);
  constexpr int kViews = 60;
  int views = 0;
  while (views < kViews && std::chrono::steady_clock::now() < end && !::testing::Test::HasFailure()) {
    Result<std::unique_ptr<StoreView>> view = reader->View({written});
    if (!view) continue;
    ++views;
    const uint64_t applied = (*view)->applied().value;
    seen = applied;
    ASSERT_EQ((*view)->Head({1})->value, applied);
    const auto newest = (*view)->Events({1}, {.first = {1},
                                              .last = {applied},
                                              .limit = 3000,
                                              .bytes_max = SIZE_MAX,
                                              .keep = StoreView::Keep::kNewest});
    ASSERT_TRUE(newest) << newest.error().reason;
    ASSERT_EQ(newest->size(), std::min<uint64_t>(applied, 3000));
  }
  stop = true;
  writer.join();
  EXPECT_EQ(views, kViews) << "the reader hardly moved";
  for (auto* handle : handles) db->DestroyColumnFamilyHandle(handle);
}

class EventsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    store_.CreateUser("alice");
    rid_ = Rid{store_.CreateRoom("lobby", {{"alice", kMember}}).value};
    for (int i = 0; i < 9; ++i) store_.Say("lobby", "alice", std::string(100, 'x'));
    // A neighbour on each side: the room's rows end where they end.
    store_.CreateRoom("next", {{"alice", kMember}});
  }

  std::vector<uint64_t> Seqs(StoreView::Range range) {
    std::vector<uint64_t> seqs;
    const auto events = store_.View()->Events(rid_, range);
    for (const StoredEvent& event : *events) seqs.push_back(event.seq.value);
    return seqs;
  }

  TinyStore store_;
  Rid rid_;
};

TEST_F(EventsTest, RangesLimitsAndEnds) {
  using Seqs = std::vector<uint64_t>;
  using enum StoreView::Keep;
  EXPECT_EQ(this->Seqs({{1}, {3}, 10, 1 << 20, kOldest}), (Seqs{1, 2, 3}));
  EXPECT_EQ(this->Seqs({{9}, {UINT64_MAX}, 10, 1 << 20, kOldest}), (Seqs{9, 10}));
  EXPECT_EQ(this->Seqs({{1}, {UINT64_MAX}, 2, 1 << 20, kNewest}), (Seqs{9, 10}));
  EXPECT_EQ(this->Seqs({{0}, {2}, 10, 1 << 20, kNewest}), (Seqs{1, 2}));
  EXPECT_EQ(this->Seqs({{5}, {4}, 10, 1 << 20, kOldest}), Seqs{});
  EXPECT_EQ(this->Seqs({{11}, {20}, 10, 1 << 20, kNewest}), Seqs{});
  EXPECT_EQ(this->Seqs({{1}, {10}, 0, 1 << 20, kOldest}), Seqs{});
  EXPECT_EQ(this->Seqs({{2}, {10}, 10, 0, kOldest}), Seqs{2});   // at least one
  EXPECT_EQ(this->Seqs({{2}, {10}, 10, 0, kNewest}), Seqs{10});  // at least one
}

TEST_F(EventsTest, ARoomWithoutEventsHasHeadZero) {
  EXPECT_EQ(store_.View()->Head({rid_.value + 100})->value, 0u);
  EXPECT_EQ(store_.View()->Head({UINT64_MAX})->value, 0u);
}

// Damage is an error, never a shorter answer.
TEST_F(EventsTest, AGapOrADamagedRowIsReported) {
  const auto damage = [this](const std::function<void(rocksdb::DB&, rocksdb::ColumnFamilyHandle*)>& act) {
    store_.Close();
    rocksdb::DB* raw = nullptr;
    std::vector<rocksdb::ColumnFamilyHandle*> handles;
    ASSERT_TRUE(rocksdb::DB::Open(rocksdb::DBOptions(BaseOptions({})), store_.path(), FamilyDescriptors(),
                                  &handles, &raw)
                    .ok());
    const std::unique_ptr<rocksdb::DB> db(raw);
    act(*db, handles[1]);
    for (auto* handle : handles) db->DestroyColumnFamilyHandle(handle);
  };
  const StoreView::Range all{{1}, {10}, 100, 1 << 20, StoreView::Keep::kOldest};
  damage([this](rocksdb::DB& db, auto* events) {
    ASSERT_TRUE(db.Delete({}, events, EventKey(rid_, {5})).ok());
  });
  store_.Reopen();
  const auto gap = store_.View()->Events(rid_, all);
  ASSERT_FALSE(gap);
  EXPECT_EQ(gap.error().code, Code::INTERNAL);
  damage([this](rocksdb::DB& db, auto* events) {
    ASSERT_TRUE(db.Put({}, events, EventKey(rid_, {5}), "x").ok());
  });
  store_.Reopen();
  const auto damaged = store_.View()->Events(rid_, all);
  ASSERT_FALSE(damaged);
  EXPECT_EQ(damaged.error().code, Code::INTERNAL);
}

}  // namespace
}  // namespace parley::store
