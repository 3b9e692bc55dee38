#include "core/store/secondary_store.h"

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <mutex>
#include <shared_mutex>

#include <rocksdb/db.h>

#include "core/store/keys.h"
#include "core/store/rocks_options.h"
#include "core/store/rocks_view.h"

namespace parley::store {
namespace {

using Clock = std::chrono::steady_clock;

// Between two attempts to open; a query that comes earlier is answered UNAVAILABLE.
constexpr std::chrono::milliseconds kReopenPause{100};
// Catch-ups in a row, when the writer retires a log during each of them; then it is opened anew.
constexpr int kCatchUpsMax = 4;

// An open secondary. Closes its handles before the database.
struct Opened {
  std::unique_ptr<rocksdb::DB> db;
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  Families families;

  ~Opened() {
    for (rocksdb::ColumnFamilyHandle* handle : handles) db->DestroyColumnFamilyHandle(handle);
  }
};

class SecondaryStore final : public StoreReader {
 public:
  explicit SecondaryStore(SecondaryOptions options) : options_(std::move(options)) {}

  Result<std::unique_ptr<StoreView>> View(LogIndex at_least) override {
    if (std::unique_ptr<StoreView> view = Present(at_least)) return view;
    {
      const std::unique_lock lock(*mutex_);
      if (!opened_ || applied_ < at_least) {
        if (Status moved = MoveForward(at_least); !moved) return std::move(moved).error();
      }
    }
    if (std::unique_ptr<StoreView> view = Present(at_least)) return view;
    return Error{Code::UNAVAILABLE,
                 "the store has not reached log index " + std::to_string(at_least.value) + " yet"};
  }

 private:
  using SharedLock = std::shared_lock<std::shared_mutex>;

  // The view as it is, under the shared lock that it keeps; nullptr when it is not far enough.
  std::unique_ptr<StoreView> Present(LogIndex at_least) {
    auto hold = std::make_shared<SharedLock>(*mutex_);
    if (!opened_ || applied_ < at_least) return nullptr;
    return MakeRocksView(*opened_->db, opened_->families, applied_, std::move(hold));
  }

  // Under the exclusive lock: catches up; opens anew when that fails or is not enough (the writer may have
  // restarted).
  Status MoveForward(LogIndex at_least) {
    if (opened_ && !CatchUp()) opened_.reset();
    if (opened_ && applied_ >= at_least) return {};
    if (Clock::now() < next_open_) {
      return Error{Code::UNAVAILABLE, opened_ ? "the store is behind" : "the store cannot be opened yet"};
    }
    opened_.reset();
    Status opened = Open();
    next_open_ = Clock::now() + kReopenPause;
    if (!opened) return opened;
    Status ready = CatchUp() ? CheckFormat() : Error{Code::UNAVAILABLE, "the store has no applied index yet"};
    if (!ready) opened_.reset();
    return ready;
  }

  // RocksDB reads the manifest first, then the logs that it finds. When the writer flushes and deletes a log
  // in between, the entries of that log are in neither, and later ones are: a hole. The deletion shows in the
  // folder, and the next catch-up reads the manifest that has them.
  bool CatchUp() {
    for (int i = 0; i < kCatchUpsMax; ++i) {
      const uint64_t oldest = OldestLog();
      if (!opened_->db->TryCatchUpWithPrimary().ok()) return false;
      if (OldestLog() == oldest) return ReadApplied();
    }
    return false;
  }

  // The number of the oldest write-ahead log of the writer; 0 when there is none.
  uint64_t OldestLog() const {
    uint64_t oldest = 0;
    std::error_code error;
    for (std::filesystem::directory_iterator file(options_.store_path, error), end; !error && file != end;
         file.increment(error)) {
      if (file->path().extension() != ".log") continue;
      const uint64_t number = std::strtoull(file->path().stem().c_str(), nullptr, 10);
      if (number != 0 && (oldest == 0 || number < oldest)) oldest = number;
    }
    return oldest;
  }

  Status Open() {
    std::error_code error;
    std::filesystem::create_directories(options_.scratch_path, error);
    if (error) return Error{Code::UNAVAILABLE, "make " + options_.scratch_path + ": " + error.message()};
    auto opened = std::make_unique<Opened>();
    rocksdb::DB* db = nullptr;
    const rocksdb::Options options = BaseOptions(options_.log);
    const rocksdb::Status status =
        rocksdb::DB::OpenAsSecondary(rocksdb::DBOptions(options), options_.store_path, options_.scratch_path,
                                     FamilyDescriptors(), &opened->handles, &db);
    if (!status.ok()) return Error{Code::UNAVAILABLE, "open the store for reading: " + status.ToString()};
    opened->db.reset(db);
    opened->families = {opened->handles[1], opened->handles[2], opened->handles[3], opened->handles[4],
                        opened->handles[5]};
    opened_ = std::move(opened);
    return {};
  }

  Status CheckFormat() const {
    const std::optional<uint64_t> format = MetaNumber(kMetaFormat);
    if (format == kFormatVersion) return {};
    return Error{Code::FAILED_PRECONDITION, "the store has format " + std::to_string(format.value_or(0)) +
                                                ", this bridge knows " + std::to_string(kFormatVersion)};
  }

  std::optional<uint64_t> MetaNumber(std::string_view name) const {
    std::string bytes;
    const rocksdb::Status status =
        opened_->db->Get({}, opened_->families.meta, rocksdb::Slice(name.data(), name.size()), &bytes);
    return status.ok() ? ParseBigEndian64(bytes) : std::nullopt;
  }

  bool ReadApplied() {
    const std::optional<uint64_t> applied = MetaNumber(kMetaApplied);
    if (!applied) return false;
    applied_ = LogIndex{*applied};
    return true;
  }

  const SecondaryOptions options_;
  // Shared with views: held shared by each, exclusively while moving forward.
  const std::shared_ptr<std::shared_mutex> mutex_ = std::make_shared<std::shared_mutex>();
  std::unique_ptr<Opened> opened_;  // guarded by mutex_
  LogIndex applied_;                // guarded by mutex_
  Clock::time_point next_open_;     // guarded by mutex_
};

}  // namespace

std::unique_ptr<StoreReader> MakeSecondaryStore(SecondaryOptions options) {
  return std::make_unique<SecondaryStore>(std::move(options));
}

}  // namespace parley::store
