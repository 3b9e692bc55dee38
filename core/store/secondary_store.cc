#include "core/store/secondary_store.h"

#include <chrono>
#include <filesystem>
#include <fstream>
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
// Catch-ups in a row, when the writer flushes or compacts during each of them; then it is opened anew.
constexpr int kCatchUpsMax = 16;

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

  // RocksDB reads the manifest first, then the files and logs that it finds, and takes a missing one for
  // nothing new. When the writer flushes or compacts in between, and deletes what it no longer needs, that is
  // a hole: earlier entries are missing, later ones are there. The writer notes every such step in its
  // manifest before it deletes anything. So only a catch-up during which the manifest stood still is to be
  // trusted; the next one reads what was noted, and finds the files.
  bool CatchUp() {
    for (int i = 0; i < kCatchUpsMax; ++i) {
      const ManifestMark before = ReadManifestMark();
      if (!opened_->db->TryCatchUpWithPrimary().ok()) return false;
      if (ReadManifestMark() == before) return ReadApplied();
    }
    return false;
  }

  // Changes whenever the writer adds to its manifest or begins another one.
  struct ManifestMark {
    std::string name;
    uintmax_t size = 0;
    bool operator==(const ManifestMark&) const = default;
  };
  ManifestMark ReadManifestMark() const {
    ManifestMark mark;
    std::ifstream current(options_.store_path + "/CURRENT");
    std::getline(current, mark.name);
    std::error_code error;
    mark.size = std::filesystem::file_size(options_.store_path + "/" + mark.name, error);
    return mark;
  }

  Status Open() {
    std::error_code error;
    std::filesystem::create_directories(options_.scratch_path, error);
    if (error) return Error{Code::UNAVAILABLE, "make " + options_.scratch_path + ": " + error.message()};
    auto opened = std::make_unique<Opened>();
    rocksdb::DB* db = nullptr;
    rocksdb::Options options = BaseOptions(options_.log);
    // More are started at each catch-up, whether there is a new file or not.
    options.max_file_opening_threads = 1;
    const rocksdb::Status status =
        rocksdb::DB::OpenAsSecondary(rocksdb::DBOptions(options), options_.store_path, options_.scratch_path,
                                     ReaderFamilyDescriptors(), &opened->handles, &db);
    if (!status.ok()) return Error{Code::UNAVAILABLE, "open the store for reading: " + status.ToString()};
    opened->db.reset(db);
    opened->families = {.events = opened->handles[1],
                        .feed = opened->handles[2],
                        .state = opened->handles[3],
                        .meta = opened->handles[4]};
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
