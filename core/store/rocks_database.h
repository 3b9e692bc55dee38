#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include <rocksdb/compaction_filter.h>
#include <rocksdb/db.h>

#include "core/store/rocks_view.h"
#include "schemas/result.h"

namespace parley::store {

// Frees dedupe entries that apply() ignores already.
class DedupExpiry final : public rocksdb::CompactionFilter {
 public:
  // `log_time_ms`: of the newest command on disk; read by RocksDB's threads.
  explicit DedupExpiry(const std::atomic<uint64_t>& log_time_ms) : log_time_ms_(log_time_ms) {}

  const char* Name() const override { return "parley.DedupExpiry"; }
  bool Filter(int level, const rocksdb::Slice& key, const rocksdb::Slice& value, std::string* new_value,
              bool* value_changed) const override;

 private:
  const std::atomic<uint64_t>& log_time_ms_;
};

// The open database of a writer, with its families. Closes its handles before the database.
class Database {
 public:
  // Opens or makes it. `expiry` must outlive it; `opened` is set only when the status is OK.
  static rocksdb::Status Open(const std::string& path, const rocksdb::Options& options,
                              const DedupExpiry* expiry, std::unique_ptr<Database>& opened);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  rocksdb::DB& db() const { return *db_; }
  const Families& families() const { return families_; }
  // All of them, the unused default family first.
  const std::vector<rocksdb::ColumnFamilyHandle*>& handles() const { return handles_; }

 private:
  Database() = default;

  std::unique_ptr<rocksdb::DB> db_;
  std::vector<rocksdb::ColumnFamilyHandle*> handles_;
  Families families_;
};

// What to do about a database that cannot be opened, in the words of whose it is.
struct WaysOut {
  const char* in_use;   // behind the path
  const char* damaged;  // behind a colon
};
inline constexpr WaysOut kStoreWaysOut{.in_use = "is in use by another broker: stop it first",
                                       .damaged = "restore a backup of the store folder"};

// Why a database cannot be opened, and what to do.
Error OpenError(const std::string& path, const rocksdb::Status& status,
                const WaysOut& ways_out = kStoreWaysOut);

}  // namespace parley::store
