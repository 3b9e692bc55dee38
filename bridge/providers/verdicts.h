#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "bridge/providers/provider.h"

namespace parley::bridge {

// What an answer means that is not the server's own: nullopt when it is.
std::optional<PushVerdict> VerdictWithoutAnswer(const HttpAnswer& answer);

// What Retry-After asks for, seconds or a date. nullopt: nothing, or nothing that is understood.
std::optional<int64_t> RetryAfterMs(const HttpAnswer& answer, int64_t wall_ms);

// "HTTP 403: what the body says", one line.
std::string ComplaintOf(const HttpAnswer& answer);

// An answer as any HTTP server means it: 2xx is accepted; 408, 425, 429 and 5xx are tried again; 410 says
// that the address is no more; everything else, redirects too, is refused.
PushVerdict VerdictOfHttp(const HttpAnswer& answer, int64_t wall_ms);

}  // namespace parley::bridge
