#include "core/log/local_log.h"

#include <chrono>
#include <csignal>

namespace parley::log {
namespace {

// One commit takes at most this much, so that its latency has a bound.
constexpr size_t kBatchCommandsMax = 4096;
constexpr size_t kBatchCommandsUsual = 256;
constexpr size_t kBatchBytesMax = size_t{4} << 20;
constexpr std::chrono::milliseconds kNoSpaceRetry{200};

uint64_t Nanoseconds(std::chrono::steady_clock::duration time) {
  return static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(time).count());
}

uint64_t NanosecondsSince(std::chrono::steady_clock::time_point began) {
  return Nanoseconds(std::chrono::steady_clock::now() - began);
}

uint64_t WallMs() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(now).count());
}

Error LostItsEnd(LogIndex end, LogIndex high_water, const LocalLog::Options& options) {
  return {Code::INTERNAL, "the store ends at log index " + std::to_string(end.value) +
                              ", but entries up to " + std::to_string(high_water.value) +
                              " were acknowledged: restore " + options.store_path +
                              " from a backup, or, to go on without them, remove " + options.journal_path};
}

// Whether a store may be made, or cut off at its damage, beside this journal. Removing the journal is how a
// person says yes.
Status MayChange(const store::Found& found, const std::optional<IntakeJournal::Mark>& mark,
                 const LocalLog::Options& options) {
  if (!mark) {
    if (found.exists && found.beyond > found.kept) {
      options.log("the store's log is damaged: entries after log index " + std::to_string(found.kept.value) +
                  " up to " + std::to_string(found.beyond.value) + " are dropped (" + found.damage + ")");
    }
    return {};
  }
  if (!found.exists) {
    return Error{Code::FAILED_PRECONDITION,
                 options.store_path + " is gone, and " + options.journal_path +
                     " belongs to it: put it back, or, to begin with a new store, remove the journal"};
  }
  if (found.store_id != mark->store_id) {
    return Error{Code::FAILED_PRECONDITION,
                 options.store_path + " is damaged (" + found.damage + "), and " + options.journal_path +
                     " belongs to another store: put the right one back, or move the journal away"};
  }
  if (found.kept < mark->committed) return LostItsEnd(found.kept, mark->committed, options);
  if (found.beyond > found.kept) {
    return Error{Code::INTERNAL,
                 "the store's log is damaged behind log index " + std::to_string(found.kept.value) +
                     " and goes on up to " + std::to_string(found.beyond.value) + " (" + found.damage +
                     "): restore " + options.store_path +
                     " from a backup, or, to go on without these entries, remove " + options.journal_path};
  }
  return {};
}

}  // namespace

store::Accept LocalLog::MayChangeStore(const Options& options) {
  return [&options](const store::Found& found) {
    return MayChange(found, IntakeJournal::Peek(options.journal_path), options);
  };
}

Result<std::unique_ptr<LocalLog>> LocalLog::Open(Options options, Opened& opened) {
  auto writer = store::StoreWriter::Open(options.store_path, options.log, nullptr, MayChangeStore(options));
  if (!writer) return std::move(writer).error().Within("open store");
  return Open(std::move(options), std::move(*writer), opened);
}

Result<std::unique_ptr<LocalLog>> LocalLog::Open(Options options, std::unique_ptr<store::StoreWriter> writer,
                                                 Opened& opened) {
  std::unique_ptr<LocalLog> log(new LocalLog());
  log->options_ = std::move(options);
  log->writer_ = std::move(writer);
  Result<store::Loaded> loaded = log->writer_->Load();
  if (!loaded) return std::move(loaded).error().Within("load store");

  auto journal = IntakeJournal::Open({.path = log->options_.journal_path,
                                      .ring_bytes = log->options_.journal_bytes,
                                      .store_id = loaded->store_id});
  if (!journal) return std::move(journal).error().Within("open journal");
  log->journal_ = std::move(*journal);
  const LogIndex high_water = log->journal_->committed_high_water();
  if (loaded->applied < high_water) {
    return LostItsEnd(loaded->applied, high_water, log->options_);
  }
  log->applied_ = loaded->applied;
  log->machine_ = domain::StateMachine(std::move(loaded->directory), std::move(loaded->heads));

  const LogIndex before = log->applied_;
  if (Status recovered = log->Recover(); !recovered)
    return std::move(recovered).error().Within("recover journal");
  opened.recovered = log->applied_.value - before.value;
  opened.directory = log->machine_.directory();
  opened.applied = log->applied_;
  opened.store_id = loaded->store_id;
  // Recovery may have moved what Load() said of clients and clocks.
  Result<store::Loaded> now = opened.recovered == 0 ? std::move(loaded) : log->writer_->Load();
  if (!now) return std::move(now).error().Within("load store");
  opened.clients = std::move(now->clients);
  opened.log_time_ms = now->log_time_ms;
  opened.wall_time_ms = now->wall_time_ms;
  return log;
}

