#pragma once

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

#include "core/log/local_log.h"
#include "core/store/keys.h"
#include "tests/support/commands.h"
#include "tests/support/fault_file_system.h"
#include "tests/support/store_dump.h"
#include "tests/support/temp_folder.h"

namespace parley::log {

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

inline constexpr std::chrono::seconds kDeadline{20};

// Every file of a folder: name → bytes. Without RocksDB's lock, which has none.
inline std::map<std::string, std::string> FilesOf(const std::string& folder) {
  std::map<std::string, std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    std::ifstream file(entry.path(), std::ios::binary);
    files[entry.path().filename()] = {std::istreambuf_iterator<char>(file), {}};
  }
  return files;
}

inline LocalLog::Opened& Reset(LocalLog::Opened& opened) {
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

}  // namespace parley::log
