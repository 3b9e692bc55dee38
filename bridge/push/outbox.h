#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/store/local_store.h"
#include "schemas/result.h"

namespace parley::bridge {

// Changes of push's own rows.
class PushBatch {
 public:
  void Put(std::string_view own_key, std::string value);
  void Delete(std::string_view own_key);
  const store::LocalBatch& batch() const { return batch_; }
  bool empty() const { return batch_.empty(); }

 private:
  store::LocalBatch batch_;
};

// Push's own rows, by their keys without what the feed puts in front (push_rows.h). Closed until the feed
// knows that they are about the store that is there now; when they are about another one, the feed closes
// them, drops them, and opens them anew. Any thread.
class PushOutbox {
 public:
  explicit PushOutbox(store::LocalStore& local) : local_(local) {}

  // Of the feed's thread. Close() waits until nobody is in there.
  void Open() { open_ = true; }
  void Close();

  // Stays open while it lives. What was read in an earlier epoch is void.
  struct Entry {
    std::shared_lock<std::shared_mutex> lock;
    uint64_t epoch = 0;
  };
  // nullopt: closed.
  std::optional<Entry> Enter();

  struct Row {
    std::string key;
    std::string value;
  };
  // As of LocalStore.
  Result<std::optional<std::string>> Get(std::string_view own_key) const;
  Result<std::vector<Row>> Scan(std::string_view prefix, std::string_view after, size_t limit) const;
  Status Write(const PushBatch& batch, store::LocalStore::Durability durability);

 private:
  store::LocalStore& local_;
  std::shared_mutex mutex_;
  std::atomic<bool> open_{false};
  std::atomic<uint64_t> epoch_{1};
};

}  // namespace parley::bridge
