#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace rocksdb {
struct Options;
struct ColumnFamilyDescriptor;
}  // namespace rocksdb

namespace parley::store {

// Options common to the writer and its readers. `log` gets RocksDB's own warnings and errors (any thread);
// RocksDB must never write its default LOG file: on a full disk Debian's build would abort the process.
rocksdb::Options BaseOptions(std::function<void(const std::string&)> log);

// The column families in the order default, events, feed, dedup, state, meta.
std::vector<rocksdb::ColumnFamilyDescriptor> FamilyDescriptors();
// Those that a reader asks for, in the order default, events, feed, state, meta: message ids are the writer's
// business, and a secondary that does not open their family does not insert them either.
std::vector<rocksdb::ColumnFamilyDescriptor> ReaderFamilyDescriptors();

}  // namespace parley::store
