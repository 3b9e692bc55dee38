#include "core/store/rocks_options.h"

#include <cstdio>

#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/options.h>
#include <rocksdb/slice_transform.h>
#include <rocksdb/table.h>

#include "core/store/keys.h"

namespace parley::store {
namespace {

constexpr double kFilterBitsPerKey = 10;  // about one in a hundred is looked for in vain

// Passes RocksDB's warnings on; drops the rest.
class CallbackLogger final : public rocksdb::Logger {
 public:
  explicit CallbackLogger(std::function<void(const std::string&)> log)
      : rocksdb::Logger(rocksdb::InfoLogLevel::WARN_LEVEL), log_(std::move(log)) {}

  using rocksdb::Logger::Logv;
  void Logv(const char* format, va_list arguments) override {
    char line[512];
    std::vsnprintf(line, sizeof line, format, arguments);
    if (log_) log_(line);
  }

 private:
  const std::function<void(const std::string&)> log_;
};

// For rows that are mostly asked for in vain: a Bloom filter on disk and one in memory.
rocksdb::ColumnFamilyOptions WithFilter() {
  rocksdb::BlockBasedTableOptions table;
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(kFilterBitsPerKey));
  rocksdb::ColumnFamilyOptions options;
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  options.memtable_prefix_bloom_size_ratio = 0.05;  // of the memtable's size
  options.memtable_whole_key_filtering = true;
  return options;
}

}  // namespace

rocksdb::Options BaseOptions(std::function<void(const std::string&)> log) {
  rocksdb::Options options;
  options.info_log = std::make_shared<CallbackLogger>(std::move(log));
  options.info_log_level = rocksdb::InfoLogLevel::WARN_LEVEL;
  options.max_open_files = -1;                      // a secondary reader needs every file open
  options.recycle_log_file_num = 0;                 // and cannot follow recycled logs
  options.allow_concurrent_memtable_write = false;  // one writer
  // Stops at the first damage in the write-ahead log, torn tail or not; the journal's high-water mark tells
  // which it was.
  options.wal_recovery_mode = rocksdb::WALRecoveryMode::kPointInTimeRecovery;
  options.stats_dump_period_sec = 0;
  options.stats_persist_period_sec = 0;
  return options;
}

std::vector<rocksdb::ColumnFamilyDescriptor> FamilyDescriptors() {
  std::vector<rocksdb::ColumnFamilyDescriptor> families;
  families.emplace_back(rocksdb::kDefaultColumnFamilyName, rocksdb::ColumnFamilyOptions());
  for (const char* name : {kEventsFamily, kFeedFamily, kDedupFamily, kStateFamily, kMetaFamily}) {
    families.emplace_back(name, rocksdb::ColumnFamilyOptions());
  }
  // Almost every message asks for an id that is not there.
  families[3].options = WithFilter();
  // Rows that follow each other are inserted next to the last one of their prefix, without a search: events
  // by room, feed rows all together, message ids (mostly rising) by user and room.
  constexpr size_t kNumber = 8;
  families[1].options.memtable_insert_with_hint_prefix_extractor.reset(
      rocksdb::NewFixedPrefixTransform(kNumber));
  families[2].options.memtable_insert_with_hint_prefix_extractor.reset(
      rocksdb::NewFixedPrefixTransform(kNumber / 2));
  families[3].options.memtable_insert_with_hint_prefix_extractor.reset(
      rocksdb::NewFixedPrefixTransform(2 * kNumber));
  return families;
}

std::vector<rocksdb::ColumnFamilyDescriptor> ReaderFamilyDescriptors() {
  std::vector<rocksdb::ColumnFamilyDescriptor> families = FamilyDescriptors();
  std::erase_if(families, [](const auto& family) { return family.name == kDedupFamily; });
  return families;
}

}  // namespace parley::store
