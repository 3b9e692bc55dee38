#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
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
  // Whether the store may be made, or cut off at a damage: not when that would lose what the journal says
  // was acknowledged, or make a hole. For StoreWriter::Open; `options` outlives it.
  static store::Accept MayChangeStore(const Options& options);
  // The same on a store that is open already.
  static Result<std::unique_ptr<LocalLog>> Open(Options options, std::unique_ptr<store::StoreWriter> writer,
                                                Opened& opened);
  // Commits nothing more: Stop() has been called, or never Start().
  ~LocalLog() override;

  // Starts the commit thread. `listener` outlives it.
  void Start(LogListener& listener);
  // Under load, lets at least this much pass from one commit to the next, so that more messages share one
  // fsync and go out together; the first after a pause is never held back. 0 = off. Any thread.
  void SetCommitInterval(std::chrono::microseconds interval) { commit_interval_us_ = interval.count(); }
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
  // Waits for something to commit, and then for the interval. False: stopped, and everything is committed.
  bool WaitForWork();
  void Fail(const Error& reason);

  Options options_;
  std::unique_ptr<IntakeJournal> journal_;

  // Commit thread (and, before it starts, the opener).
  std::unique_ptr<store::StoreWriter> writer_;
  domain::StateMachine machine_;
  domain::Command command_;  // the one being applied: what it holds allocated is used again
  LogIndex applied_;
  LogListener* listener_ = nullptr;
  std::optional<std::chrono::steady_clock::time_point> last_commit_;  // none yet: the first is not held up
  std::thread thread_;

  // Broker thread.
  using HeldByUser = std::unordered_map<std::string, uint64_t>;
  struct Held {
    LogIndex index;
    HeldByUser::value_type* user;  // in held_by_user_
    uint64_t bytes;
  };
  std::deque<Held> held_;
  HeldByUser held_by_user_;
  std::string scratch_;
  uint64_t appended_ = 0;

  // Shared.
  std::mutex mutex_;  // held for a moment only: around the wake-up flags
  std::condition_variable wake_;
  bool stopping_ = false;
  std::atomic<bool> idle_{false};  // the commit thread waits for a Seal()
  std::atomic<int64_t> commit_interval_us_{0};
  std::atomic<bool> failed_{false};
  std::atomic<uint64_t> batches_{0};
  std::atomic<uint64_t> committed_{0};
  std::atomic<uint64_t> no_space_retries_{0};
};

}  // namespace parley::log
