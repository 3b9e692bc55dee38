#pragma once

#include <cstddef>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "bridge/feed/rows.h"
#include "core/store/local_store.h"
#include "schemas/result.h"

namespace parley::bridge {

// The dead letters of one consumer: durable, at most limits::kDeadLettersMax. Any thread.
class DeadLetters {
 public:
  DeadLetters(store::LocalStore& store, std::string consumer)
      : store_(store), consumer_(std::move(consumer)) {}

  // Before all else. INTERNAL when a row is damaged.
  Status Load();

  size_t size() const;
  bool full() const;
  // Those with index > `after`, in order, at most `limit`.
  std::vector<DeadLetter> List(LogIndex after, size_t limit) const;

  // What an administrator wants: one letter, or all when there is no index. How many they were. NOT_FOUND
  // when there is none.
  Result<size_t> AskReplay(std::optional<LogIndex> index);
  Result<size_t> Drop(std::optional<LogIndex> index);

  // The first one that is to be tried once more.
  std::optional<DeadLetter> NextReplay() const;

  // What a consumer's batch does to the letters; written with it, as one.
  struct Change {
    std::optional<DeadLetter> parked;
    std::optional<LogIndex> done;  // replayed
  };
  Status Write(store::LocalBatch batch, const Change& change);
  // A replay that failed; nothing when the letter has been dropped meanwhile.
  Status Failed(LogIndex index, const std::string& reason, uint64_t wall_ms);
  // All are void: the store is another one.
  Status Forget();

 private:
  using Letters = std::map<LogIndex, DeadLetter>;

  // The range that `index` means. Under mutex_.
  Result<std::vector<LogIndex>> Meant(std::optional<LogIndex> index) const;

  store::LocalStore& store_;
  const std::string consumer_;
  mutable std::mutex mutex_;
  Letters letters_;  // guarded by mutex_; as they are stored
};

}  // namespace parley::bridge
