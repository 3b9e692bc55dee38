#include "core/store/local_store.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <mutex>
#include <shared_mutex>
#include <utility>

#include <rocksdb/db.h>
#include <rocksdb/write_batch.h>

#include "core/store/keys.h"
#include "core/store/rocks_database.h"
#include "core/store/rocks_options.h"

namespace parley::store {
namespace {

using Clock = std::chrono::steady_clock;

constexpr uint64_t kLocalFormatVersion = 1;
constexpr std::string_view kFormatKey = "!format";  // before every tag, which is a letter
constexpr size_t kMemtableBytes = size_t{8} * 1024 * 1024;
constexpr int kOpenFilesMax = 128;
// Between two attempts to open after a failure; calls that come earlier are UNAVAILABLE.
constexpr std::chrono::milliseconds kReopenPause{500};

constexpr WaysOut kWaysOut{
    .in_use = "is in use by another parley-bridge: stop it first",
    .damaged = "move this folder away and start again; what the bridge remembers in it begins anew",
};

rocksdb::Slice AsSlice(std::string_view text) {
  return {text.data(), text.size()};
}

// The least key after all that start with this; "": there is none.
std::string EndOf(std::string_view prefix) {
  std::string end(prefix);
  while (!end.empty() && end.back() == '\xff') end.pop_back();
  if (!end.empty()) ++end.back();
  return end;
}

rocksdb::Options LocalOptions(std::function<void(const std::string&)> log, rocksdb::Env* env) {
  rocksdb::Options options = BaseOptions(std::move(log));
  if (env != nullptr) options.env = env;
  options.create_if_missing = true;
  options.max_open_files = kOpenFilesMax;  // nobody follows it as a secondary
  options.write_buffer_size = kMemtableBytes;
  return options;
}

class RocksLocalStore final : public LocalStore {
 public:
  RocksLocalStore(std::string path, rocksdb::Options options)
      : path_(std::move(path)), options_(std::move(options)) {}

  Status OpenFirst() {
    std::error_code error;
    std::filesystem::create_directories(path_, error);
    if (!error) {
      std::filesystem::permissions(path_, std::filesystem::perms::owner_all,
                                   std::filesystem::perm_options::replace, error);
    }
    if (error) {
      return Error{Code::FAILED_PRECONDITION,
                   path_ + ": " + error.message() + "; check the folder and its owner"};
    }
    const std::unique_lock lock(mutex_);
    if (const rocksdb::Status opened = OpenLocked(); !opened.ok()) {
      return OpenError(path_, opened, kWaysOut);
    }
    return CheckFormat();
  }

  Result<std::optional<std::string>> Get(std::string_view key) const override {
    std::shared_lock lock(mutex_);
    if (Status open = EnsureOpen(lock); !open) return std::move(open).error();
    std::string value;
    const rocksdb::Status status = database_->Get({}, AsSlice(key), &value);
    if (status.IsNotFound()) return std::optional<std::string>();
    if (!status.ok()) return Unreadable(status);
    return std::optional<std::string>(std::move(value));
  }

  Result<std::vector<Row>> Scan(std::string_view prefix, std::string_view after,
                                size_t limit) const override {
    std::shared_lock lock(mutex_);
    if (Status open = EnsureOpen(lock); !open) return std::move(open).error();
    std::vector<Row> rows;
    // Without a bound it would walk over what was deleted behind the prefix, up to a row that is there.
    const std::string end = EndOf(prefix);
    const rocksdb::Slice bound = end;
    rocksdb::ReadOptions options;
    if (!end.empty()) options.iterate_upper_bound = &bound;
    const std::unique_ptr<rocksdb::Iterator> row(database_->NewIterator(options));
    for (row->Seek(AsSlice(std::max(prefix, after)));
         row->Valid() && row->key().starts_with(AsSlice(prefix)) && rows.size() < limit; row->Next()) {
      if (!after.empty() && row->key() == AsSlice(after)) continue;
      rows.push_back({row->key().ToString(), row->value().ToString()});
    }
    if (!row->status().ok()) return Unreadable(row->status());
    return rows;
  }

