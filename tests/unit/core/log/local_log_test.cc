#include "core/log/local_log.h"

#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/store/keys.h"
#include "tests/support/commands.h"
#include "tests/support/fault_file_system.h"
#include "tests/support/store_dump.h"
#include "tests/support/temp_folder.h"

namespace parley::log {
namespace {

using parley::testing::CreateRoom;
using parley::testing::CreateUser;
using parley::testing::DumpStore;
using parley::testing::FaultFileSystem;
using parley::testing::Send;
using parley::testing::TempFolder;
using store::Commit;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

constexpr std::chrono::seconds kDeadline{20};

// Every file of a folder: name → bytes. Without RocksDB's lock, which has none.
std::map<std::string, std::string> FilesOf(const std::string& folder) {
  std::map<std::string, std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    std::ifstream file(entry.path(), std::ios::binary);
    files[entry.path().filename()] = {std::istreambuf_iterator<char>(file), {}};
  }
  return files;
}

LocalLog::Opened& Reset(LocalLog::Opened& opened) {
  return opened = {};
}

// Keeps what it is told; waits with a deadline.
class Listener final : public LogListener {
 public:
  void OnCommitted(CommittedBatch batch) override {
    if (before_commit) before_commit(batch);
    const std::lock_guard lock(mutex_);
    last_ = batch.last;
    for (domain::Applied& applied : batch.applied) applied_.push_back(std::move(applied));
    changed_.notify_all();
  }
  void OnFailed(const Error& reason) override {
    const std::lock_guard lock(mutex_);
    failures_.push_back(reason.reason);
    changed_.notify_all();
  }
  bool WaitForIndex(LogIndex index) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, kDeadline, [&] { return last_ >= index; });
  }
  bool WaitForFailure() {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, kDeadline, [&] { return !failures_.empty(); });
  }
  std::vector<domain::Applied> applied() {
    const std::lock_guard lock(mutex_);
    return applied_;
  }
  std::vector<std::string> failures() {
    const std::lock_guard lock(mutex_);
    return failures_;
  }

  std::function<void(const CommittedBatch&)> before_commit;  // on the commit thread

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  LogIndex last_;
  std::vector<domain::Applied> applied_;
  std::vector<std::string> failures_;
};

// A real store whose Write() a test may change.
class ChangedWriter final : public store::StoreWriter {
 public:
  using OnWrite = std::function<Commit(store::StoreWriter&)>;
  ChangedWriter(std::unique_ptr<store::StoreWriter> real, OnWrite on_write)
      : real_(std::move(real)), on_write_(std::move(on_write)) {}

  Result<store::Loaded> Load() override { return real_->Load(); }
  Result<std::optional<domain::DedupEntry>> FindDedup(const domain::DedupKey& key) override {
    return real_->FindDedup(key);
  }
  Result<domain::KnownCursor> FindCursor(const domain::CursorKey& key) override {
    return real_->FindCursor(key);
  }
  Result<std::optional<domain::PushRecord>> FindPush(Uid uid) override { return real_->FindPush(uid); }
  void Add(const domain::Applied& applied, const domain::Command& command) override {
    EXPECT_FALSE(waiting_) << "a batch that waits for space must stay as it is";
    real_->Add(applied, command);
  }
  Commit Write() override {
    const Commit commit = on_write_(*real_);
    waiting_ = commit == Commit::kNoSpace;
    return commit;
  }
  bool has_garbage() const override { return real_->has_garbage(); }
  const std::string& failure() const override { return failure_; }
  std::unique_ptr<store::StoreView> View() override { return real_->View(); }
  std::unique_ptr<store::StoreView> SharedView() override { return real_->SharedView(); }

 private:
  const std::unique_ptr<store::StoreWriter> real_;
  const OnWrite on_write_;
  bool waiting_ = false;
  const std::string failure_ = "as the test has it";
};

class LocalLogTest : public ::testing::Test {
 protected:
  static constexpr uint64_t kRing = 256 * 1024;

