#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "parley/internal/v1/presence.pb.h"
#include "parley/v1/message.pb.h"
#include "schemas/names.h"

namespace parley::bridge {

// Two clocks, passed in: one that never jumps, for intervals, and the wall clock, for what is told.
struct PresenceTime {
  int64_t now_ms = 0;
  uint64_t wall_ms = 0;
};

// What is known of one person. The model (presence_model.h) keeps them.
struct Person {
  std::string user;
  uint64_t uid = 0;  // 0: not known yet
  uint32_t sessions = 0;
  bool here = false;       // online: connected, or gone for less than the grace
  int64_t leaves_ms = -1;  // when the grace ends; -1: it has not begun
  uint64_t gone_ms = 0;    // wall clock, when it began
  uint64_t heard_ms = 0;   // wall clock: when the last session died, its last sign of life; 0: it did not
  v1::Presence::State chosen = v1::Presence::ONLINE;
  std::string status_text;
  uint64_t last_seen_ms = 0;
  // Of those who are INVISIBLE: what others see.
  uint64_t shown_last_seen_ms = 0;
  std::string shown_status_text;

  std::vector<Rid> rooms;  // of those who are here, sorted
  bool rooms_known = false;
  bool deleted = false;  // what is retained is taken back, then the person is forgotten
  bool taken_back = false;

  // Of publications.
  bool queued = false;
  uint64_t version = 0;     // rises with every change
  std::string published{};  // serialised; "": not known
  int64_t next_ms = 0;      // not before

  bool visible() const { return here && chosen != v1::Presence::INVISIBLE; }
};

// As others see the person.
v1::Presence ShownPresence(const Person& person);
// As the person sees it.
v1::Presence OwnPresence(const Person& person);

// What a person says of themselves takes effect. `state`: not OFFLINE. What is not given stays.
void Choose(Person& person, std::optional<v1::Presence::State> state,
            const std::optional<std::string>& status_text, uint64_t wall_ms);

internal::v1::PresenceRecord RecordOf(const Person& person);
// A new user of an old name inherits nothing.
void BeginAnew(Person& person);
// Takes over what a record says of the person, not of sessions and rooms.
void Restore(const internal::v1::PresenceRecord& record, Person& person);

}  // namespace parley::bridge
