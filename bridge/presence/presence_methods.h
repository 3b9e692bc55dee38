#pragma once

#include "bridge/presence/presence_service.h"
#include "bridge/service/registry.h"

namespace parley::bridge {

// presence.get: of the users named who share a room with the caller (others are left out, as if they did not
// exist), of the members of a room of the caller's, or one's own. presence.set: one's own. `presence`
// outlives `registry`.
void AddPresenceMethods(Registry& registry, PresenceService& presence);

}  // namespace parley::bridge
