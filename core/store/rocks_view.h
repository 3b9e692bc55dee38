#pragma once

#include <memory>

#include "core/store/store_reader.h"

namespace rocksdb {
class DB;
class Snapshot;
class ColumnFamilyHandle;
}  // namespace rocksdb

namespace parley::store {

// The column families of one open database, in the order of keys.h; a reader has no `dedup`. Owned by whoever
// opened it.
struct Families {
  rocksdb::ColumnFamilyHandle* events = nullptr;
  rocksdb::ColumnFamilyHandle* feed = nullptr;
  rocksdb::ColumnFamilyHandle* dedup = nullptr;
  rocksdb::ColumnFamilyHandle* state = nullptr;
  rocksdb::ColumnFamilyHandle* meta = nullptr;
};

// A view of an open database. It is as unmoving as the database is: the caller keeps writers and catch-ups
// away while it lives (`hold` is released with the view).
std::unique_ptr<StoreView> MakeRocksView(rocksdb::DB& db, const Families& families, LogIndex applied,
                                         std::shared_ptr<void> hold);

}  // namespace parley::store
