#pragma once

#include "client/cli/broker_configuration.h"
#include "client/cli/finding.h"

namespace parley::client {

// What the settings of the broker mean for Parley: those that break it, those that hurt, and the options of
// the plugin. Pure.
Findings CheckConfiguration(const BrokerConfiguration& configuration);

}  // namespace parley::client
