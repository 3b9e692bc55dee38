#include "bridge/feed/runner.h"

#include <algorithm>
#include <exception>
#include <utility>

#include "bridge/service/limits.h"
#include "schemas/json.h"

namespace parley::bridge {

FeedRunner::FeedRunner(FeedParts parts, FeedConsumer& consumer)
    : parts_(std::move(parts)),
      consumer_(consumer),
      consumer_name_(consumer.name()),
      letters_(parts_.local, consumer_name_),
      backoff_(limits::kFeedRetryFirstMs, limits::kFeedRetryLastMs) {
  status_.name = consumer_name_;
  status_.why = "starting";
}

Status FeedRunner::Load() {
  const Result<std::optional<std::string>> row = parts_.local.Get(PositionKey(consumer_name_));
  if (!row) return row.error();
  if (*row) {
    position_ = ParsePosition(**row);
    if (!position_) return DamagedRow("the position of " + consumer_name_);
    const std::lock_guard lock(mutex_);
    status_.offset = position_->offset;
  }
  return letters_.Load();
}

int64_t FeedRunner::Step() {
  const FeedTime now = parts_.clock();
  const FeedHead::State head = parts_.head.state();
  const int64_t idle_ms = now.steady_ms + limits::kFeedIdleMs;
  // What an earlier connection promised to commit may be gone with its broker.
  if (decided_ && decided_->connection != head.connection) decided_.reset();
  if (!head.committed) {
    Resume();
    SetRunning(false, "not connected to the broker");
    return idle_ms;
  }
  if (now.steady_ms < not_before_ms_) return not_before_ms_;
  if (decided_ && !CarryOut(head, now)) return std::max(not_before_ms_, now.steady_ms + 1);
  if (!decided_) Decide(head, now);
  if (decided_) {
    if (!CarryOut(head, now)) return not_before_ms_ > now.steady_ms ? not_before_ms_ : idle_ms;
    const int64_t behind_ms = IsBusy(*head.committed, now) ? limits::kFeedBusyPauseMs : 0;
    not_before_ms_ = now.steady_ms + (more_ ? behind_ms : limits::kFeedPauseMs);
  }
  if (not_before_ms_ > now.steady_ms) return not_before_ms_;
  if (more_) return now.steady_ms;
  const std::optional<int64_t> due = consumer_.due_ms();
  return due ? std::clamp(*due, now.steady_ms, idle_ms) : idle_ms;
}

bool FeedRunner::IsBusy(LogIndex committed, FeedTime now) {
  const int64_t elapsed_ms = now.steady_ms - paced_ms_;
  if (elapsed_ms < limits::kFeedBusyPauseMs) return busy_;
  const uint64_t came = committed > paced_ ? committed.value - paced_.value : 0;
  busy_ = paced_ms_ != 0 && came * 1000 > limits::kFeedBusyPerSecond * static_cast<uint64_t>(elapsed_ms);
  paced_ = committed;
  paced_ms_ = now.steady_ms;
  return busy_;
}

void FeedRunner::Decide(const FeedHead::State& head, FeedTime now) {
  const LogIndex committed = *head.committed;
  const std::optional<DeadLetter> replay = letters_.NextReplay();
  const std::optional<int64_t> due = consumer_.due_ms();
  const bool is_due = due && *due <= now.steady_ms;
  const bool behind = !stood_ || !position_ || position_->offset != committed;
  more_ = false;
  if (!replay && !is_due && !behind) return Resume();
  // No more than what is known to be there: after a restart the store may be a shorter one.
  const LogIndex at_least{position_ ? std::min(position_->offset.value + 1, committed.value) : 0};
  const Result<std::unique_ptr<store::StoreView>> view = parts_.reader.View(at_least);
  if (!view) return PauseForStore(now, view.error().reason);
  connection_ = head.connection;
  if (!Standing(**view, committed, now)) return;
  stood_ = true;
  if (replay) {
    DecideReplay(**view, *replay, now);
  } else if (is_due) {
    DecideDue(**view, now);
  } else {
    DecideRun(**view, now);
  }
}

bool FeedRunner::Standing(const store::StoreView& view, LogIndex committed, FeedTime now) {
  const Result<store::StoreId> id = view.Id();
  if (!id) {
    Pause(now, id.error().reason);
    return false;
  }
  if (position_ && position_->store_id == *id && position_->offset <= committed) return true;
  const std::optional<FeedPosition> before = position_;
  if (Status begun = BeginIn(*id, committed); !begun) {
    Pause(now, begun.error().reason);
    return false;
  }
  const std::string at = std::to_string(position_->offset.value);
  if (!before) {
    Say("begins after log index " + at);
  } else if (before->store_id != *id) {
    Say("the store is another one than before; what was kept of the old one is dropped, begins after log "
        "index " +
        at);
  } else {
    Say("the store ends at log index " + std::to_string(committed.value) + ", before " +
        std::to_string(before->offset.value) +
        " where this consumer stood (an older backup?); what was kept is dropped, begins after log index " +
        at);
  }
  return true;
}

Status FeedRunner::BeginIn(const store::StoreId& store_id, LogIndex head) {
  decided_.reset();
  failing_.reset();
  consumer_.OnBeginAnew();
  // The position last: until then the next start finds the old one, and begins anew once more.
  if (Status forgotten = letters_.Forget(); !forgotten) return forgotten;
  if (Status deleted = DeleteOwnRows(); !deleted) return deleted;
  const bool at_head = consumer_.begin() == FeedConsumer::Begin::kHead;
  const FeedPosition position{store_id, at_head ? head : LogIndex{}};
  store::LocalBatch batch;
  batch.Put(PositionKey(consumer_name_), EncodePosition(position));
  if (Status put = parts_.local.Write(batch, store::LocalStore::Durability::kDisk); !put) return put;
  position_ = position;
  const std::lock_guard lock(mutex_);
  status_.offset = position.offset;
  return {};
}

Status FeedRunner::DeleteOwnRows() {
  while (true) {
    const auto rows = parts_.local.Scan(OwnRowsPrefix(consumer_name_), {}, limits::kFeedRowsPerDelete);
    if (!rows) return rows.error();
    if (rows->empty()) return {};
    store::LocalBatch batch;
    for (const store::LocalStore::Row& row : *rows) batch.Delete(row.key);
    if (Status done = parts_.local.Write(batch, store::LocalStore::Durability::kProcess); !done) return done;
  }
}

FeedRunner::Decided FeedRunner::Empty(const store::StoreView& view) const {
  return {.effects = FeedEffects(parts_.local, OwnRowsPrefix(consumer_name_)),
          .offset = {},
          .letters = {},
          .needs = view.applied(),
          .connection = connection_,
          .entries = {},
          .published = 0};
}

Handled FeedRunner::HandleOne(const store::FeedEntry& entry, const FeedContext& context,
                              FeedEffects& effects) {
  if (!entry.damage.empty()) return Handled::Poison(entry.damage);
  FeedEffects part(&effects);
  try {
    Handled handled = consumer_.Handle(entry, context, part);
    if (handled.kind == Handled::Kind::kDone) part.Keep();
    return handled;
  } catch (const std::exception& error) {  // out of memory, or a mistake in a consumer: this entry's problem
    return Handled::TryAgain(error.what());
  }
}

void FeedRunner::DecideReplay(const store::StoreView& view, const DeadLetter& letter, FeedTime now) {
  more_ = true;
  const auto entries = view.Feed({.after = {letter.index.value - 1},
                                  .last = letter.index,
                                  .limit = 1,
                                  .items_max = limits::kFeedItemsPerRead});
  if (!entries) return Pause(now, entries.error().reason);
  Decided decided = Empty(view);
  decided.letters.done = letter.index;
  const std::string name = "dead letter " + std::to_string(letter.index.value);
  if (!entries->empty()) {
    const Handled handled = HandleOne(entries->front(), {view, now}, decided.effects);
    if (handled.kind == Handled::Kind::kWait) return Pause(now, handled.reason);
    if (handled.kind != Handled::Kind::kDone) {
      const std::string reason = Printable(handled.reason, limits::kDeadLetterReasonBytesMax);
      if (Status kept = letters_.Failed(letter.index, reason, static_cast<uint64_t>(now.wall_ms)); !kept) {
        return Pause(now, kept.error().reason);
      }
      return Say(name + " failed again: " + reason);
    }
  }
  decided_.emplace(std::move(decided));
  Say(name + (entries->empty() ? " names an entry that is gone: dropped" : " is replayed"));
}

void FeedRunner::DecideDue(const store::StoreView& view, FeedTime now) {
  Decided decided = Empty(view);
  FeedEffects part(&decided.effects);
  const Handled handled = consumer_.OnDue({view, now}, part);
  if (handled.kind != Handled::Kind::kDone) return Pause(now, handled.reason);
  part.Keep();
  decided_.emplace(std::move(decided));
  more_ = true;
}

void FeedRunner::DecideRun(const store::StoreView& view, FeedTime now) {
  const Result<bool> idle = consumer_.IsIdle(view);
  if (!idle) return Pause(now, idle.error().reason);
  if (*idle) {
    failing_.reset();
    Decided decided = Empty(view);
    decided.offset = std::max(position_->offset, view.applied());
    decided_.emplace(std::move(decided));
    return;
  }
  const auto entries = view.Feed({.after = position_->offset,
                                  .last = view.applied(),
                                  .limit = limits::kFeedEntriesPerRead,
                                  .items_max = limits::kFeedItemsPerRead});
  if (!entries) return Pause(now, entries.error().reason);
  Decided decided = Empty(view);
  const store::FeedEntry* failed = nullptr;
  Handled failure;
  for (const store::FeedEntry& entry : *entries) {
    failure = HandleOne(entry, {view, now}, decided.effects);
    if (failure.kind != Handled::Kind::kDone) {
      failed = &entry;
      break;
    }
    decided.offset = entry.index;
    decided.entries.push_back(entry.index);
    if (decided.effects.size() >= limits::kFeedEffectsPerRun) break;
  }
  if (failed != nullptr) {
    more_ = true;
    decided.letters.parked = OnFailure(failed->index, failure, now);
    if (decided.letters.parked) decided.offset = failed->index;
    if (decided.offset) decided_.emplace(std::move(decided));  // what comes before it is done in any case
    return;
  }
  failing_.reset();
  // Items may have ended the read before its limit of entries: the next one finds out.
  more_ = decided.offset && view.applied() != *decided.offset;
  if (entries->empty()) decided.offset = std::max(position_->offset, view.applied());
  decided_.emplace(std::move(decided));
}

std::optional<DeadLetter> FeedRunner::OnFailure(LogIndex index, const Handled& failure, FeedTime now) {
  const std::string entry = "entry " + std::to_string(index.value);
  const std::string reason = Printable(failure.reason, limits::kDeadLetterReasonBytesMax);
  if (!failing_ || failing_->index != index) failing_ = Failing{index, 0};
  if (failure.kind == Handled::Kind::kWait) {
    Pause(now, entry + " waits: " + reason);
    return std::nullopt;
  }
  ++failing_->tries;
  {
    const std::lock_guard lock(mutex_);
    ++status_.retries;
  }
  if (failure.kind == Handled::Kind::kTryAgain && failing_->tries < limits::kFeedTriesMax) {
    Pause(now, entry + " failed: " + reason);
    return std::nullopt;
  }
  if (letters_.full()) {
    Pause(now, "stopped at " + entry + " (" + reason + "): it has " + std::to_string(letters_.size()) +
                   " dead letters, and may have no more; replay or drop some (parley admin dead-letters)");
    return std::nullopt;
  }
  Say(entry + " is a dead letter: " + reason);
  return DeadLetter{.index = index,
                    .replay = false,
                    .tries = std::exchange(failing_, std::nullopt)->tries,
                    .parked_ms = static_cast<uint64_t>(now.wall_ms),
                    .reason = reason};
}

bool FeedRunner::CarryOut(const FeedHead::State& head, FeedTime now) {
  if (*head.committed < decided_->needs) return false;  // a notice wakes us
  const std::vector<FeedPublication>& publications = decided_->effects.publications();
  for (; decided_->published < publications.size(); ++decided_->published) {
    if (Status sent = parts_.publish(publications[decided_->published]); !sent) {
      Pause(now, "publish: " + sent.error().reason);
      return false;
    }
  }
  store::LocalBatch batch;
  decided_->effects.AddTo(batch);
  const FeedPosition position{position_->store_id, decided_->offset.value_or(position_->offset)};
  if (position != *position_) batch.Put(PositionKey(consumer_name_), EncodePosition(position));
  if (!batch.empty() || decided_->letters.parked || decided_->letters.done) {
    if (Status written = letters_.Write(std::move(batch), decided_->letters); !written) {
      Pause(now, written.error().reason);
      return false;
    }
  }
  position_ = position;
  {
    const int64_t done_ms = parts_.clock().steady_ms;
    const std::lock_guard lock(mutex_);
    status_.offset = position.offset;
    status_.handled += decided_->entries.size();
    for (const LogIndex index : decided_->entries) {
      if (const auto heard_ms = parts_.head.HeardAt(index)) status_.lags.Add(done_ms - *heard_ms);
    }
  }
  decided_.reset();
  consumer_.OnCarriedOut();
  if (!failing_) Resume();
  return true;
}

void FeedRunner::Pause(FeedTime now, const std::string& why) {
  not_before_ms_ = now.steady_ms + backoff_.Next(parts_.random());
  if (SetRunning(false, why)) Say(why);
}

void FeedRunner::PauseForStore(FeedTime now, const std::string& why) {
  not_before_ms_ = now.steady_ms + limits::kFeedStoreRetryMs;
  SetRunning(false, why);
}

void FeedRunner::Resume() {
  backoff_.Reset();
  not_before_ms_ = 0;
  SetRunning(true, {});
}

bool FeedRunner::SetRunning(bool running, const std::string& why) {
  const std::lock_guard lock(mutex_);
  if (status_.running == running && status_.why == why) return false;
  status_.running = running;
  status_.why = why;
  return true;
}

FeedStatus FeedRunner::status(int64_t steady_ms) const {
  FeedStatus status;
  {
    const std::lock_guard lock(mutex_);
    status = status_;
  }
  status.dead_letters = letters_.size();
  const FeedHead::State head = parts_.head.state();
  if (!head.committed) return status;
  status.head = *head.committed;
  if (status.offset >= status.head) return status;
  status.lag_entries = status.head.value - status.offset.value;
  const std::optional<int64_t> heard_ms = parts_.head.HeardAt({status.offset.value + 1});
  status.lag_ms = heard_ms ? std::max<int64_t>(0, steady_ms - *heard_ms) : 0;
  return status;
}

}  // namespace parley::bridge
