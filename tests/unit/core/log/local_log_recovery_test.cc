// What a start makes of what a crash has left, and what it refuses.

#include "core/log/local_log.h"
#include "tests/unit/core/log/local_log_world.h"

namespace parley::log {
namespace {

TEST_F(LocalLogTest, RecoveryCommitsWhatACrashLeftExactlyOnce) {
  {
    auto log = Open();  // never started: as if it was killed before the first commit
    AppendLobby(*log);
    for (const char* id : {"m1", "m2", "m1"}) ASSERT_TRUE(log->Append(Send("bob", "lobby", id)));
  }
  Open();
  EXPECT_EQ(opened_.recovered, 5u);
  EXPECT_EQ(opened_.applied.value, 5u);
  EXPECT_EQ(opened_.directory.room_count(), 1u);
  EXPECT_EQ(opened_.log_time_ms, 1000u);
  EXPECT_EQ(StoredMessages(), 3u);
  Open();
  EXPECT_EQ(opened_.recovered, 0u);
  EXPECT_EQ(opened_.applied.value, 5u);
  EXPECT_EQ(StoredMessages(), 3u);
}

TEST_F(LocalLogTest, RecoveryThatIsInterruptedIsDoneAgain) {
  {
    auto log = Open();
    AppendLobby(*log);
    ASSERT_TRUE(log->Append(Send("bob", "lobby", "")));
  }
  for (const bool on_disk : {false, true}) {
    auto real = store::StoreWriter::Open(store_, nullptr);
    ASSERT_TRUE(real) << real.error().reason;
    const auto log = LocalLog::Open(Options(),
                                    std::make_unique<ChangedWriter>(std::move(*real),
                                                                    [on_disk](store::StoreWriter& writer) {
                                                                      if (on_disk) (void)writer.Write();
                                                                      return Commit::kFailed;
                                                                    }),
                                    Reset(opened_));
    ASSERT_FALSE(log);
    EXPECT_THAT(log.error().reason, HasSubstr("check the disk, then start again"));
  }
  Open();
  EXPECT_EQ(opened_.applied.value, 3u);
  EXPECT_EQ(StoredMessages(), 2u);
}

TEST_F(LocalLogTest, AFullDiskAtTheStartSaysSo) {
  {
    auto log = Open();
    AppendLobby(*log);
  }
  auto real = store::StoreWriter::Open(store_, nullptr);
  const auto log = LocalLog::Open(
      Options(), std::make_unique<ChangedWriter>(std::move(*real), [](auto&) { return Commit::kNoSpace; }),
      Reset(opened_));
  ASSERT_FALSE(log);
  EXPECT_THAT(log.error().reason, HasSubstr("free some space, then start again"));
  Open();
  EXPECT_EQ(opened_.recovered, 2u);
}

// Killed before the write, and between the write and the release of the ring: nothing is lost, nothing twice.
TEST_F(LocalLogTest, ACrashAroundAWriteIsRecoveredOnce) {
  for (const bool on_disk : {false, true}) {
    SCOPED_TRACE(on_disk);
    std::filesystem::remove_all(store_);
    std::filesystem::remove(journal_);
    MakeLobby(1);
    {
      Listener listener;
      auto log = Open([on_disk](store::StoreWriter& real) {
        if (on_disk) {
          EXPECT_EQ(real.Write(), Commit::kDone);
        }
        return Commit::kFailed;
      });
      log->Start(listener);
      for (const char* id : {"", "m2", ""}) ASSERT_TRUE(log->Append(Send("bob", "lobby", id)));
      log->Seal();
      ASSERT_TRUE(listener.WaitForFailure());
      EXPECT_THAT(listener.applied(), SizeIs(0));
    }
    Listener listener;
    auto log = Open();
    EXPECT_EQ(opened_.recovered, on_disk ? 0u : 3u);
    EXPECT_EQ(opened_.applied.value, 6u);
    log->Start(listener);
    ASSERT_TRUE(log->Append(Send("bob", "lobby", "m2")));
    ASSERT_TRUE(log->Append(Send("bob", "lobby", "m3")));
    log->Stop();
    const auto applied = listener.applied();
    ASSERT_THAT(applied, SizeIs(2));
    EXPECT_EQ(applied[0].index.value, 7u);
    EXPECT_TRUE(applied[0].ack->duplicate());
    EXPECT_EQ(applied[0].ack->seq(), 4u);
    EXPECT_EQ(applied[1].ack->seq(), 6u);
    log.reset();
    EXPECT_EQ(StoredMessages(), 6u);
  }
}

TEST_F(LocalLogTest, AfterAFailureNothingIsTakenAndTheNextStartRecovers) {
  MakeLobby(0);
  {
    Listener listener;
    auto log = Open([](store::StoreWriter&) { return Commit::kFailed; });
    log->Start(listener);
    ASSERT_TRUE(log->Append(Send("bob", "lobby", "m1")));
    log->Seal();
    ASSERT_TRUE(listener.WaitForFailure());
    const auto refused = log->Append(Send("bob", "lobby", "m2"));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Code::UNAVAILABLE);
    log->Seal();
    log->Stop();
    EXPECT_THAT(listener.applied(), SizeIs(0));
    ASSERT_THAT(listener.failures(), SizeIs(1));
    EXPECT_THAT(listener.failures()[0], AllOf(HasSubstr("as the test has it"), HasSubstr("check the disk")));
  }
  Open();
  EXPECT_EQ(opened_.recovered, 1u);
}

TEST_F(LocalLogTest, IndicesGoOnWhenTheJournalIsGone) {
  MakeLobby(3);
  std::filesystem::remove(journal_);
  auto log = Open();
  EXPECT_EQ(opened_.applied.value, 5u);
  EXPECT_EQ(log->Append(Send("bob", "lobby", ""))->value, 6u);
  log.reset();
  // Its first page lost with the power: the same.
  std::fstream file(journal_, std::ios::in | std::ios::out | std::ios::binary);
  file.write(std::string(4096, '\0').data(), 4096);
  file.close();
  EXPECT_EQ(Open()->Append(Send("bob", "lobby", ""))->value, 6u);
}

TEST_F(LocalLogTest, AStoreThatIsNotTheJournalsIsRefused) {
  MakeLobby(1);
  std::filesystem::remove_all(store_);
  ASSERT_TRUE(store::StoreWriter::Open(store_, {}));  // another one
  const Error error = OpenError();
  EXPECT_EQ(error.code, Code::FAILED_PRECONDITION);
  EXPECT_THAT(error.reason, HasSubstr("another store"));
}

// A folder that is not mounted, say: no new store is begun in its place.
TEST_F(LocalLogTest, AStoreThatIsGoneIsNotMadeAgainBesideItsJournal) {
  MakeLobby(1);
  std::filesystem::remove_all(store_);
  for (int start = 0; start < 2; ++start) {
    const Error error = OpenError();
    EXPECT_EQ(error.code, Code::FAILED_PRECONDITION);
    EXPECT_THAT(error.reason,
                AllOf(HasSubstr(store_ + " is gone"), HasSubstr("remove the journal"), HasSubstr(journal_)));
    EXPECT_FALSE(std::filesystem::exists(store_));
  }
  std::filesystem::remove(journal_);
  EXPECT_NE(Open(), nullptr);
}

// Every way in which a store can lose the end of what it has acknowledged: no start with a hole, not the
// first time and not the second.
TEST_F(LocalLogTest, AStoreThatHasLostItsEndIsRefusedEveryTime) {
  const auto newest_log = [this] {
    std::filesystem::path newest;
    for (const auto& file : std::filesystem::directory_iterator(store_)) {
      if (file.path().extension() == ".log" && file.path() > newest) newest = file.path();
    }
    return newest;
  };
  const auto damage = [&](const std::string& how) {
    const std::filesystem::path path = newest_log();
    const auto size = std::filesystem::file_size(path);
    ASSERT_GT(size, 100u);
    if (how == "cut") return std::filesystem::resize_file(path, size - 20);
    if (how == "gone") return std::filesystem::resize_file(path, 0);
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    const auto at = static_cast<std::streamoff>(how == "flip in the last" ? size - 10 : size / 2);
    file.seekg(at);
    const int byte = file.get();
    file.seekp(at);
    file.put(static_cast<char>(byte ^ 1));
  };
  for (const std::string how : {"cut", "gone", "flip in the last", "flip in the middle"}) {
    SCOPED_TRACE(how);
    std::filesystem::remove_all(store_);
    std::filesystem::remove(journal_);
    {
      Listener listener;
      auto log = Open();
      log->Start(listener);
      AppendLobby(*log);
      for (uint64_t index = 3; index < 12; ++index) {
        ASSERT_TRUE(log->Append(Send("bob", "lobby", "")));
        log->Seal();
        ASSERT_TRUE(listener.WaitForIndex(LogIndex{index}));  // a batch each
      }
    }
    damage(how);
    const auto before = FilesOf(store_);
    for (int start = 0; start < 2; ++start) {
      const Error error = OpenError();
      // A log that is cut at the end of an entry looks whole: nothing can be lost of it.
      if (how != "gone") {
        EXPECT_TRUE(FilesOf(store_) == before) << "a refused start changed the store";
      }
      EXPECT_EQ(error.code, Code::INTERNAL);
      EXPECT_THAT(error.reason, AllOf(HasSubstr("up to 11 were acknowledged"), HasSubstr("restore"),
                                      HasSubstr(store_), HasSubstr(journal_)));
    }
  }
}

// Entries behind a damage were on disk once: a start that would drop them is refused, though the journal (old
// pages, after a power cut) does not know of them. Removing the journal is how a person says go on.
TEST_F(LocalLogTest, AHoleIsRefusedThoughTheJournalKnowsNothingOfIt) {
  MakeLobby(0);
  const auto size_of_log = [this] {
    for (const auto& file : std::filesystem::directory_iterator(store_)) {
      if (file.path().extension() == ".log") return std::pair(file.path(), file.file_size());
    }
    return std::pair(std::filesystem::path(), uintmax_t{0});
  };
  uintmax_t hole = 0;
  {
    Listener listener;
    auto log = Open();
    log->Start(listener);
    const std::string text(20'000, 'x');  // RocksDB goes on at the next 32 KiB of a damaged log
    for (uint64_t index = 3; index < 9; ++index) {
      if (index == 5) hole = size_of_log().second + 30;
      ASSERT_TRUE(log->Append(Send("bob", "lobby", "", text)));
      log->Seal();
      ASSERT_TRUE(listener.WaitForIndex(LogIndex{index}));
      log->Release(LogIndex{index});
    }
  }
  const auto flip = [](const std::filesystem::path& path, std::streamoff at, const std::string& bytes) {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(at);
    file << bytes;
  };
  flip(size_of_log().first, static_cast<std::streamoff>(hole), "####");
  flip(journal_, 48, std::string(8, '\0'));
  const auto before = FilesOf(store_);
  for (int start = 0; start < 2; ++start) {
    EXPECT_THAT(OpenError().reason, AllOf(HasSubstr("damaged behind log index 4"), HasSubstr("up to 8"),
                                          HasSubstr("restore"), HasSubstr("remove " + journal_)));
    EXPECT_TRUE(FilesOf(store_) == before) << "a refused start changed the store";
  }
  std::filesystem::remove(journal_);
  ASSERT_NE(Open(), nullptr);
  EXPECT_EQ(opened_.applied.value, 4u);
  EXPECT_THAT(lines(), ::testing::Contains(HasSubstr("entries after log index 4 up to 8 are dropped")));
}

TEST_F(LocalLogTest, PeekSaysWhatTheJournalSays) {
  IntakeJournal::Options options{.path = journal_, .ring_bytes = kRing, .store_id = {}};
  auto journal = IntakeJournal::Open(options);
  ASSERT_TRUE(journal) << journal.error().reason;
  ASSERT_TRUE((*journal)->StartEpoch(LogIndex{7}));
  const auto mark = IntakeJournal::Peek(journal_);
  ASSERT_TRUE(mark);
  EXPECT_EQ(mark->committed.value, 6u);
  EXPECT_FALSE(IntakeJournal::Peek(store_));
}

TEST_F(LocalLogTest, GarbageAfterTheEndOfTheStoresLogIsNoLoss) {
  MakeLobby(3);
  for (const auto& file : std::filesystem::directory_iterator(store_)) {
    if (file.path().extension() == ".log") {
      std::ofstream(file.path(), std::ios::binary | std::ios::app) << std::string(50, 'g');
    }
  }
  ASSERT_NE(Open(), nullptr);
  EXPECT_EQ(opened_.applied.value, 5u);
}

TEST_F(LocalLogTest, ARecordThatCannotBeReadStopsTheStartAndSaysWhatToDo) {
  MakeLobby(0);
  {
    auto log = Open();
    domain::Command command = Send("bob", "lobby", "m1");
    command.mutable_origin()->set_client("\xff not UTF-8");
    ASSERT_TRUE(log->Append(command));
  }
  const Error error = OpenError();
  EXPECT_EQ(error.code, Code::INTERNAL);
  EXPECT_THAT(error.reason, AllOf(HasSubstr("record 3"), HasSubstr("remove " + journal_)));
}

}  // namespace
}  // namespace parley::log
