#pragma once

#include "bridge/metrics/registry.h"
#include "bridge/push/push_service.h"

namespace parley::bridge {

void CollectPush(MetricsPage& page, const PushService& push);

}  // namespace parley::bridge
