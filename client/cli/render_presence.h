#pragma once

#include <string>
#include <vector>

#include "parley/v1/message.pb.h"

namespace parley::client {

// Presence as a person reads it; what others wrote has its control sequences replaced. Pure, but for the time
// zone of the process. No trailing line breaks.

// alice away, 2 devices: at lunch / bob offline since 2026-11-25 00:31:02 / carol offline, never seen
std::string RenderPresence(const v1::Presence& presence);
// "lobby: 3 online", then a line for each member that is named.
std::vector<std::string> RenderRoomPresence(const v1::RoomPresence& presence);

}  // namespace parley::client
