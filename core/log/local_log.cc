#include "core/log/local_log.h"

#include <chrono>
#include <csignal>

namespace parley::log {
namespace {

// One commit takes at most this much, so that its latency has a bound.
constexpr size_t kBatchCommandsMax = 4096;
constexpr size_t kBatchBytesMax = size_t{4} << 20;
constexpr std::chrono::milliseconds kNoSpaceRetry{200};

}  // namespace

Result<std::unique_ptr<LocalLog>> LocalLog::Open(Options options, Opened& opened) {
  auto writer = store::StoreWriter::Open(options.store_path, options.log);
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
    return Error{Code::INTERNAL, "the store ends at log index " + std::to_string(loaded->applied.value) +
                                     ", but entries up to " + std::to_string(high_water.value) +
                                     " were acknowledged: restore " + log->options_.store_path +
                                     " from a backup, or, to go on without them, remove " +
                                     log->options_.journal_path};
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
  journal_->StartEpoch({applied_.value + 1});
  return {};
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
  const auto holding = held_by_user_.find(user);
  const uint64_t held = holding == held_by_user_.end() ? 0 : holding->second;
  if (held + bytes > journal_->ring_bytes() / kUserShare) {
    return Error{Code::RESOURCE_EXHAUSTED, user + " has too much under way"};
  }
  const std::optional<LogIndex> index = journal_->Append(scratch_);
  if (!index) return Error{Code::RESOURCE_EXHAUSTED, "the journal is full"};
  held_by_user_[user] = held + bytes;
  held_.push_back({*index, user, bytes});
  ++appended_;
  return *index;
}

void LocalLog::Seal() {
  if (!journal_->Seal()) return;
  {
    const std::lock_guard lock(mutex_);  // pairs with the check in Run(), so that no wake-up is lost
  }
  wake_.notify_one();
}

void LocalLog::Release(LogIndex committed) {
  while (!held_.empty() && held_.front().index <= committed) {
    const auto user = held_by_user_.find(held_.front().user);
    user->second -= held_.front().bytes;
    if (user->second == 0) held_by_user_.erase(user);
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
  while (true) {
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [this] { return stopping_ || journal_->HasSealed() || writer_->has_garbage(); });
    }
    if (!journal_->HasSealed()) {
      const std::unique_lock lock(mutex_);
      if (stopping_) return;  // and everything is committed
    }
    CommittedBatch batch = ApplyBatch();  // empty when rows of deleted rooms are all there is to do
    if (failed_ || !WriteBatch()) return;
    if (batch.applied.empty()) continue;
    journal_->ReleaseRead(applied_);
    ++batches_;
    committed_ += batch.applied.size();
    listener_->OnCommitted(std::move(batch));
  }
}

CommittedBatch LocalLog::ApplyBatch() {
  CommittedBatch batch;
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
  domain::Command command;
  if (!command.ParseFromArray(record.data(), static_cast<int>(record.size()))) {
    return Error{Code::INTERNAL, "journal record " + std::to_string(index.value) +
                                     " cannot be read: start the Parley that wrote it, or, to go on without "
                                     "it and all after it, remove " +
                                     options_.journal_path};
  }
  std::optional<domain::DedupEntry> known;
  if (const std::optional<domain::DedupKey> key = machine_.DedupKeyOf(command)) {
    Result<std::optional<domain::DedupEntry>> found = writer_->FindDedup(*key);
    if (!found) return std::move(found).error();
    known = std::move(*found);
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