  LocalLog::Options Options() {
    return {.store_path = store_,
            .journal_path = journal_,
            .journal_bytes = kRing,
            .log = [this](const std::string& line) {
              const std::lock_guard lock(lines_mutex_);
              lines_.push_back(line);
            }};
  }
  std::unique_ptr<LocalLog> Open() {
    auto log = LocalLog::Open(Options(), Reset(opened_));
    EXPECT_TRUE(log) << log.error().reason;
    return log ? std::move(*log) : nullptr;
  }
  std::unique_ptr<LocalLog> Open(ChangedWriter::OnWrite on_write, rocksdb::Env* env = nullptr) {
    auto real = store::StoreWriter::Open(store_, Options().log, env);
    EXPECT_TRUE(real) << real.error().reason;
    auto log = LocalLog::Open(
        Options(), std::make_unique<ChangedWriter>(std::move(*real), std::move(on_write)), Reset(opened_));
    EXPECT_TRUE(log) << log.error().reason;
    return log ? std::move(*log) : nullptr;
  }
  Error OpenError() {
    const auto log = LocalLog::Open(Options(), Reset(opened_));
    return log ? Error{Code::OK, "opens"} : log.error();
  }
  // bob, and lobby with its first event: indices 1 and 2.
  static void AppendLobby(LocalLog& log) {
    ASSERT_TRUE(log.Append(CreateUser("bob")));
    ASSERT_TRUE(log.Append(CreateRoom("lobby", {{"bob", v1::Member::OWNER}})));
  }
  // A lobby and `messages` messages m1, m2, … on disk and released, and a clean stop.
  void MakeLobby(int messages) {
    Listener listener;
    auto log = Open();
    log->Start(listener);
    AppendLobby(*log);
    LogIndex last{2};
    for (int i = 1; i <= messages; ++i) last = *log->Append(Send("bob", "lobby", "m" + std::to_string(i)));
    log->Seal();
    ASSERT_TRUE(listener.WaitForIndex(last));
    log->Stop();
  }
  uint64_t StoredMessages() {
    uint64_t events = 0;
    for (const auto& [key, value] : DumpStore(store_)) events += key.starts_with("events ");
    return events;
  }
  std::vector<std::string> lines() {
    const std::lock_guard lock(lines_mutex_);
    return lines_;
  }

  const TempFolder folder_;
  const std::string store_ = folder_ / "store";
  const std::string journal_ = folder_ / "journal";
  LocalLog::Opened opened_;

 private:
  std::mutex lines_mutex_;
  std::vector<std::string> lines_;
};

TEST_F(LocalLogTest, WhatIsSealedIsCommittedInOrder) {
  Listener listener;
  auto log = Open();
  log->Start(listener);
  AppendLobby(*log);
  for (int i = 0; i < 300; ++i) {
    ASSERT_TRUE(log->Append(Send("bob", "lobby", "")));
    if (i % 7 == 0) log->Seal();
    log->Release(LogIndex{static_cast<uint64_t>(i)});
  }
  log->Seal();
  ASSERT_TRUE(listener.WaitForIndex(LogIndex{302}));
  const auto applied = listener.applied();
  ASSERT_THAT(applied, SizeIs(302));
  for (size_t i = 0; i < applied.size(); ++i) EXPECT_EQ(applied[i].index.value, i + 1);
  for (size_t i = 2; i < applied.size(); ++i) EXPECT_EQ(applied[i].ack->seq(), i);
  EXPECT_EQ(log->stats().committed, 302u);
  EXPECT_EQ(log->stats().journal_free_bytes, kRing);

  // Each commit was measured, and one append in so many.
  const auto count = [](const metrics::Histogram& histogram) {
    const metrics::HistogramSnapshot snapshot = histogram.Snapshot();
    return std::accumulate(snapshot.counts.begin(), snapshot.counts.end(), uint64_t{0});
  };
  EXPECT_EQ(count(log->timings().batch), log->stats().batches);
  EXPECT_EQ(count(log->timings().apply), log->stats().batches);
  EXPECT_EQ(count(log->timings().write), log->stats().batches);
  EXPECT_EQ(log->timings().batch.Snapshot().sum, 302u);
  EXPECT_EQ(count(log->timings().append), 302 / LocalLog::kAppendSampled + 1);
}

