#pragma once

#include "bridge/push/push_service.h"
#include "bridge/service/registry.h"

namespace parley::bridge {

// push.list, push.test, message.explain, and the admin commands listPush and explainMessage. `push` outlives
// the registry's use.
void AddPushMethods(Registry& registry, PushService& push);

}  // namespace parley::bridge
