// The log while it runs: order, durability, bounds, a disk that fills up.

#include "core/log/local_log.h"

#include "tests/unit/core/log/local_log_world.h"

namespace parley::log {
namespace {

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

}  // namespace
}  // namespace parley::log
