#include "bridge/feed/dead_letters.h"

#include <utility>

#include "bridge/service/limits.h"

namespace parley::bridge {

using Durability = store::LocalStore::Durability;

Status DeadLetters::Load() {
  const std::string prefix = DeadLetterPrefix(consumer_);
  const auto rows = store_.Scan(prefix, {}, limits::kDeadLettersMax + 1);
  if (!rows) return rows.error();
  const std::lock_guard lock(mutex_);
  letters_.clear();
  for (const store::LocalStore::Row& row : *rows) {
    std::optional<DeadLetter> letter = ParseDeadLetter(row.key, row.value);
    if (!letter) return DamagedRow("a dead letter of " + consumer_);
    const LogIndex index = letter->index;
    letters_[index] = *std::move(letter);
  }
  return {};
}

size_t DeadLetters::size() const {
  const std::lock_guard lock(mutex_);
  return letters_.size();
}

bool DeadLetters::full() const {
  return size() >= limits::kDeadLettersMax;
}

std::vector<DeadLetter> DeadLetters::List(LogIndex after, size_t limit) const {
  const std::lock_guard lock(mutex_);
  std::vector<DeadLetter> letters;
  for (auto at = letters_.upper_bound(after); at != letters_.end() && letters.size() < limit; ++at) {
    letters.push_back(at->second);
  }
  return letters;
}

Result<std::vector<LogIndex>> DeadLetters::Meant(std::optional<LogIndex> index) const {
  std::vector<LogIndex> meant;
  for (const auto& [each, letter] : letters_) {
    if (!index || *index == each) meant.push_back(each);
  }
  if (!meant.empty()) return meant;
  if (!index) return Error{Code::NOT_FOUND, consumer_ + " has no dead letters"};
  return Error{Code::NOT_FOUND, consumer_ + " has no dead letter " + std::to_string(index->value)};
}

Result<size_t> DeadLetters::AskReplay(std::optional<LogIndex> index) {
  const std::lock_guard lock(mutex_);
  const Result<std::vector<LogIndex>> meant = Meant(index);
  if (!meant) return meant.error();
  store::LocalBatch batch;
  for (const LogIndex each : *meant) {
    DeadLetter letter = letters_[each];
    letter.replay = true;
    batch.Put(DeadLetterKey(consumer_, each), EncodeDeadLetter(letter));
  }
  if (Status written = store_.Write(batch, Durability::kDisk); !written) return std::move(written).error();
  for (const LogIndex each : *meant) letters_[each].replay = true;
  return meant->size();
}

Result<size_t> DeadLetters::Drop(std::optional<LogIndex> index) {
  const std::lock_guard lock(mutex_);
  const Result<std::vector<LogIndex>> meant = Meant(index);
  if (!meant) return meant.error();
  store::LocalBatch batch;
  for (const LogIndex each : *meant) batch.Delete(DeadLetterKey(consumer_, each));
  if (Status written = store_.Write(batch, Durability::kDisk); !written) return std::move(written).error();
  for (const LogIndex each : *meant) letters_.erase(each);
  return meant->size();
}

std::optional<DeadLetter> DeadLetters::NextReplay() const {
  const std::lock_guard lock(mutex_);
  for (const auto& [index, letter] : letters_) {
    if (letter.replay) return letter;
  }
  return std::nullopt;
}

Status DeadLetters::Write(store::LocalBatch batch, const Change& change) {
  const std::lock_guard lock(mutex_);
  if (change.parked) {
    batch.Put(DeadLetterKey(consumer_, change.parked->index), EncodeDeadLetter(*change.parked));
  }
  if (change.done) batch.Delete(DeadLetterKey(consumer_, *change.done));
  if (Status written = store_.Write(batch, Durability::kProcess); !written) return written;
  if (change.parked) letters_[change.parked->index] = *change.parked;
  if (change.done) letters_.erase(*change.done);
  return {};
}

Status DeadLetters::Failed(LogIndex index, const std::string& reason, uint64_t wall_ms) {
  const std::lock_guard lock(mutex_);
  const auto found = letters_.find(index);
  if (found == letters_.end()) return {};
  DeadLetter letter = found->second;
  letter.replay = false;
  letter.tries += 1;
  letter.parked_ms = wall_ms;
  letter.reason = reason;
  store::LocalBatch batch;
  batch.Put(DeadLetterKey(consumer_, index), EncodeDeadLetter(letter));
  if (Status written = store_.Write(batch, Durability::kProcess); !written) return written;
  found->second = std::move(letter);
  return {};
}

Status DeadLetters::Forget() {
  const std::lock_guard lock(mutex_);
  store::LocalBatch batch;
  for (const auto& [index, letter] : letters_) batch.Delete(DeadLetterKey(consumer_, index));
  if (Status written = store_.Write(batch, Durability::kProcess); !written) return written;
  letters_.clear();
  return {};
}

}  // namespace parley::bridge
