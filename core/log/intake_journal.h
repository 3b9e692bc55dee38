#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "schemas/names.h"
#include "schemas/result.h"

namespace parley::log {

using StoreId = std::array<char, 16>;

// The intake journal: a ring of records in a MAP_SHARED file (docs/formats/journal.md). A record that
// Append() has taken outlives the process (kill -9), not the machine; that is what a PUBACK promises.
//
// One producer (the broker thread: Append, Seal, free_bytes), one consumer (the commit thread: WaitSealed …
// Consume). Everything else before either starts.
class IntakeJournal {
 public:
  struct Options {
    std::string path;
    uint64_t ring_bytes;  // used when the file is made; a multiple of 4096
    StoreId store_id;     // a journal of another store is refused
  };

  // What a journal says of the store that it belongs to.
  struct Mark {
    StoreId store_id;
    LogIndex committed;  // as committed_high_water()
  };
  // Reads the header of a file that may be a journal. nullopt when there is none, or it is not begun, or
  // Open() would refuse it whatever the store. Changes nothing.
  static std::optional<Mark> Peek(const std::string& path);

  // Opens or makes the file, and finds what a crash has left: nothing is changed yet. INTERNAL when the
  // file cannot be made or mapped, FAILED_PRECONDITION when it is no journal or belongs to another store.
  static Result<std::unique_ptr<IntakeJournal>> Open(const Options& options);
  ~IntakeJournal();
  IntakeJournal(const IntakeJournal&) = delete;
  IntakeJournal& operator=(const IntakeJournal&) = delete;

  // The newest log index that was ever committed through this file, 0 = none. A store that ends before it
  // has lost acknowledged entries.
  LogIndex committed_high_water() const;

  // The records of the last epoch with index applied + 1, + 2, … without a gap, in order.
  std::vector<std::string> Recover(LogIndex applied) const;

  // Forgets all records and starts a new epoch whose first record gets `next`. Only after everything
  // recovered is durable. The epoch is, too, when it returns: after a power cut no record of an older one
  // is taken for the next of the store. INTERNAL: the disk failed.
  Status StartEpoch(LogIndex next);

  // Producer. Copies a record into the ring. nullopt: no room now.
  std::optional<LogIndex> Append(std::string_view record);
  // Producer. Makes everything appended so far visible to the consumer; true when there was something.
  bool Seal();
  uint64_t free_bytes() const { return ring_bytes_ - (head_ - tail_.load(std::memory_order_acquire)); }
  uint64_t ring_bytes() const { return ring_bytes_; }
  // What a record of this size takes of the ring.
  static uint64_t RingBytes(size_t record_bytes);

  // Consumer. The next sealed record, if there is one; valid until ReleaseRead() has passed it.
  struct Record {
    LogIndex index;
    std::string_view bytes;
  };
  std::optional<Record> Read();
  // Consumer. Everything read so far is durable up to `committed`: its space is free again.
  void ReleaseRead(LogIndex committed);
  // True while a sealed record waits for Read(). Any thread.
  bool HasSealed() const;

 private:
  struct FileHeader;
  struct RecordHeader;

  IntakeJournal() = default;
  char* ring() const;
  RecordHeader* HeaderAt(uint64_t position) const;
  bool IsRecord(uint64_t offset, uint64_t epoch) const;

  std::string path_;
  int fd_ = -1;
  FileHeader* header_ = nullptr;
  uint64_t mapped_bytes_ = 0;
  uint64_t ring_bytes_ = 0;
  uint64_t epoch_ = 0;

  // Positions count bytes since the epoch began; modulo ring_bytes_ they are offsets.
  uint64_t head_ = 0;        // producer: end of what is appended
  uint64_t next_index_ = 1;  // producer
  std::atomic<uint64_t> sealed_{0};
  std::atomic<uint64_t> tail_{0};
  std::atomic<uint64_t> read_{0};  // written by the consumer only
};

}  // namespace parley::log