TEST_F(LocalLogTest, UnderLoadCommitsKeepTheirIntervalAndTheFirstIsNeverHeldBack) {
  using std::chrono::steady_clock;
  constexpr std::chrono::milliseconds kInterval{50};
  std::vector<steady_clock::time_point> writes;  // by the commit thread, read after it has ended
  Listener listener;
  auto log = Open([&writes](store::StoreWriter& real) {
    writes.push_back(steady_clock::now());
    return real.Write();
  });
  log->SetCommitInterval(kInterval);
  log->Start(listener);
  const auto start = steady_clock::now();
  AppendLobby(*log);
  log->Seal();
  ASSERT_TRUE(listener.WaitForIndex(LogIndex{2}));
  for (uint64_t i = 3; i <= 40; ++i) {  // all within one interval, or spread over some on a slow machine
    ASSERT_TRUE(log->Append(Send("bob", "lobby", "")));
    log->Seal();
  }
  ASSERT_TRUE(listener.WaitForIndex(LogIndex{40}));
  log->Stop();
  const auto intervals = (steady_clock::now() - start) / kInterval;
  EXPECT_LE(static_cast<int64_t>(writes.size()), intervals + 2) << "many messages share a commit";
  for (size_t i = 1; i < writes.size(); ++i) {
    EXPECT_GE(writes[i] - writes[i - 1], kInterval - std::chrono::milliseconds(10)) << "commit " << i;
  }
}

TEST_F(LocalLogTest, StopDoesNotWaitOutTheCommitInterval) {
  Listener listener;
  auto log = Open();
  log->SetCommitInterval(std::chrono::hours(1));
  log->Start(listener);
  AppendLobby(*log);
  log->Seal();
  ASSERT_TRUE(listener.WaitForIndex(LogIndex{2}));
  ASSERT_TRUE(log->Append(Send("bob", "lobby", "last")));
  log->Stop();
  log.reset();
  EXPECT_EQ(StoredMessages(), 2u);
}

TEST_F(LocalLogTest, NothingIsSeenBeforeItIsOnDisk) {
  std::atomic<uint64_t> written{0};
  std::atomic<int> calls{0};
  Listener listener;
  auto log = Open([&](store::StoreWriter& real) {
    const Commit commit = real.Write();
    written = real.View()->applied().value;
    ++calls;
    return commit;
  });
  listener.before_commit = [&](const CommittedBatch& batch) {
    EXPECT_LE(batch.last.value, written);
    EXPECT_EQ(batch.last, batch.applied.back().index);
  };
  log->Start(listener);
  AppendLobby(*log);
  for (int i = 0; i < 50; ++i) {
    ASSERT_TRUE(log->Append(Send("bob", "lobby", "")));
    log->Seal();
  }
  ASSERT_TRUE(listener.WaitForIndex(LogIndex{52}));
  EXPECT_GT(calls, 0);
}

// The mark says what is on disk, so it may never be ahead of it.
TEST_F(LocalLogTest, TheJournalsMarkFollowsTheStore) {
  Listener listener;
  auto log = Open([&](store::StoreWriter& real) {
    std::ifstream file(journal_, std::ios::binary);
    uint64_t mark = 0;
    file.seekg(48);
    file.read(reinterpret_cast<char*>(&mark), sizeof mark);
    EXPECT_LE(mark, real.View()->applied().value);
    return real.Write();
  });
  log->Start(listener);
  AppendLobby(*log);
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(log->Append(Send("bob", "lobby", "")));
    log->Seal();
  }
  ASSERT_TRUE(listener.WaitForIndex(LogIndex{22}));
}

TEST_F(LocalLogTest, StopCommitsWhatWasAppendedSealedOrNot) {
  Listener listener;
  auto log = Open();
  log->Start(listener);
  AppendLobby(*log);
  log->Seal();
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(log->Append(Send("bob", "lobby", "")));
  log->Stop();
  EXPECT_THAT(listener.applied(), SizeIs(102));
  log->Stop();  // a second time does nothing
  log.reset();
  Open();
  EXPECT_EQ(opened_.recovered, 0u);
  EXPECT_EQ(opened_.applied.value, 102u);
}

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

TEST_F(LocalLogTest, AFullDiskIsWaitedOutWithTheSameBatch) {
  std::atomic<int> full{3};
  Listener listener;
  auto log = Open(
      [&full](store::StoreWriter& real) { return full > 0 && full-- > 0 ? Commit::kNoSpace : real.Write(); });
  listener.before_commit = [&full](const CommittedBatch&) { EXPECT_LE(full, 0); };
  log->Start(listener);
  AppendLobby(*log);
  log->Seal();
  ASSERT_TRUE(log->Append(Send("bob", "lobby", "m1")));
  log->Seal();
  ASSERT_TRUE(listener.WaitForIndex(LogIndex{3}));
  EXPECT_GE(log->stats().no_space_retries, 3u);
  std::vector<std::string> said = lines();
  std::erase_if(said, [](const std::string& line) { return line.find("disk") == std::string::npos; });
  EXPECT_THAT(said, ElementsAre(AllOf(HasSubstr("disk is full"), HasSubstr("free some space")),
                                HasSubstr("has space again")));
  EXPECT_THAT(listener.failures(), SizeIs(0));
}

