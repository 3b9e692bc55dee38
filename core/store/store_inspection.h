#pragma once

#include <array>
#include <functional>
#include <string>

#include "schemas/names.h"
#include "schemas/result.h"

namespace rocksdb {
struct Options;
}

namespace parley::store {

// What lies on disk before a store is opened for writing, when opening would change what cannot be had back.
struct Found {
  bool exists = false;  // false: a new store would be made; the rest is empty then
  std::array<char, 16> store_id{};
  LogIndex kept;       // the newest entry before the damage: where the opened store would end
  LogIndex beyond;     // the newest entry found behind the damage (in a later 32 KiB of it); kept: none is
  std::string damage;  // what RocksDB says of it
};

// Asked before a store is made, or cut off at a damage of its log. An error refuses, and nothing is changed.
using Accept = std::function<Status(const Found&)>;

// Looks at a store that exists, and changes nothing. INTERNAL when it cannot be read at all. Replays its log
// twice: for a damaged store only.
Result<Found> Inspect(const std::string& path, const rocksdb::Options& options);

}  // namespace parley::store
