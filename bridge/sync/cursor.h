#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "schemas/names.h"

namespace parley::bridge {

// Where a client's sync stands. Opaque to clients. Three forms:
//   "912"               everything up to log index 912 is known; "" and "0": nothing is
//   "900.912.17.9f3a01c2"  between two pages of one sync: it started at 900 and will end at 912, and the
//                       rooms up to rid 17 are done; the last part is a checksum (FNV-1a of what is before
//                       it)
//   "900.912.17.33.5b0c77e1"  the same, all rooms are done, and so is the inbox up to useq 33
struct SyncCursor {
  LogIndex since;
  // Of a sync that has begun: where it will end, the last room done, and then the last inbox item.
  struct Progress {
    LogIndex target;
    Rid last;
    std::optional<uint64_t> inbox{};
  };
  std::optional<Progress> progress;
};

std::string FormatCursor(const SyncCursor& cursor);

// nullopt: damaged, or beyond `applied` (of another store): the client starts anew.
std::optional<SyncCursor> ParseCursor(std::string_view text, LogIndex applied);

}  // namespace parley::bridge
