#pragma once

#include "schemas/result.h"

namespace parley::plugin {

// FAILED_PRECONDITION when this broker runs with `per_listener_settings true`: Mosquitto 2.0 then binds a
// plugin to one listener and never calls its tick, so nothing would be delivered. No API tells, so the
// configuration files that the broker was started with are read.
Status CheckListenerSettings();

}  // namespace parley::plugin
