#include "tests/support/store_dump.h"

#include <cstdlib>
#include <memory>
#include <vector>

#include <rocksdb/db.h>

#include "core/store/keys.h"
#include "core/store/rocks_options.h"

namespace parley::testing {
namespace {

struct Opened {
  std::unique_ptr<rocksdb::DB> db;
  std::vector<rocksdb::ColumnFamilyHandle*> handles;

  explicit Opened(const std::string& path) {
    rocksdb::DB* raw = nullptr;
    const rocksdb::DBOptions options(store::BaseOptions([](const std::string&) {}));
    if (!rocksdb::DB::Open(options, path, store::FamilyDescriptors(), &handles, &raw).ok()) std::abort();
    db.reset(raw);
  }
  ~Opened() {
    for (rocksdb::ColumnFamilyHandle* handle : handles) db->DestroyColumnFamilyHandle(handle);
  }
};

}  // namespace

std::map<std::string, std::string> DumpStore(const std::string& path) {
  const Opened opened(path);
  std::map<std::string, std::string> rows;
  for (rocksdb::ColumnFamilyHandle* handle : opened.handles) {
    const std::unique_ptr<rocksdb::Iterator> row(opened.db->NewIterator({}, handle));
    for (row->SeekToFirst(); row->Valid(); row->Next()) {
      if (row->key() == rocksdb::Slice(store::kMetaStoreId.data(), store::kMetaStoreId.size())) continue;
      rows[handle->GetName() + " " + row->key().ToString()] = row->value().ToString();
    }
    if (!row->status().ok()) std::abort();
  }
  return rows;
}

void PokeStore(const std::string& path, const std::string& family, const std::string& key,
               const std::string* value) {
  const Opened opened(path);
  rocksdb::WriteOptions options;
  options.sync = true;
  for (rocksdb::ColumnFamilyHandle* handle : opened.handles) {
    if (handle->GetName() != family) continue;
    const rocksdb::Status status = value != nullptr ? opened.db->Put(options, handle, key, *value)
                                                    : opened.db->Delete(options, handle, key);
    if (!status.ok()) std::abort();
    return;
  }
  std::abort();
}

}  // namespace parley::testing
