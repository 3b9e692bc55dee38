#include "tests/support/fault_file_system.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <utility>

namespace parley::testing {
namespace {

using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;

bool IsLog(const std::string& path) {
  return path.ends_with(".log");
}

// What a power cut leaves of a file of which `synced` bytes are sure and `written` were written.
void CutTail(const std::string& path, uint64_t synced, uint64_t written, Random& random) {
  const uint64_t left = synced + random.Below(written - synced + 1);
  const uint64_t kind = random.Below(4);
  std::error_code ignored;
  std::filesystem::resize_file(path, kind == 0 ? synced : left, ignored);
  if (kind < 2) return;
  // The size came to the disk before the bytes did.
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  const uint64_t from = synced + random.Below(left - synced + 1);
  file.seekp(static_cast<std::streamoff>(from));
  for (uint64_t at = from; at < left; ++at) {
    file.put(kind == 3 && IsLog(path) ? static_cast<char>(random.Below(256)) : '\0');
  }
}

}  // namespace

class FaultFile final : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  FaultFile(FaultFileSystem& system, std::string path, std::unique_ptr<rocksdb::FSWritableFile> file)
      : FSWritableFileOwnerWrapper(std::move(file)), system_(system), path_(std::move(path)) {}

  IOStatus Append(const rocksdb::Slice& data, const IOOptions& options, IODebugContext* debug) override {
    IOStatus status = system_.BeforeAppend(path_);
    if (!status.ok()) {
      // Like a disk that fills up: the first half is there.
      if (status.IsNoSpace()) {
        const rocksdb::Slice half(data.data(), data.size() / 2);
        if (target()->Append(half, options, debug).ok()) system_.Appended(path_, half.size());
      }
      return status;
    }
    status = target()->Append(data, options, debug);
    if (status.ok()) system_.Appended(path_, data.size());
    return status;
  }
  IOStatus Append(const rocksdb::Slice& data, const IOOptions& options, const rocksdb::DataVerificationInfo&,
                  IODebugContext* debug) override {
    return Append(data, options, debug);
  }
  IOStatus Flush(const IOOptions& options, IODebugContext* debug) override {
    return target()->Flush(options, debug);
  }
  IOStatus Sync(const IOOptions&, IODebugContext*) override { return NoteSync(); }
  IOStatus Fsync(const IOOptions&, IODebugContext*) override { return NoteSync(); }
  IOStatus RangeSync(uint64_t, uint64_t, const IOOptions&, IODebugContext*) override {
    return IOStatus::OK();
  }
  IOStatus Allocate(uint64_t, uint64_t, const IOOptions&, IODebugContext*) override { return IOStatus::OK(); }

 private:
  IOStatus NoteSync() {
    IOStatus status = system_.BeforeSync(path_);
    if (status.ok()) system_.Synced(path_);
    return status;
  }

  FaultFileSystem& system_;
  const std::string path_;
};

class FaultDirectory final : public rocksdb::FSDirectoryWrapper {
 public:
  FaultDirectory(FaultFileSystem& system, std::string path, std::unique_ptr<rocksdb::FSDirectory> directory)
      : FSDirectoryWrapper(std::move(directory)), system_(system), path_(std::move(path)) {}

  IOStatus Fsync(const IOOptions&, IODebugContext*) override { return Note(); }
  IOStatus FsyncWithDirOptions(const IOOptions&, IODebugContext*, const rocksdb::DirFsyncOptions&) override {
    return Note();
  }

 private:
  IOStatus Note() {
    IOStatus status = system_.BeforeChange();
    if (status.ok()) system_.DirectorySynced(path_);
    return status;
  }

  FaultFileSystem& system_;
  const std::string path_;
};

void FaultFileSystem::FillFor(int writes) {
  const std::lock_guard lock(mutex_);
  full_for_ = writes;
}

void FaultFileSystem::FailNextSync() {
  const std::lock_guard lock(mutex_);
  fail_sync_ = true;
}

void FaultFileSystem::CutAfter(int operations) {
  const std::lock_guard lock(mutex_);
  cut_after_ = operations;
}

bool FaultFileSystem::is_off() const {
  const std::lock_guard lock(mutex_);
  return off_;
}

void FaultFileSystem::PowerOn() {
  PowerOn(nullptr);
}

void FaultFileSystem::PowerOn(Random& random) {
  PowerOn(&random);
}

void FaultFileSystem::PowerOn(Random* random) {
  const std::lock_guard lock(mutex_);
  entries_.UndoAllBut(random != nullptr ? random->Below(entries_.size() + 1) : 0);
  for (const auto& [path, file] : files_) {
    std::error_code error;
    const uint64_t written = std::filesystem::file_size(path, error);
    if (error || written <= file.synced) continue;
    if (random != nullptr) {
      CutTail(path, file.synced, written, *random);
    } else {
      std::filesystem::resize_file(path, file.synced, error);
    }
  }
  files_.clear();
  cut_after_ = -1;
  off_ = false;
}

