#pragma once

#include <cstdint>
#include <optional>

#include "bridge/outbound/http_client.h"

namespace parley::bridge {

// How long a server asks to be left alone (RFC 9110: a number of seconds, or a date), at most `ms_max`.
// nullopt: it does not ask, or says nonsense.
std::optional<int64_t> RetryAfterMs(const HttpAnswer& answer, int64_t wall_ms, int64_t ms_max);

}  // namespace parley::bridge
