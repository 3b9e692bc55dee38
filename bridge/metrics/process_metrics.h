#pragma once

#include "bridge/metrics/registry.h"

namespace parley::bridge {

// The bridge's own process, by the names that Prometheus has for every program: memory, processor time, open
// files, start. What the kernel does not tell is left out.
void CollectProcess(MetricsPage& page);

}  // namespace parley::bridge
