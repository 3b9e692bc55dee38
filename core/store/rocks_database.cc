#include "core/store/rocks_database.h"

#include "core/store/keys.h"
#include "core/store/rocks_options.h"

namespace parley::store {

bool DedupExpiry::Filter(int, const rocksdb::Slice&, const rocksdb::Slice& value, std::string*, bool*) const {
  const std::optional<domain::DedupEntry> entry = ParseDedupRow(value.ToStringView());
  return entry && entry->log_time_ms + domain::kDedupWindowMs < log_time_ms_;
}

rocksdb::Status Database::Open(const std::string& path, const rocksdb::Options& options,
                               const DedupExpiry* expiry, std::unique_ptr<Database>& opened) {
  std::vector<rocksdb::ColumnFamilyDescriptor> families = FamilyDescriptors();
  for (rocksdb::ColumnFamilyDescriptor& family : families) {
    if (family.name == kDedupFamily) family.options.compaction_filter = expiry;
  }
  std::unique_ptr<Database> database(new Database());
  rocksdb::DB* db = nullptr;
  rocksdb::Status status =
      rocksdb::DB::Open(rocksdb::DBOptions(options), path, families, &database->handles_, &db);
  database->db_.reset(db);
  if (!status.ok()) return status;
  const auto& handles = database->handles_;
  database->families_ = {handles[1], handles[2], handles[3], handles[4], handles[5]};
  opened = std::move(database);
  return status;
}

Database::~Database() {
  for (rocksdb::ColumnFamilyHandle* handle : handles_) db_->DestroyColumnFamilyHandle(handle);
  if (db_) db_->Close().PermitUncheckedError();
}

Error OpenError(const std::string& path, const rocksdb::Status& status, const WaysOut& ways_out) {
  const std::string why = status.ToString();
  const auto says = [&why](const char* words) { return why.find(words) != std::string::npos; };
  if (status.IsIOError() && (says("lock hold by current process") || says("While lock file"))) {
    return {Code::FAILED_PRECONDITION, path + " " + ways_out.in_use + " (" + why + ")"};
  }
  const char* way_out = status.IsCorruption() ? ways_out.damaged
                        : status.IsNoSpace()  ? "free some space, then start again"
                                              : "check the disk and the folder's owner";
  return {Code::FAILED_PRECONDITION, path + " cannot be opened (" + why + "): " + way_out};
}

}  // namespace parley::store
