#pragma once

#include <cstdint>

#include "bridge/providers/provider.h"

namespace parley::bridge {

// What an answer means that comes from an address which a user has given: 2xx is accepted; 408, 425, 429 and
// 5xx are tried again; 410 says that the address is no more; everything else, redirects too, is refused.
// Never kBlocked: what one address refuses must not stop the others.
PushVerdict JudgeEndpoint(const HttpAnswer& answer, int64_t wall_ms);

}  // namespace parley::bridge