  Status Write(const LocalBatch& batch, Durability durability) override {
    rocksdb::WriteBatch changes;
    for (const LocalBatch::Change& change : batch.changes()) {
      // A WriteBatch without limits cannot refuse a record.
      (change.value ? changes.Put(change.key, *change.value) : changes.Delete(change.key))
          .PermitUncheckedError();
    }
    rocksdb::Status status;
    {
      std::shared_lock lock(mutex_);
      if (Status open = EnsureOpen(lock); !open) return open;
      rocksdb::WriteOptions options;
      options.sync = durability == Durability::kDisk;
      status = database_->Write(options, &changes);
    }
    if (status.ok()) return {};
    // What RocksDB would go on with in a torn log may abort the process: opened anew, it begins another one.
    const std::unique_lock lock(mutex_);
    CloseLocked();
    return Error{Code::UNAVAILABLE, path_ + " cannot be written (" + status.ToString() + ")"};
  }

  ~RocksLocalStore() override { CloseLocked(); }

 private:
  Error Unreadable(const rocksdb::Status& status) const {
    return {Code::INTERNAL, path_ + " cannot be read (" + status.ToString() + "): " + kWaysOut.damaged};
  }

  // Opens the database again when it was closed after a failure. `lock` is held in any case when this returns
  // success.
  Status EnsureOpen(std::shared_lock<std::shared_mutex>& lock) const {
    while (!database_) {
      lock.unlock();
      {
        const std::unique_lock alone(mutex_);
        if (!database_) {
          const Error closed{Code::UNAVAILABLE, path_ + " is closed after a failed write"};
          if (Clock::now() < next_open_) return closed;
          next_open_ = Clock::now() + kReopenPause;
          if (const rocksdb::Status opened = OpenLocked(); !opened.ok()) {
            return Error{Code::UNAVAILABLE, OpenError(path_, opened, kWaysOut).reason};
          }
        }
      }
      lock.lock();
    }
    return {};
  }

  rocksdb::Status OpenLocked() const {
    rocksdb::DB* db = nullptr;
    rocksdb::Status status = rocksdb::DB::Open(options_, path_, &db);
    database_.reset(db);
    return status;
  }

  void CloseLocked() const {
    if (!database_) return;
    database_->Close().PermitUncheckedError();
    database_.reset();
    next_open_ = Clock::now() + kReopenPause;
  }

  Status CheckFormat() {
    std::string value;
    const rocksdb::Status status = database_->Get({}, AsSlice(kFormatKey), &value);
    if (status.ok()) {
      const std::optional<uint64_t> version = ParseBigEndian64(value);
      if (version == kLocalFormatVersion) return {};
      return Error{Code::FAILED_PRECONDITION,
                   path_ + " has format " + std::to_string(version.value_or(0)) + ", this Parley knows " +
                       std::to_string(kLocalFormatVersion) + ": use a newer Parley"};
    }
    if (!status.IsNotFound()) return Unreadable(status);
    const std::unique_ptr<rocksdb::Iterator> row(database_->NewIterator({}));
    row->SeekToFirst();
    if (row->Valid() || !row->status().ok()) {
      return Error{Code::FAILED_PRECONDITION,
                   path_ + " is a RocksDB database, but not the bridge's: move it away"};
    }
    rocksdb::WriteOptions options;
    options.sync = true;
    const rocksdb::Status written =
        database_->Put(options, AsSlice(kFormatKey), BigEndian64(kLocalFormatVersion));
    if (!written.ok()) return OpenError(path_, written, kWaysOut);
    return {};
  }

  const std::string path_;
  const rocksdb::Options options_;
  mutable std::shared_mutex mutex_;  // exclusive while database_ comes or goes
  mutable std::unique_ptr<rocksdb::DB> database_;
  mutable Clock::time_point next_open_;
};

}  // namespace

Result<std::unique_ptr<LocalStore>> LocalStore::Open(const std::string& path,
                                                     std::function<void(const std::string&)> log,
                                                     rocksdb::Env* env) {
  auto store = std::make_unique<RocksLocalStore>(path, LocalOptions(std::move(log), env));
  if (Status opened = store->OpenFirst(); !opened) return std::move(opened).error();
  return std::unique_ptr<LocalStore>(std::move(store));
}

}  // namespace parley::store