LocalLog::~LocalLog() {
  Stop();
}

Status LocalLog::Recover() {
  const std::vector<std::string> records = journal_->Recover(applied_);
  for (size_t i = 0; i < records.size();) {
    for (const size_t end = std::min(records.size(), i + kBatchCommandsMax); i < end; ++i) {
      Result<domain::Applied> applied = ApplyRecord({applied_.value + 1}, records[i]);
      if (!applied) return std::move(applied).error();
    }
    switch (writer_->Write()) {
      case store::Commit::kDone:
        break;
      case store::Commit::kNoSpace:
        return Error{Code::RESOURCE_EXHAUSTED,
                     "the disk is full (" + writer_->failure() + "): free some space, then start again"};
      case store::Commit::kFailed:
        return Error{Code::INTERNAL, "the store cannot be written (" + writer_->failure() +
                                         "): check the disk, then start again"};
    }
  }
  return journal_->StartEpoch({applied_.value + 1});
}

void LocalLog::Start(LogListener& listener) {
  listener_ = &listener;
  // The broker handles signals on its own thread.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, &before);
  thread_ = std::thread([this] { Run(); });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

void LocalLog::Stop() {
  if (!thread_.joinable()) return;
  journal_->Seal();
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

Result<LogIndex> LocalLog::Append(const domain::Command& command) {
  if (failed_) return Error{Code::UNAVAILABLE, "the store has failed: see the broker's log"};
  scratch_.clear();
  command.AppendToString(&scratch_);
  const std::string& user = command.origin().user();
  const uint64_t bytes = IntakeJournal::RingBytes(scratch_.size());
  HeldByUser::value_type& holding = *held_by_user_.try_emplace(user, 0).first;
  if (holding.second + bytes > journal_->ring_bytes() / kUserShare) {
    return Error{Code::RESOURCE_EXHAUSTED, user + " has too much under way"};
  }
  const std::optional<LogIndex> index = AppendToJournal();
  if (!index) return Error{Code::RESOURCE_EXHAUSTED, "the journal is full"};
  holding.second += bytes;
  held_.push_back({*index, &holding, bytes});
  ++appended_;
  return *index;
}

// One in so many is timed: the clock would cost as much as a small record.
std::optional<LogIndex> LocalLog::AppendToJournal() {
  if (appended_ % kAppendSampled != 0) return journal_->Append(scratch_);
  const auto began = std::chrono::steady_clock::now();
  const std::optional<LogIndex> index = journal_->Append(scratch_);
  timings_.append.Observe(NanosecondsSince(began));
  return index;
}

void LocalLog::Seal() {
  if (!journal_->Seal() || !idle_) return;
  {
    const std::lock_guard lock(mutex_);  // pairs with the check in Run(), so that no wake-up is lost
  }
  wake_.notify_one();
}

void LocalLog::Release(LogIndex committed) {
  while (!held_.empty() && held_.front().index <= committed) {
    HeldByUser::value_type& user = *held_.front().user;
    user.second -= held_.front().bytes;
    if (user.second == 0) held_by_user_.erase(user.first);
    held_.pop_front();
  }
}

LocalLog::Stats LocalLog::stats() const {
  return {.journal_bytes = journal_->ring_bytes(),
          .journal_free_bytes = journal_->free_bytes(),
          .appended = appended_,
          .batches = batches_,
          .committed = committed_,
          .no_space_retries = no_space_retries_};
}

void LocalLog::Run() {
  while (WaitForWork()) {
    const auto began = std::chrono::steady_clock::now();
    last_commit_ = began;
    CommittedBatch batch = ApplyBatch();  // empty when rows of deleted rooms are all there is to do
    const auto applied = std::chrono::steady_clock::now();
    if (failed_ || !WriteBatch()) return;
    if (batch.applied.empty()) continue;
    timings_.apply.Observe(Nanoseconds(applied - began));
    timings_.write.Observe(NanosecondsSince(applied));
    timings_.batch.Observe(batch.applied.size());
    batch.committed_ms = WallMs();
    journal_->ReleaseRead(applied_);
    ++batches_;
    committed_ += batch.applied.size();
    listener_->OnCommitted(std::move(batch));
  }
}

bool LocalLog::WaitForWork() {
  std::unique_lock lock(mutex_);
  idle_ = true;  // before the look, so that a Seal() after it is told
  wake_.wait(lock, [this] { return stopping_ || journal_->HasSealed() || writer_->has_garbage(); });
  idle_ = false;
  if (last_commit_) {
    const auto next = *last_commit_ + std::chrono::microseconds(commit_interval_us_);
    wake_.wait_until(lock, next, [this] { return stopping_; });
  }
  return journal_->HasSealed() || !stopping_;
}

CommittedBatch LocalLog::ApplyBatch() {
  CommittedBatch batch;
  batch.applied.reserve(kBatchCommandsUsual);
  size_t bytes = 0;
  while (batch.applied.size() < kBatchCommandsMax && bytes < kBatchBytesMax) {
    const std::optional<IntakeJournal::Record> record = journal_->Read();
    if (!record) break;
    bytes += record->bytes.size();
    Result<domain::Applied> applied = ApplyRecord(record->index, record->bytes);
    if (!applied) {
      Fail(std::move(applied).error());
      break;
    }
    batch.applied.push_back(std::move(*applied));
  }
  batch.last = applied_;
  return batch;
}

Result<domain::Applied> LocalLog::ApplyRecord(LogIndex index, std::string_view record) {
  domain::Command& command = command_;
  if (!command.ParseFromArray(record.data(), static_cast<int>(record.size()))) {
    return Error{Code::INTERNAL, "journal record " + std::to_string(index.value) +
                                     " cannot be read: start the Parley that wrote it, or, to go on without "
                                     "it and all after it, remove " +
                                     options_.journal_path};
  }
  domain::Known known;
  if (const std::optional<domain::DedupKey> key = machine_.DedupKeyOf(command)) {
    Result<std::optional<domain::DedupEntry>> found = writer_->FindDedup(*key);
    if (!found) return std::move(found).error();
    known.dedup = std::move(*found);
  }
  if (const std::optional<domain::CursorKey> key = machine_.CursorKeyOf(command)) {
    Result<domain::KnownCursor> found = writer_->FindCursor(*key);
    if (!found) return std::move(found).error();
    known.cursor = std::move(*found);
  }
  if (const std::optional<Uid> owner = machine_.PushOwnerOf(command)) {
    Result<std::optional<domain::PushRecord>> found = writer_->FindPush(*owner);
    if (!found) return std::move(found).error();
    known.push = std::move(*found);
  }
  domain::Applied applied = machine_.Apply(index, command, known);
  writer_->Add(applied, command);
  applied_ = index;
  return applied;
}

// Writes the pending batch; a full disk is waited out with the identical batch. False: stopped or failed.
bool LocalLog::WriteBatch() {
  bool complained = false;
  while (true) {
    switch (writer_->Write()) {
      case store::Commit::kDone:
        if (complained) options_.log("the disk has space again: going on");
        return true;
      case store::Commit::kFailed:
        Fail({Code::INTERNAL, "the store cannot be written (" + writer_->failure() +
                                  "): ending the broker; check the disk, then start again"});
        return false;
      case store::Commit::kNoSpace:
        break;
    }
    if (!complained)
      options_.log("the disk is full (" + writer_->failure() +
                   "): free some space; messages wait in the journal");
    complained = true;
    ++no_space_retries_;
    std::unique_lock lock(mutex_);
    if (wake_.wait_for(lock, kNoSpaceRetry, [this] { return stopping_; })) return false;
  }
}

std::unique_ptr<store::StoreView> LocalLog::SharedView() {
  return writer_->SharedView();
}

void LocalLog::Fail(const Error& reason) {
  failed_ = true;
  listener_->OnFailed(reason);
}

}  // namespace parley::log
