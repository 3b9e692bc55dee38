#pragma once

#include "bridge/metrics/registry.h"
#include "bridge/presence/presence_service.h"

namespace parley::bridge {

// Who is there, in numbers.
void CollectPresence(MetricsPage& page, const PresenceStatus& status);

}  // namespace parley::bridge
