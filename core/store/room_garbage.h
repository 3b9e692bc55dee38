#pragma once

#include <deque>
#include <vector>

#include <rocksdb/db.h>
#include <rocksdb/write_batch.h>

#include "core/store/rocks_view.h"
#include "schemas/names.h"

namespace parley::store {

// Deleted rooms whose events are still in the store. They are freed bit by bit, with each batch that is
// written. (Not by DeleteRange: docs/decisions/0010.) Of the writer, on its thread.
class RoomGarbage {
 public:
  RoomGarbage() = default;
  // As the store has it.
  explicit RoomGarbage(std::deque<Rid> rooms) : rooms_(std::move(rooms)) {}

  bool empty() const { return rooms_.empty(); }
  // Rooms whose deletion is on disk.
  void Add(const std::vector<Rid>& rooms) { rooms_.insert(rooms_.end(), rooms.begin(), rooms.end()); }

  // Adds to `batch` that some rows of the first room go, and the room's mark with the last of them.
  void FreeSome(rocksdb::DB& db, const Families& families, rocksdb::WriteBatch& batch);

 private:
  static constexpr size_t kFreedPerWrite = 512;  // rows

  std::deque<Rid> rooms_;
  Seq freed_up_to_;  // in the first of them
};

}  // namespace parley::store
