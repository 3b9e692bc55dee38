#pragma once

#include <functional>
#include <memory>
#include <string>

#include "core/store/store_reader.h"

namespace parley::store {

struct SecondaryOptions {
  std::string store_path;                       // the plugin's store
  std::string scratch_path;                     // a folder of our own for RocksDB's notes
  std::function<void(const std::string&)> log;  // RocksDB's warnings; any thread
};

// Reads the plugin's store as a RocksDB secondary. Opens lazily and again after an error (the writer may
// restart at any time). Thread-safe: views share a lock, moving forward takes it alone.
std::unique_ptr<StoreReader> MakeSecondaryStore(SecondaryOptions options);

}  // namespace parley::store
