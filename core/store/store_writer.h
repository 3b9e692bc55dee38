#pragma once

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/domain/state_machine.h"
#include "core/store/store_inspection.h"
#include "core/store/store_reader.h"
#include "schemas/result.h"

namespace rocksdb {
class Env;
}

namespace parley::store {

// What the store knew when it was opened.
struct Loaded {
  domain::Directory directory;
  std::unordered_map<Rid, domain::Head> heads;
  std::vector<domain::ClientRecord> clients;
  LogIndex applied;
  uint64_t log_time_ms = 0;
  uint64_t wall_time_ms = 0;
  std::array<char, 16> store_id{};
};

enum class Commit {
  kDone,     // on disk
  kNoSpace,  // nothing is lost: call Write() again, and nothing else before it is kDone
  kFailed,   // unknown whether it is on disk: end the process, the next start finds out
};

// The sole writer of the store. Open() and Load() at the start, then the commit thread only.
class StoreWriter {
 public:
  virtual ~StoreWriter() = default;

  // Makes the store when the folder has none. FAILED_PRECONDITION with a way out when it holds something
  // else, a newer format, or is in use. `log`: RocksDB's warnings, any thread. `env`: the disk; tests have
  // others than the default. `accept`: asked before a store is made, or cut off at a damage; what it refuses
  // is returned, and the folder is as it was. Without it, both happen.
  static Result<std::unique_ptr<StoreWriter>> Open(const std::string& path,
                                                   std::function<void(const std::string&)> log,
                                                   rocksdb::Env* env = nullptr, const Accept& accept = {});

  // Reads everything that is kept in memory. INTERNAL when a row is damaged.
  virtual Result<Loaded> Load() = 0;

  // The dedupe entry, those of the pending batch included. UNAVAILABLE while the disk is full.
  virtual Result<std::optional<domain::DedupEntry>> FindDedup(const domain::DedupKey& key) = 0;

  // The cursor that CursorKeyOf() asks for, by the pending batch. UNAVAILABLE while the disk is full.
  virtual Result<domain::KnownCursor> FindCursor(const domain::CursorKey& key) = 0;

  // The devices of a user that want notifications, by the pending batch. UNAVAILABLE while the disk is full.
  virtual Result<std::optional<domain::PushRecord>> FindPush(Uid uid) = 0;

  // Adds what one command did to the pending batch. Commands come in order of index.
  virtual void Add(const domain::Applied& applied, const domain::Command& command) = 0;
  // Writes the pending batch with one fsync; on kDone the next batch begins.
  virtual Commit Write() = 0;
  // Rows of deleted rooms wait to be freed: each Write() frees some, also one without a command.
  virtual bool has_garbage() const = 0;
  // Why the last Write() was not kDone.
  virtual const std::string& failure() const = 0;

  // A view for reads in this process; not while Write() runs. nullptr while the disk is full (Write() has
  // said kNoSpace): the database is closed then.
  virtual std::unique_ptr<StoreView> View() = 0;

  // A view for reads of events beside the commit thread, any thread, also while Write() runs: it moves with
  // what is on disk (each read by itself is unmoving), and applied() says nothing. nullptr while the disk is
  // full. A full disk waits for it: keep it for one read.
  virtual std::unique_ptr<StoreView> SharedView() = 0;
};

}  // namespace parley::store
