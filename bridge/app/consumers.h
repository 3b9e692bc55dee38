#pragma once

#include "bridge/feed/feed.h"
#include "bridge/presence/presence_service.h"
#include "bridge/push/push_service.h"

namespace parley::bridge {

// Every consumer of the change feed that this bridge has: a folder each, and one line here.
void AddConsumers(Feed& feed, PresenceService& presence, PushService& push);

}  // namespace parley::bridge
