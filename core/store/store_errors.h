#pragma once

#include <string>

#include <rocksdb/status.h>

#include "schemas/result.h"

// What the writer says of a store that is not as it should be. Of core/store/ only.
namespace parley::store {

inline Error Damaged(const std::string& what) {
  return {Code::INTERNAL, "the store is damaged (" + what + "): restore a backup of the store folder"};
}

inline Error Unreadable(const rocksdb::Status& status) {
  return {Code::INTERNAL,
          "the store cannot be read (" + status.ToString() + "): check the disk, or restore a backup of it"};
}

}  // namespace parley::store
