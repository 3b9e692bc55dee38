#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "parley/v1/message.pb.h"

namespace parley::client {

// The events of one room, put in order: each seq once, no holes. Events that come too early are held back
// (kHeldEventsMax; above, the newest is dropped and missed later, so fetched). Pure.
class RoomStream {
 public:
  using Events = std::vector<v1::Event>;

  // Until a base is set, everything is held back. Events up to and including `seq` count as seen.
  void SetBase(uint64_t seq, Events& out);
  bool based() const { return have_.has_value(); }
  // Precondition: based().
  uint64_t have() const { return *have_; }
  // The lowest seq that is held back.
  std::optional<uint64_t> FirstHeld() const;

  // One event, in any order, perhaps again. Appends to `out` what is deliverable now.
  void Offer(v1::Event event, Events& out);

  // A page of the room's log: what follows `have()`, oldest first. A hole in it is no hole but what this user
  // may not see or what was retired. Precondition: based().
  void OfferPage(Events page, Events& out);

  // The room has events up to `head`.
  void NoteHead(uint64_t head);

  // True when events are missing between what was delivered and what is known to exist.
  bool Incomplete() const { return have_ && *have_ < head_; }

  // The time of an event counts as seen, as `have()` does.
  void NoteTime(const v1::Event& event) { time_ms_ = std::max(time_ms_, event.ts_ms()); }

  // True when `event` cannot belong to the log that was delivered so far: a seq that was seen, but later than
  // all of it, while times never fall within a room. So the room was deleted and made again.
  bool IsAnotherLog(const v1::Event& event) const {
    return have_ && time_ms_ > 0 && event.seq() > 0 && event.seq() <= *have_ && event.ts_ms() > time_ms_;
  }

  // Gives up what is missing: delivers what is held back, in order.
  void PassOver(Events& out);

 private:
  void Drain(Events& out);
  void Release(v1::Event event, Events& out);

  std::optional<uint64_t> have_;  // the last seq that was delivered
  uint64_t head_ = 0;             // the highest seq that is known of
  uint64_t time_ms_ = 0;          // of the latest event that was delivered
  std::map<uint64_t, v1::Event> held_;
};

}  // namespace parley::client
