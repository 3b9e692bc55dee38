#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/log/intake_journal.h"
#include "schemas/result.h"

namespace parley::log {

// Commands that were acknowledged and wait to be merged before they enter the log, in a MAP_SHARED file of
// slots (docs/formats/held.md). What a slot holds outlives the process (kill -9), not the machine, as in the
// intake journal. One thread.
class HeldSlots {
 public:
  static constexpr size_t kSlots = 2048;
  static constexpr size_t kBytesMax = 496;  // of one record

  // Opens or makes the file. `found`: what a crash has left; it stays until Clear(). A file of another store
  // is begun anew. INTERNAL when it cannot be made or mapped, FAILED_PRECONDITION when it is something else.
  static Result<std::unique_ptr<HeldSlots>> Open(const std::string& path, const StoreId& store_id,
                                                 std::vector<std::string>& found);
  ~HeldSlots();
  HeldSlots(const HeldSlots&) = delete;
  HeldSlots& operator=(const HeldSlots&) = delete;

  // Forgets everything: all slots are free.
  void Clear();

  // Puts a record into a free slot. nullopt: none is free, or the record is too long.
  std::optional<size_t> Take(std::string_view record);
  // Replaces what a slot holds; at every moment, one or the other is there. False: the record is too long.
  bool Replace(size_t slot, std::string_view record);
  void Free(size_t slot);
  size_t taken() const { return kSlots - free_.size(); }

 private:
  struct Header;
  struct Half;

  HeldSlots() = default;
  Half& HalfOf(size_t slot, size_t which) const;
  // The half that holds the slot's record; nullptr when it is free.
  Half* Newest(size_t slot) const;

  int fd_ = -1;
  char* mapped_ = nullptr;
  std::vector<size_t> free_;
};

}  // namespace parley::log
