#include "core/store/store_writer.h"

#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rocksdb/db.h>

#include "core/store/keys.h"
#include "tests/support/commands.h"
#include "tests/support/describe.h"
#include "tests/support/random_commands.h"
#include "tests/support/store_dump.h"
#include "tests/support/store_node.h"
#include "tests/support/temp_folder.h"

namespace parley::testing {
namespace {

using store::Commit;
using store::StoreWriter;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::Pair;

void Ignore(const std::string&) {}

Error OpenError(const std::string& path) {
  const auto writer = StoreWriter::Open(path, Ignore);
  if (!writer) return writer.error();
  const auto loaded = (*writer)->Load();
  return loaded ? Error{Code::OK, "opens"} : loaded.error();
}

class StoreWriterTest : public ::testing::Test {
 protected:
  const TempFolder folder_;
  const std::string path_ = folder_ / "store";
};

TEST_F(StoreWriterTest, ANewStoreIsEmptyAndHasAnIdThatStays) {
  std::array<char, 16> id{};
  for (int start = 0; start < 2; ++start) {
    auto writer = StoreWriter::Open(path_, Ignore);
    ASSERT_TRUE(writer) << writer.error().reason;
    const auto loaded = (*writer)->Load();
    ASSERT_TRUE(loaded) << loaded.error().reason;
    EXPECT_EQ(loaded->applied.value, 0u);
    EXPECT_EQ(loaded->directory.user_count(), 0u);
    if (start == 0) {
      id = loaded->store_id;
    } else {
      EXPECT_EQ(loaded->store_id, id);
    }
  }
  auto other = StoreWriter::Open(folder_ / "other", Ignore);
  EXPECT_NE((*other)->Load()->store_id, id);
}

TEST_F(StoreWriterTest, LoadGivesBackWhatWasWritten) {
  const uint64_t seed = Seed();
  SCOPED_TRACE(SeedNote(seed));
  RandomCommands commands(seed);
  std::string directory;
  LogIndex applied;
  domain::Command last;
  std::map<std::string, domain::Head> heads;
  {
    StoreNode node(path_);
    for (int i = 0; i < 800; ++i) {
      last = commands.Next();
      node.Apply(last);
      if (i % 7 == 0) {
        ASSERT_EQ(node.Write(), Commit::kDone);
      }
    }
    ASSERT_EQ(node.Write(), Commit::kDone);
    directory = Describe(node.machine().directory(), true);
    applied = node.applied();
    for (const domain::Room* room : node.machine().directory().RoomsByName()) {
      heads[room->record.room()] = node.machine().HeadOf(Rid{room->record.rid()});
    }
  }
  auto writer = StoreWriter::Open(path_, Ignore);
  const auto loaded = (*writer)->Load();
  ASSERT_TRUE(loaded) << loaded.error().reason;
  EXPECT_EQ(loaded->applied, applied);
  EXPECT_EQ(loaded->log_time_ms, last.log_time_ms());
  EXPECT_EQ(loaded->wall_time_ms, last.wall_ms());
  EXPECT_EQ(Describe(loaded->directory, true), directory);
  for (const domain::Room* room : loaded->directory.RoomsByName()) {
    SCOPED_TRACE(room->record.room());
    const domain::Head& head = loaded->heads.at(Rid{room->record.rid()});
    EXPECT_EQ(head.seq, heads[room->record.room()].seq);
    EXPECT_EQ(head.ordinal, heads[room->record.room()].ordinal);
    EXPECT_EQ(head.ts_ms, heads[room->record.room()].ts_ms);
  }
}

TEST_F(StoreWriterTest, FeedOfAnEventIsItsLogIndex) {
  {
    StoreNode node(path_);
    node.Apply(CreateUser("bob"));
    node.Apply(CreateRoom("lobby", {{"bob", v1::Member::OWNER}}));
    node.Apply(Send("bob", "lobby", "m1"));
    ASSERT_EQ(node.Write(), Commit::kDone);
  }
  const auto rows = DumpStore(path_);
  const auto feed = store::ParseFeedRow(rows.at("feed " + store::FeedKey(LogIndex{3})));
  ASSERT_TRUE(feed);
  ASSERT_EQ(feed->size(), 1u);
  const auto row = store::ParseEventRow(
      rows.at("events " + store::EventKey(Rid{(*feed)[0].first}, Seq{(*feed)[0].second})));
  ASSERT_TRUE(row);
  v1::Event event;
  ASSERT_TRUE(event.ParseFromArray(row->event.data(), static_cast<int>(row->event.size())));
  EXPECT_EQ(event.feed(), 3u);
  EXPECT_EQ(rows.count("feed " + store::FeedKey(LogIndex{1})), 0u);
}

TEST_F(StoreWriterTest, FindDedupSeesThePendingBatchAndTheStore) {
  StoreNode node(path_);
  node.Apply(CreateUser("bob"));
  node.Apply(CreateRoom("lobby", {{"bob", v1::Member::OWNER}}));
  const domain::DedupKey key = node.Apply(Send("bob", "lobby", "m1")).dedup->first;
  for (const bool written : {false, true}) {
    SCOPED_TRACE(written);
    if (written) {
      ASSERT_EQ(node.Write(), Commit::kDone);
    }
    const auto found = node.writer().FindDedup(key);
    ASSERT_TRUE(found);
    ASSERT_TRUE(*found);
    EXPECT_EQ((*found)->seq.value, 2u);
    EXPECT_EQ((*found)->body_hash, BodyHash("hello"));
    EXPECT_TRUE(node.Apply(Send("bob", "lobby", "m1")).ack->duplicate());
  }
  EXPECT_FALSE(*node.writer().FindDedup({key.uid, key.rid, "m2"}));
}

// All of it but the name for those who were to see it or had lost it, in pieces, over restarts.
TEST_F(StoreWriterTest, ADeletedRoomsRowsAreFreed) {
  auto node = std::make_unique<StoreNode>(path_);
  for (const char* user : {"bob", "carol", "dave"}) node->Apply(CreateUser(user));
  node->Apply(CreateRoom("before", {{"bob", v1::Member::OWNER}}));
  const uint64_t rid = node->Apply(CreateRoom("lobby", {{"bob", v1::Member::OWNER},
                                                        {"carol", v1::Member::MEMBER},
                                                        {"dave", v1::Member::BANNED}}))
                           .index.value;
  node->Apply(CreateRoom("after", {{"bob", v1::Member::OWNER}}));
  for (int i = 0; i < 2000; ++i) node->Apply(Send("bob", "lobby", "m" + std::to_string(i)));
  ASSERT_EQ(node->Write(), Commit::kDone);
  Command gone = By("admin");
  gone.mutable_delete_room()->set_room("lobby");
  const LogIndex index = node->Apply(gone).index;
  ASSERT_EQ(node->Write(), Commit::kDone);
  int writes = 0;
  for (; node->writer().has_garbage(); ++writes) {
    ASSERT_EQ(node->Write(), Commit::kDone);
    if (writes == 1) node.reset();
    if (!node) node = std::make_unique<StoreNode>(path_);
    ASSERT_LT(writes, 10);
  }
  EXPECT_GT(writes, 2);
  EXPECT_EQ(node->machine().directory().FindRoom("lobby"), nullptr);
  const auto rooms = node->writer().View()->RoomsOf(Uid{2}, {}, 10);
  ASSERT_TRUE(rooms);
  ASSERT_EQ(rooms->size(), 1u);
  EXPECT_EQ((*rooms)[0].room, "lobby");
  EXPECT_EQ((*rooms)[0].rid.value, rid);
  EXPECT_EQ((*rooms)[0].deleted_at, index);
  const auto of_the_banned = node->writer().View()->RoomsOf(Uid{3}, {}, 10);
  ASSERT_EQ(of_the_banned->size(), 1u);
  EXPECT_EQ((*of_the_banned)[0].deleted_at.value, rid) << "they lost it before, when it was made";
  EXPECT_EQ(node->writer().View()->RoomsOf(Uid{1}, {}, 2)->size(), 2u);
  node->Apply(DeleteUser("carol"));
  ASSERT_EQ(node->Write(), Commit::kDone);
  node.reset();
  const std::string id = store::BigEndian64(rid);
  for (const auto& [key, value] : DumpStore(path_)) {
    if (key.starts_with("dedup ") || key.starts_with("feed "))
      continue;  // they expire, or say no more than a place
    if (key == "state " + store::GoneRoomKey(Uid{1}, Rid{rid})) continue;
    if (key == "state " + store::GoneRoomKey(Uid{3}, Rid{rid})) continue;
    EXPECT_EQ(key.find(id), std::string::npos) << key;
    EXPECT_EQ(value.find("carol"), std::string::npos) << key;
  }
}

TEST_F(StoreWriterTest, ASharedViewSeesWhatIsOnDiskOnly) {
  StoreNode node(path_);
  node.Apply(CreateUser("bob"));
  node.Apply(CreateRoom("lobby", {{"bob", v1::Member::OWNER}}));
  const auto head = [&] { return node.writer().SharedView()->Head(Rid{2})->value; };
  EXPECT_EQ(head(), 0u);
  ASSERT_EQ(node.Write(), Commit::kDone);
  EXPECT_EQ(head(), 1u);
}

TEST_F(StoreWriterTest, AViewEndsWhereTheLastWriteDid) {
  StoreNode node(path_);
  node.Apply(CreateUser("bob"));
  ASSERT_EQ(node.Write(), Commit::kDone);
  node.Apply(CreateUser("carol"));
  EXPECT_EQ(node.writer().View()->applied().value, 1u);
  EXPECT_FALSE(*node.writer().View()->User("carol"));
}

// The rows of a store that still count: whether a compaction has freed expired dedupe rows yet is chance.
std::map<std::string, std::string> RowsInForce(const std::string& path) {
  std::map<std::string, std::string> rows = DumpStore(path);
  const uint64_t log_time_ms = store::ParseBigEndian64(rows.at("meta log_time")).value();
  std::erase_if(rows, [log_time_ms](const auto& row) {
    if (!row.first.starts_with("dedup ")) return false;
    return store::ParseDedupRow(row.second).value().log_time_ms + domain::kDedupWindowMs < log_time_ms;
  });
  return rows;
}

// What one batch held and in how many pieces the log was cut decides nothing.
TEST_F(StoreWriterTest, BatchesAndRestartsChangeNeitherRowsNorAnswers) {
  const uint64_t seed = Seed();
  SCOPED_TRACE(SeedNote(seed));
  RandomCommands commands(seed);
  Random random(seed + 1);
  const std::string other = folder_ / "other";
  auto one = std::make_unique<StoreNode>(path_);
  auto two = std::make_unique<StoreNode>(other);
  for (int i = 0; i < 3000; ++i) {
    const domain::Command command = commands.Next();
    const std::string first = Describe(one->Apply(command));
    ASSERT_EQ(first, Describe(two->Apply(command))) << "command " << i << ": " << command.ShortDebugString();
    if (random.OneIn(5)) {
      ASSERT_EQ(one->Write(), Commit::kDone);
    }
    if (random.OneIn(40)) {
      ASSERT_EQ(two->Write(), Commit::kDone);
    }
    if (random.OneIn(150)) {
      ASSERT_EQ(two->Write(), Commit::kDone);
      two.reset();
      two = std::make_unique<StoreNode>(other);
    }
  }
  for (StoreNode* node : {one.get(), two.get()}) {
    do {  // what was deleted is freed in pieces
      ASSERT_EQ(node->Write(), Commit::kDone);
    } while (node->writer().has_garbage());
  }
  EXPECT_EQ(Describe(one->machine().directory(), true), Describe(two->machine().directory(), true));
  one.reset();
  two.reset();
  EXPECT_EQ(RowsInForce(path_), RowsInForce(other));
}

// Slots follow the order in which a process met the rooms; after a restart that is the order of their names.
TEST_F(StoreWriterTest, ADeletionsEventsComeInOneOrderBeforeAndAfterARestart) {
  const std::string other = folder_ / "other";
  auto one = std::make_unique<StoreNode>(path_);
  auto two = std::make_unique<StoreNode>(other);
  for (const Command& command : {CreateUser("bob"), CreateRoom("zoo", {{"bob", v1::Member::OWNER}}),
                                 CreateRoom("ark", {{"bob", v1::Member::OWNER}})}) {
    one->Apply(command);
    two->Apply(command);
  }
  ASSERT_EQ(two->Write(), Commit::kDone);
  two.reset();
  two = std::make_unique<StoreNode>(other);
  EXPECT_EQ(Describe(one->Apply(DeleteUser("bob"))), Describe(two->Apply(DeleteUser("bob"))));
}

// A store never grows by what is refused or repeated, nor keeps anything of a deleted user's standing.
TEST_F(StoreWriterTest, ADeletedUserLeavesNoRowOfState) {
  {
    StoreNode node(path_);
    node.Apply(CreateUser("bob"));
    node.Apply(CreateUser("alice"));
    node.Apply(CreateRoom("lobby", {{"bob", v1::Member::OWNER}}));
    node.Apply(Send("bob", "lobby", "m1"));
    node.Apply(Send("bob", "dm:alice:bob", "m1"));
    node.Apply(RegisterPush("bob", "phone"));
    node.Apply(DeleteUser("bob"));
    ASSERT_EQ(node.Write(), Commit::kDone);
  }
  for (const auto& [key, value] : DumpStore(path_)) {
    if (!key.starts_with("state ")) continue;
    EXPECT_NE(key, "state " + store::UserKey("bob"));
    EXPECT_NE(key, "state " + store::PushKey(Uid{1}));
    EXPECT_FALSE(key.starts_with("state " + store::MembershipPrefix(Uid{1})));
    const std::string state = key.substr(6);
    if (state[0] == 'm' || state[0] == 's') {
      EXPECT_NE(store::ParseIdPair(state)->second, 1u);
    }
  }
}

TEST_F(StoreWriterTest, FindPushSeesThePendingBatchAndTheStore) {
  StoreNode node(path_);
  node.Apply(CreateUser("bob"));
  const auto devices = [&node] {
    const auto found = node.writer().FindPush(Uid{1}).value();
    return found ? found->devices_size() : 0;
  };
  EXPECT_EQ(devices(), 0);
  for (const bool written : {false, true}) {
    SCOPED_TRACE(written);
    EXPECT_EQ(node.Apply(RegisterPush("bob", "phone")).code, Code::OK);
    EXPECT_EQ(node.Apply(RegisterPush("bob", "tablet")).code, Code::OK);
    if (written) {
      ASSERT_EQ(node.Write(), Commit::kDone);
    }
    EXPECT_EQ(devices(), 2);
    for (const char* device : {"phone", "tablet"}) {
      EXPECT_EQ(node.Apply(UnregisterPush("bob", device)).code, Code::OK);
    }
    EXPECT_EQ(devices(), 0);
  }
  ASSERT_EQ(node.Write(), Commit::kDone);
  EXPECT_EQ(devices(), 0);
}

TEST_F(StoreWriterTest, TheFeedAndTheViewTellOfDevicesAndWebhooks) {
  StoreNode node(path_);
  for (const char* user : {"bob", "alice", "carol"}) node.Apply(CreateUser(user));
  node.Apply(RegisterPush("bob", "phone"));         // 4
  node.Apply(RegisterPush("bob", "phone"));         // 5: no change
  node.Apply(MutePush("bob", "", "", UINT64_MAX));  // 6
  node.Apply(RegisterPush("carol", "phone"));       // 7
  node.Apply(CreateWebhook("hook"));                // 8
  node.Apply(DeleteUser("bob"));                    // 9
  ASSERT_EQ(node.Write(), Commit::kDone);
  const auto view = node.writer().View();
  const auto entries = view->Feed({.after = {}, .last = view->applied(), .limit = 100, .items_max = 100});
  ASSERT_TRUE(entries) << entries.error().reason;
  std::vector<std::pair<uint64_t, uint64_t>> told;  // index, uid
  for (const store::FeedEntry& entry : *entries) {
    for (const store::FeedItem& item : entry.items) {
      if (item.kind == store::FeedItem::Kind::kPush) told.emplace_back(entry.index.value, item.first);
    }
  }
  EXPECT_THAT(told, ElementsAre(Pair(4, 1), Pair(6, 1), Pair(7, 3), Pair(9, 1)));
  EXPECT_FALSE(*view->PushOf(Uid{1}));
  const auto records = view->PushRecords(Uid{0}, 10);
  ASSERT_TRUE(records);
  ASSERT_EQ(records->size(), 1u);
  EXPECT_EQ((*records)[0].username(), "carol");
  EXPECT_TRUE(view->PushRecords(Uid{3}, 10)->empty());
  const auto webhooks = view->Webhooks(10);
  ASSERT_TRUE(webhooks);
  ASSERT_EQ(webhooks->size(), 1u);
  EXPECT_EQ((*webhooks)[0].webhook(), "hook");
}

TEST_F(StoreWriterTest, ANewerFormatIsRefused) {
  { StoreNode made(path_); }
  const std::string version = store::BigEndian64(2);
  PokeStore(path_, "meta", "format", &version);
  const Error error = OpenError(path_);
  EXPECT_EQ(error.code, Code::FAILED_PRECONDITION);
  EXPECT_THAT(error.reason, AllOf(HasSubstr("format 2"), HasSubstr("use a newer Parley")));
  EXPECT_EQ(DumpStore(path_).at("meta format"), version);
}

TEST_F(StoreWriterTest, AStoreInUseIsRefused) {
  StoreNode first(path_);
  const Error error = OpenError(path_);
  EXPECT_EQ(error.code, Code::FAILED_PRECONDITION);
  EXPECT_THAT(error.reason, AllOf(HasSubstr("in use by another broker"), HasSubstr("stop it first")));
}

TEST_F(StoreWriterTest, SomeoneElsesDatabaseIsRefusedAndLeftAlone) {
  rocksdb::Options options;
  options.create_if_missing = true;
  rocksdb::DB* raw = nullptr;
  ASSERT_TRUE(rocksdb::DB::Open(options, path_, &raw).ok());
  std::unique_ptr<rocksdb::DB> foreign(raw);
  ASSERT_TRUE(foreign->Put({}, "key", "value").ok());
  foreign.reset();
  const Error error = OpenError(path_);
  EXPECT_EQ(error.code, Code::FAILED_PRECONDITION);
  EXPECT_THAT(error.reason, AllOf(HasSubstr("not a store of Parley"), HasSubstr("parley_data")));
  for (const auto& [key, value] : DumpStore(path_)) EXPECT_EQ(key, "default key");
}

// A store whose format row is gone must not be taken for a new one: its log would begin at 1 again.
TEST_F(StoreWriterTest, AStoreThatLostItsFormatIsNotBegunAnew) {
  {
    StoreNode node(path_);
    node.Apply(CreateUser("bob"));
    ASSERT_EQ(node.Write(), Commit::kDone);
  }
  PokeStore(path_, "meta", "format", nullptr);
  const auto before = DumpStore(path_);
  EXPECT_EQ(OpenError(path_).code, Code::FAILED_PRECONDITION);
  EXPECT_EQ(DumpStore(path_), before);
}

// A crash while the store is made: families are there, the format is not.
TEST_F(StoreWriterTest, AHalfMadeStoreIsFinished) {
  { StoreNode made(path_); }
  for (const char* key : {"format", "store_id", "applied"}) PokeStore(path_, "meta", key, nullptr);
  EXPECT_EQ(OpenError(path_).reason, "opens");
}

TEST_F(StoreWriterTest, DamagedRowsAreReportedAndSayWhatToDo) {
  {
    StoreNode node(path_);
    node.Apply(CreateUser("bob"));
    node.Apply(CreateRoom("lobby", {{"bob", v1::Member::OWNER}}));
    node.Apply(Send("bob", "lobby", "m1"));
    ASSERT_EQ(node.Write(), Commit::kDone);
  }
  struct Case {
    const char* what;
    const char* family;
    std::string key;
    std::optional<std::string> value;
  };
  const std::string bad = "\xff\xff\xff";
  const std::vector<Case> cases = {
      {"applied gone", "meta", "applied", std::nullopt},
      {"applied short", "meta", "applied", bad},
      {"log time short", "meta", "log_time", bad},
      {"log time gone", "meta", "log_time", std::nullopt},
      {"store id short", "meta", "store_id", bad},
      {"store id gone", "meta", "store_id", std::nullopt},
      {"user", "state", store::UserKey("bob"), bad},
      {"room", "state", store::RoomKey("lobby"), bad},
      {"member", "state", store::MemberKey(Rid{2}, Uid{1}), bad},
      {"member key", "state", "mxx", ""},
      {"sent", "state", store::SentKey(Rid{2}, Uid{1}), bad},
      {"client", "state", store::ClientKey("phone"), bad},
      {"newest event", "events", store::EventKey(Rid{2}, Seq{2}), bad},
      {"event after the applied index", "events", store::EventKey(Rid{2}, Seq{3}),
       store::EncodeEventRow({.ordinal = 9, .own_ordinal = 0, .event = "\x18\x63"})},  // feed: 99
  };
  for (const Case& damage : cases) {
    SCOPED_TRACE(damage.what);
    const auto rows = DumpStore(path_);
    const auto row = rows.find(std::string(damage.family) + " " + damage.key);
    const auto before = DumpStore(path_);
    std::string kept = row == rows.end() ? "" : row->second;
    if (std::string_view(damage.what).starts_with("store id")) {  // not in the dump: any other will do
      kept = std::string(16, 'i');
    }
    PokeStore(path_, damage.family, damage.key, damage.value ? &*damage.value : nullptr);
    const Error error = OpenError(path_);
    EXPECT_EQ(error.code, Code::INTERNAL);
    EXPECT_THAT(error.reason, AllOf(HasSubstr("damaged"), HasSubstr("restore a backup")));
    const bool was_there = !kept.empty();
    PokeStore(path_, damage.family, damage.key, was_there ? &kept : nullptr);
    ASSERT_EQ(OpenError(path_).reason, "opens");
  }
}

// RocksDB says "block checksum mismatch", which has "lock" in it: no broker holds that store.
TEST_F(StoreWriterTest, ADamagedFileIsNotAStoreInUse) {
  const std::string path = folder_ / "block";
  {
    StoreNode node(path);
    node.Apply(CreateUser("bob"));
    ASSERT_EQ(node.Write(), Commit::kDone);
  }
  { StoreNode flushes_what_it_recovers(path); }
  for (const auto& file : std::filesystem::directory_iterator(path)) {
    if (file.path().extension() != ".sst") continue;
    std::fstream table(file.path(), std::ios::in | std::ios::out | std::ios::binary);
    table.seekp(static_cast<std::streamoff>(file.file_size()) / 2);
    for (int i = 0; i < 64; ++i) table.put('?');
    table.seekp(2);
    for (int i = 0; i < 8; ++i) table.put('?');
  }
  const Error error = OpenError(path);
  EXPECT_NE(error.code, Code::OK);
  EXPECT_THAT(error.reason, AllOf(Not(HasSubstr("in use")), HasSubstr("backup")));
}

TEST_F(StoreWriterTest, AMissingTableIsRefused) {
  {
    StoreNode node(path_);
    node.Apply(CreateUser("bob"));
    ASSERT_EQ(node.Write(), Commit::kDone);
  }
  { StoreNode flushes_what_it_recovers(path_); }
  for (const auto& file : std::filesystem::directory_iterator(path_)) {
    if (file.path().extension() == ".sst") std::filesystem::remove(file.path());
  }
  EXPECT_THAT(OpenError(path_).reason, HasSubstr("backup"));
}

}  // namespace
}  // namespace parley::testing
