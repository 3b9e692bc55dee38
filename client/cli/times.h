#pragma once

#include <cstdint>
#include <string_view>

#include "schemas/result.h"

namespace parley::client {

// Times as people type them. Pure, but for the time zone of the process.

// Milliseconds since 1970 of "2026-11-25", "2026-11-25 08:30[:15]" or with 'T' (local time; UTC with a final
// 'Z'), or of such milliseconds themselves. INVALID_ARGUMENT.
Result<uint64_t> ParseTime(std::string_view text);

// Milliseconds of "90s", "30m", "2h", "7d": a whole number above 0 and its unit; at most ten years.
// INVALID_ARGUMENT.
Result<uint64_t> ParseDuration(std::string_view text);

}  // namespace parley::client
