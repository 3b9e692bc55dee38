#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "core/log/commit_log.h"
#include "core/log/intake_journal.h"
#include "core/store/store_writer.h"

namespace parley::log {

// The log of one node: intake journal → commit thread (dedupe, authorise, apply, one fsync a batch) →
// listener.
class LocalLog final : public CommitLog {
 public:
  struct Options {
    std::string store_path;
    std::string journal_path;
    uint64_t journal_bytes;
    std::function<void(const std::string&)> log;  // warnings, one line each; any thread
  };

  // What the opener needs to start: a copy of the state for the ACL view, and the clocks of the log.
  struct Opened {
    domain::Directory directory;
    std::vector<domain::ClientRecord> clients;
    LogIndex applied;
    uint64_t log_time_ms = 0;
    uint64_t wall_time_ms = 0;
    std::array<char, 16> store_id{};
    size_t recovered = 0;  // commands that a crash had left in the journal
  };

  // Opens store and journal and commits what a crash has left in the journal. Refuses to start with a hole.
  static Result<std::unique_ptr<LocalLog>> Open(Options options, Opened& opened);
  // The same on a store that is open already.
  static Result<std::unique_ptr<LocalLog>> Open(Options options, std::unique_ptr<store::StoreWriter> writer,
                                                Opened& opened);
  // Commits nothing more: Stop() has been called, or never Start().
  ~LocalLog() override;

  // Starts the commit thread. `listener` outlives it.
  void Start(LogListener& listener);
  // Commits what was appended (unless the disk is full: it stays in the journal) and joins the commit thread.
  void Stop();

  Result<LogIndex> Append(const domain::Command& command) override;
  void Seal() override;
  void Release(LogIndex committed) override;

  // StoreWriter::SharedView(). Any thread.
  std::unique_ptr<store::StoreView> SharedView();

  struct Stats {
    uint64_t journal_bytes = 0;
    uint64_t journal_free_bytes = 0;
    uint64_t appended = 0;
    uint64_t batches = 0;
    uint64_t committed = 0;
    uint64_t no_space_retries = 0;
  };
  // Broker thread.
  Stats stats() const;

 private:
  // No user may hold more than one part in so many of the ring.
  static constexpr uint64_t kUserShare = 8;

  LocalLog() = default;
  Status Recover();
  void Run();
  CommittedBatch ApplyBatch();
  Result<domain::Applied> ApplyRecord(LogIndex index, std::string_view record);
  bool WriteBatch();
  void Fail(const Error& reason);

  Options options_;
  std::unique_ptr<IntakeJournal> journal_;

  // Commit thread (and, before it starts, the opener).
  std::unique_ptr<store::StoreWriter> writer_;
  domain::StateMachine machine_;
  LogIndex applied_;
  LogListener* listener_ = nullptr;
  std::thread thread_;

  // Broker thread.
  struct Held {
    LogIndex index;
    std::string user;
    uint64_t bytes;
  };
  std::deque<Held> held_;
  std::unordered_map<std::string, uint64_t> held_by_user_;
  std::string scratch_;
  uint64_t appended_ = 0;

  // Shared.
  std::mutex mutex_;  // held for a moment only: around the wake-up flags
  std::condition_variable wake_;
  bool stopping_ = false;
  std::atomic<bool> failed_{false};
  std::atomic<uint64_t> batches_{0};
  std::atomic<uint64_t> committed_{0};
  std::atomic<uint64_t> no_space_retries_{0};
};

}  // namespace parley::log
