// Looks into a RocksDB database, and changes rows of one that nobody has open: the change feed's tests read
// what is stored by a way of their own, and damage it.
//
//   feed_tool dump DATABASE FAMILY [PREFIX]     each row as "key value", in hex, in order
//   feed_tool put DATABASE FAMILY KEY VALUE     hex, too
//
// Exit code 1 and one line when it cannot.

#include <cstdio>
#include <iostream>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <rocksdb/db.h>

#include "core/store/rocks_options.h"

namespace {

enum class Mode { kRead, kWrite };

struct Opened {
  std::unique_ptr<rocksdb::DB> db;
  std::vector<rocksdb::ColumnFamilyHandle*> handles;

  ~Opened() {
    for (rocksdb::ColumnFamilyHandle* handle : handles) db->DestroyColumnFamilyHandle(handle);
  }
  rocksdb::ColumnFamilyHandle* Find(const std::string& family) const {
    for (rocksdb::ColumnFamilyHandle* handle : handles) {
      if (handle->GetName() == family) return handle;
    }
    return nullptr;
  }
};

rocksdb::Status Open(const std::string& path, Mode mode, Opened& opened) {
  const rocksdb::Options options = parley::store::BaseOptions([](const std::string&) {});
  std::vector<std::string> names;
  rocksdb::Status status = rocksdb::DB::ListColumnFamilies(options, path, &names);
  if (!status.ok()) return status;
  std::vector<rocksdb::ColumnFamilyDescriptor> families;
  for (const std::string& name : names) families.emplace_back(name, rocksdb::ColumnFamilyOptions());
  rocksdb::DB* db = nullptr;
  status = mode == Mode::kRead ? rocksdb::DB::OpenForReadOnly(options, path, families, &opened.handles, &db)
                               : rocksdb::DB::Open(options, path, families, &opened.handles, &db);
  opened.db.reset(db);
  return status;
}

std::string Hex(const rocksdb::Slice& bytes) {
  return bytes.ToString(/*hex=*/true);
}

bool Bytes(const std::string& hex, std::string& bytes) {
  return rocksdb::Slice(hex).DecodeHex(&bytes);
}

int Fail(const std::string& why) {
  std::cerr << "feed_tool: " << why << "\n";
  return 1;
}

int Dump(const Opened& opened, rocksdb::ColumnFamilyHandle* family, const std::string& prefix) {
  const std::unique_ptr<rocksdb::Iterator> row(opened.db->NewIterator({}, family));
  for (row->Seek(prefix); row->Valid() && row->key().starts_with(prefix); row->Next()) {
    std::cout << Hex(row->key()) << ' ' << Hex(row->value()) << '\n';
  }
  return row->status().ok() ? 0 : Fail(row->status().ToString());
}

int Put(const Opened& opened, rocksdb::ColumnFamilyHandle* family, const std::string& key,
        const std::string& value) {
  rocksdb::WriteOptions options;
  options.sync = true;
  const rocksdb::Status status = opened.db->Put(options, family, key, value);
  return status.ok() ? 0 : Fail(status.ToString());
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  const bool dump = !words.empty() && words[0] == "dump" && (words.size() == 3 || words.size() == 4);
  const bool put = !words.empty() && words[0] == "put" && words.size() == 5;
  if (!dump && !put) return Fail("dump DATABASE FAMILY [PREFIX] | put DATABASE FAMILY KEY VALUE");
  std::string key;
  std::string value;
  if ((words.size() > 3 && !Bytes(words[3], key)) || (words.size() > 4 && !Bytes(words[4], value))) {
    return Fail("keys and values are hex");
  }
  Opened opened;
  const rocksdb::Status status = Open(words[1], dump ? Mode::kRead : Mode::kWrite, opened);
  if (!status.ok()) return Fail(status.ToString());
  rocksdb::ColumnFamilyHandle* const family = opened.Find(words[2]);
  if (family == nullptr) return Fail("it has no family " + words[2]);
  return dump ? Dump(opened, family, key) : Put(opened, family, key, value);
}
