#include "core/store/store_inspection.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <vector>

#include <rocksdb/db.h>

#include "core/store/keys.h"
#include "core/store/rocks_database.h"
#include "core/store/rocks_options.h"

namespace parley::store {
namespace {

// The two meta rows that say which store it is and where it ends, as one way of reading its log has them.
struct MetaRows {
  std::string store_id;
  uint64_t applied = 0;
};

Result<MetaRows> Read(const std::string& path, rocksdb::DBOptions options, rocksdb::WALRecoveryMode mode) {
  options.wal_recovery_mode = mode;
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* opened = nullptr;
  const rocksdb::Status status =
      rocksdb::DB::OpenForReadOnly(options, path, FamilyDescriptors(), &handles, &opened);
  const std::unique_ptr<rocksdb::DB> db(opened);
  if (!status.ok()) return OpenError(path, status);
  MetaRows rows;
  std::string applied;
  rocksdb::ColumnFamilyHandle* const meta = handles.back();
  db->Get({}, meta, rocksdb::Slice(kMetaApplied.data(), kMetaApplied.size()), &applied)
      .PermitUncheckedError();  // none: nothing that could be lost
  db->Get({}, meta, rocksdb::Slice(kMetaStoreId.data(), kMetaStoreId.size()), &rows.store_id)
      .PermitUncheckedError();
  rows.applied = ParseBigEndian64(applied).value_or(0);
  for (rocksdb::ColumnFamilyHandle* handle : handles) db->DestroyColumnFamilyHandle(handle);
  return rows;
}

}  // namespace

Result<Found> Inspect(const std::string& path, const rocksdb::Options& options) {
  const rocksdb::DBOptions database(options);
  const Result<MetaRows> kept = Read(path, database, rocksdb::WALRecoveryMode::kPointInTimeRecovery);
  if (!kept) return kept.error();
  // What a cut-off write leaves is at the very end. Whole entries behind a damage are what was on disk once.
  const Result<MetaRows> all = Read(path, database, rocksdb::WALRecoveryMode::kSkipAnyCorruptedRecords);
  if (!all) return all.error();
  Found found{.exists = true,
              .store_id = {},
              .kept = {kept->applied},
              .beyond = {std::max(kept->applied, all->applied)},
              .damage = {}};
  std::copy_n(kept->store_id.begin(), std::min(kept->store_id.size(), found.store_id.size()),
              found.store_id.begin());
  return found;
}

}  // namespace parley::store
