#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include <rocksdb/env.h>
#include <rocksdb/file_system.h>

#include "tests/support/seed.h"
#include "tests/support/unsynced_entries.h"

namespace parley::testing {

// A disk under RocksDB that can be full, fail, or lose its power. Real files, in a real folder; a sync is
// only noted (a test cuts the power, nobody else does). Thread-safe.
class FaultFileSystem final : public rocksdb::FileSystemWrapper {
 public:
  FaultFileSystem() : FileSystemWrapper(rocksdb::FileSystem::Default()) {}
  const char* Name() const override { return "FaultFileSystem"; }

  // The next `writes` appends to write-ahead logs find no space.
  void FillFor(int writes);
  // The next sync of a write-ahead log fails with EIO; what it should have synced stays un-synced for good.
  void FailNextSync();
  // The power goes at the `operations`-th append, sync or change of a directory from now: from then on every
  // change fails.
  void CutAfter(int operations);
  bool is_off() const;
  // After the database is closed: forgets what was not synced, file contents and changes of directories.
  void PowerOn();
  // The same, as real disks do: of each un-synced end some part may be there, whole, torn, or with garbage
  // (in write-ahead logs) or zeros in its place; of the changes of directories the first few are.
  void PowerOn(Random& random);

  uint64_t log_appends() const;
  uint64_t log_syncs() const;

  rocksdb::IOStatus NewWritableFile(const std::string& path, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSWritableFile>* file,
                                    rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus ReopenWritableFile(const std::string& path, const rocksdb::FileOptions& options,
                                       std::unique_ptr<rocksdb::FSWritableFile>* file,
                                       rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus ReuseWritableFile(const std::string& path, const std::string& old_path,
                                      const rocksdb::FileOptions& options,
                                      std::unique_ptr<rocksdb::FSWritableFile>* file,
                                      rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus NewDirectory(const std::string& path, const rocksdb::IOOptions& options,
                                 std::unique_ptr<rocksdb::FSDirectory>* directory,
                                 rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus RenameFile(const std::string& from, const std::string& to,
                               const rocksdb::IOOptions& options, rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus CreateDir(const std::string& path, const rocksdb::IOOptions& options,
                              rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus CreateDirIfMissing(const std::string& path, const rocksdb::IOOptions& options,
                                       rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus DeleteFile(const std::string& path, const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* debug) override;

 private:
  friend class FaultFile;
  friend class FaultDirectory;

  // Each: whether the operation happens at all.
  rocksdb::IOStatus BeforeAppend(const std::string& path);
  rocksdb::IOStatus BeforeSync(const std::string& path);
  rocksdb::IOStatus BeforeChange();
  void Appended(const std::string& path, uint64_t bytes);
  void Synced(const std::string& path);
  void DirectorySynced(const std::string& path);
  rocksdb::IOStatus Step();  // one operation nearer to the power cut; under the lock
  void PowerOn(Random* random);

  mutable std::mutex mutex_;
  int full_for_ = 0;
  bool fail_sync_ = false;
  int cut_after_ = -1;
  bool off_ = false;
  uint64_t log_appends_ = 0;
  uint64_t log_syncs_ = 0;
  struct File {
    uint64_t written = 0;
    uint64_t synced = 0;
    bool broken = false;  // a sync has failed: its pages may be marked clean
  };
  std::map<std::string, File> files_;  // deleted ones included, which may come back
  UnsyncedEntries entries_;
};

}  // namespace parley::testing