TEST_F(LocalLogTest, StopOnAFullDiskLosesNothing) {
  MakeLobby(0);
  {
    std::atomic<int> tries{0};
    Listener listener;
    auto log = Open([&tries](store::StoreWriter&) {
      ++tries;
      tries.notify_all();
      return Commit::kNoSpace;
    });
    log->Start(listener);
    ASSERT_TRUE(log->Append(Send("bob", "lobby", "m1")));
    log->Seal();
    tries.wait(0);
    ASSERT_TRUE(log->Append(Send("bob", "lobby", "m2")));
    log->Stop();
    EXPECT_THAT(listener.applied(), SizeIs(0));
    EXPECT_THAT(listener.failures(), SizeIs(0));
  }
  Open();
  EXPECT_EQ(opened_.recovered, 2u);
  EXPECT_EQ(StoredMessages(), 3u);
}

// The same with a real store on a disk that fills up under it.
TEST_F(LocalLogTest, ARealFullDiskIsWaitedOut) {
  const auto disk = std::make_shared<FaultFileSystem>();
  const auto env = rocksdb::NewCompositeEnv(disk);
  Listener listener;
  auto log = Open([](store::StoreWriter& real) { return real.Write(); }, env.get());
  log->Start(listener);
  AppendLobby(*log);
  log->Seal();
  ASSERT_TRUE(listener.WaitForIndex(LogIndex{2}));
  disk->FillFor(3);
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(log->Append(Send("bob", "lobby", "m" + std::to_string(i))));
    log->Seal();
  }
  ASSERT_TRUE(listener.WaitForIndex(LogIndex{22}));
  EXPECT_GE(log->stats().no_space_retries, 1u);
  log->Stop();
  log.reset();
  EXPECT_EQ(StoredMessages(), 21u);
}

TEST_F(LocalLogTest, NoUserHoldsMoreThanAShareOfTheRing) {
  auto log = Open();
  const std::string text(4000, 'x');
  int taken = 0;
  Result<LogIndex> last = log->Append(Send("bob", "lobby", "", text));
  for (; last; last = log->Append(Send("bob", "lobby", "", text))) ++taken;
  EXPECT_EQ(last.error().code, Code::RESOURCE_EXHAUSTED);
  EXPECT_THAT(last.error().reason, HasSubstr("bob"));
  EXPECT_GE(taken, 6);
  EXPECT_LE(taken, 8);
  EXPECT_TRUE(log->Append(Send("alice", "lobby", "", text)));
  log->Release(LogIndex{1});
  EXPECT_TRUE(log->Append(Send("bob", "lobby", "", text)));
  EXPECT_FALSE(log->Append(Send("bob", "lobby", "", text)));
  log->Release(LogIndex{1000});
  for (int i = 0; i < taken; ++i) EXPECT_TRUE(log->Append(Send("bob", "lobby", "", text))) << i;
}

// Small records take more of the ring than their bytes.
TEST_F(LocalLogTest, AShareCountsWhatARecordTakesOfTheRing) {
  auto log = Open();
  const uint64_t before = log->stats().journal_free_bytes;
  domain::Command tiny;
  tiny.mutable_origin()->set_user("b");
  while (log->Append(tiny)) {
  }
  EXPECT_LE(before - log->stats().journal_free_bytes, kRing / 8);
}

TEST_F(LocalLogTest, AFullJournalTakesNothingMore) {
  auto log = Open();
  const std::string text(12'000, 'x');
  Result<LogIndex> last = LogIndex{};
  for (int user = 0; last && user < 100; ++user) {
    last = log->Append(Send("user" + std::to_string(user), "lobby", "", text));
  }
  ASSERT_FALSE(last);
  EXPECT_EQ(last.error().code, Code::RESOURCE_EXHAUSTED);
  EXPECT_EQ(last.error().reason, "the journal is full");
  const uint64_t appended = log->stats().appended;
  log.reset();
  Open();
  EXPECT_EQ(opened_.recovered, appended);
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
