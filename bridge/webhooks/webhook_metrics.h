#pragma once

#include <vector>

#include "bridge/metrics/registry.h"
#include "bridge/webhooks/webhook_engine.h"

namespace parley::bridge {

// How each outgoing webhook stands.
void CollectWebhooks(MetricsPage& page, const std::vector<HookStatus>& webhooks);

}  // namespace parley::bridge
