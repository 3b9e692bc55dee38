#pragma once

#include <string_view>

#include "schemas/result.h"

namespace parley {

// MQTT's topic filters as sets of topics. Pure, no allocation; filters and topics are well formed unless said
// otherwise. A wildcard in the first level never matches a topic that starts with '$' (MQTT 5, 4.7.2).

// INVALID_ARGUMENT and why, unless `filter` is a filter that a client could subscribe to: 1 to 65535 bytes of
// UTF-8 without control characters, '+' alone in its level, '#' alone in the last, at most 200 levels.
Status CheckFilter(std::string_view filter);

// True when every topic that `narrow` can match is matched by `wide`, too. `narrow` may be a topic.
bool Covers(std::string_view wide, std::string_view narrow);

// True when there is a topic that both match.
bool Overlap(std::string_view one, std::string_view other);

}  // namespace parley
