#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "schemas/result.h"

namespace rocksdb {
class Env;
}

namespace parley::store {

// Changes that are made together or not at all, in order. A value: any thread that owns it.
class LocalBatch {
 public:
  struct Change {
    std::string key;
    std::optional<std::string> value;  // none: the row is deleted
  };

  void Put(std::string key, std::string value) { changes_.push_back({std::move(key), {std::move(value)}}); }
  void Delete(std::string key) { changes_.push_back({std::move(key), std::nullopt}); }

  const std::vector<Change>& changes() const { return changes_; }
  bool empty() const { return changes_.empty(); }

 private:
  std::vector<Change> changes_;
};

// What a process keeps for itself, apart from the plugin's store: rows in order of key, in a RocksDB of its
// own. Each part has key tags of its own (docs/formats/bridge.md). Any thread.
//
// Errors: UNAVAILABLE while the disk is full or fails (the database is opened anew by a later call; nothing
// of a failed batch is there), INTERNAL when a row cannot be read.
class LocalStore {
 public:
  struct Row {
    std::string key;
    std::string value;
  };

  enum class Durability {
    kProcess,  // outlives kill -9; a power cut may take the newest batches back, the newest first
    kDisk,     // outlives a power cut, with all that was written before it
  };

  virtual ~LocalStore() = default;

  // Opens or makes it; the folder is the owner's alone (0700). FAILED_PRECONDITION, in one line that says
  // what to do: in use, damaged, of a newer format. `log`: RocksDB's warnings, any thread. `env`: the disk;
  // tests have others than the default.
  static Result<std::unique_ptr<LocalStore>> Open(const std::string& path,
                                                  std::function<void(const std::string&)> log,
                                                  rocksdb::Env* env = nullptr);

  virtual Result<std::optional<std::string>> Get(std::string_view key) const = 0;

  // The rows whose keys start with `prefix` and are greater than `after` ("": all of them), at most `limit`.
  virtual Result<std::vector<Row>> Scan(std::string_view prefix, std::string_view after,
                                        size_t limit) const = 0;

  virtual Status Write(const LocalBatch& batch, Durability durability) = 0;
};

}  // namespace parley::store