uint64_t FaultFileSystem::log_appends() const {
  const std::lock_guard lock(mutex_);
  return log_appends_;
}

uint64_t FaultFileSystem::log_syncs() const {
  const std::lock_guard lock(mutex_);
  return log_syncs_;
}

IOStatus FaultFileSystem::NewWritableFile(const std::string& path, const rocksdb::FileOptions& options,
                                          std::unique_ptr<rocksdb::FSWritableFile>* file,
                                          IODebugContext* debug) {
  IOStatus status = BeforeChange();
  if (!status.ok()) return status;
  std::unique_ptr<rocksdb::FSWritableFile> real;
  status = target()->NewWritableFile(path, options, &real, debug);
  if (!status.ok()) return status;
  {
    const std::lock_guard lock(mutex_);
    files_[path] = {};
    entries_.Made(path);
  }
  *file = std::make_unique<FaultFile>(*this, path, std::move(real));
  return status;
}

IOStatus FaultFileSystem::ReopenWritableFile(const std::string&, const rocksdb::FileOptions&,
                                             std::unique_ptr<rocksdb::FSWritableFile>*, IODebugContext*) {
  return IOStatus::NotSupported("not followed by this test's disk");
}

IOStatus FaultFileSystem::ReuseWritableFile(const std::string&, const std::string&,
                                            const rocksdb::FileOptions&,
                                            std::unique_ptr<rocksdb::FSWritableFile>*, IODebugContext*) {
  return IOStatus::NotSupported("not followed by this test's disk");
}

IOStatus FaultFileSystem::NewDirectory(const std::string& path, const IOOptions& options,
                                       std::unique_ptr<rocksdb::FSDirectory>* directory,
                                       IODebugContext* debug) {
  std::unique_ptr<rocksdb::FSDirectory> real;
  IOStatus status = target()->NewDirectory(path, options, &real, debug);
  if (status.ok()) *directory = std::make_unique<FaultDirectory>(*this, path, std::move(real));
  return status;
}

IOStatus FaultFileSystem::RenameFile(const std::string& from, const std::string& to, const IOOptions& options,
                                     IODebugContext* debug) {
  IOStatus status = BeforeChange();
  if (!status.ok()) return status;
  const std::lock_guard lock(mutex_);
  entries_.Renaming(from, to);
  status = target()->RenameFile(from, to, options, debug);
  // Under both names, as the rename may be undone. What it replaces was synced: RocksDB replaces CURRENT
  // only.
  const auto found = files_.find(from);
  if (status.ok() && found != files_.end()) files_[to] = found->second;
  return status;
}

IOStatus FaultFileSystem::DeleteFile(const std::string& path, const IOOptions& options,
                                     IODebugContext* debug) {
  IOStatus status = BeforeChange();
  if (!status.ok()) return status;
  const std::lock_guard lock(mutex_);
  return entries_.Deleting(path) ? IOStatus::OK() : target()->DeleteFile(path, options, debug);
}

IOStatus FaultFileSystem::CreateDir(const std::string& path, const IOOptions& options,
                                    IODebugContext* debug) {
  IOStatus status = BeforeChange();
  if (status.ok()) status = target()->CreateDir(path, options, debug);
  const std::lock_guard lock(mutex_);
  if (status.ok()) entries_.MadeFolder(path);
  return status;
}

IOStatus FaultFileSystem::CreateDirIfMissing(const std::string& path, const IOOptions& options,
                                             IODebugContext* debug) {
  return target()->FileExists(path, options, debug).ok() ? IOStatus::OK() : CreateDir(path, options, debug);
}

IOStatus FaultFileSystem::Step() {
  if (cut_after_ > 0 && --cut_after_ == 0) off_ = true;
  return off_ ? IOStatus::IOError("no power") : IOStatus::OK();
}

IOStatus FaultFileSystem::BeforeAppend(const std::string& path) {
  const std::lock_guard lock(mutex_);
  IOStatus status = Step();
  if (!status.ok() || !IsLog(path)) return status;
  ++log_appends_;
  if (full_for_ == 0) return status;
  --full_for_;
  return IOStatus::NoSpace("No space left on device");
}

IOStatus FaultFileSystem::BeforeSync(const std::string& path) {
  const std::lock_guard lock(mutex_);
  IOStatus status = Step();
  if (!status.ok() || !IsLog(path)) return status;
  ++log_syncs_;
  if (!std::exchange(fail_sync_, false)) return status;
  files_[path].broken = true;
  return IOStatus::IOError("Input/output error");
}

IOStatus FaultFileSystem::BeforeChange() {
  const std::lock_guard lock(mutex_);
  return Step();
}

void FaultFileSystem::Appended(const std::string& path, uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  files_[path].written += bytes;
}

void FaultFileSystem::Synced(const std::string& path) {
  const std::lock_guard lock(mutex_);
  File& file = files_[path];
  if (!file.broken) file.synced = file.written;
}

void FaultFileSystem::DirectorySynced(const std::string& path) {
  const std::lock_guard lock(mutex_);
  entries_.Synced(path);
}

}  // namespace parley::testing
