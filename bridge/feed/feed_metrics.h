#pragma once

#include <vector>

#include "bridge/feed/status.h"
#include "bridge/metrics/registry.h"

namespace parley::bridge {

// How far each consumer of the change feed is.
void CollectFeed(MetricsPage& page, const std::vector<FeedStatus>& consumers);

}  // namespace parley::bridge
