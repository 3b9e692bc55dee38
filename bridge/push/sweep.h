#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "bridge/push/outbox.h"
#include "schemas/result.h"

namespace parley::bridge {

// Frees what the ledger and the timeline keep for too long, and what is too much of them; the oldest first, a
// little at a time. One thread.
class PushSweep {
 public:
  struct Limits {
    int64_t keep_ms;
    size_t messages_max;
    size_t commits_max;
  };
  PushSweep(PushOutbox& outbox, Limits limits);

  // One step. True: there is more to do at once.
  Result<bool> Step(int64_t wall_ms);
  // What it has counted is void.
  void BeginAnew();

 private:
  // Counts the rows of a kind, over several steps, and over and over; then knows how many are too many.
  struct Count {
    std::string_view prefix;
    size_t rows_max;
    std::string after{};
    size_t counted = 0;
    size_t too_many = 0;
  };
  using Free = std::function<Result<bool>(const PushOutbox::Row& row, bool too_many, PushBatch& batch)>;

  Status CountOn(Count& count);
  // Frees from the oldest on, as long as `free` says so. True: there is more.
  Result<bool> FreeOldest(Count& count, const Free& free);
  Result<bool> FreeLedger(const PushOutbox::Row& row, int64_t wall_ms, bool too_many, PushBatch& batch);

  PushOutbox& outbox_;
  const Limits limits_;
  Count messages_;
  Count commits_;
};

}  // namespace parley::bridge
