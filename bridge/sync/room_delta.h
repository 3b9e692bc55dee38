#pragma once

#include <optional>

#include "bridge/service/visible_room.h"
#include "core/store/store_reader.h"
#include "parley/v1/request.pb.h"

namespace parley::bridge {

struct DeltaLimits {
  uint32_t events_max;
  size_t bytes_max;
};

// What is new in one room for one of its members, former ones included, since a log index: its state and the
// newest events after it that the member may see. A room joined since then counts as never seen, one where
// only their own cursor has moved comes without events. nullopt: nothing is new.
Result<std::optional<v1::RoomState>> RoomDelta(const store::StoreView& view, const VisibleRoom& room,
                                               LogIndex since, const DeltaLimits& limits);

// The same for a room that was deleted: `left`, once.
std::optional<v1::RoomState> DeletedRoomDelta(const store::RoomOfUser& room, LogIndex since);

}  // namespace parley::bridge
