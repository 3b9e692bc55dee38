#pragma once

#include <string_view>

namespace parley::bridge {

// Writes one line to stderr, with the time; control characters are replaced. Any thread.
void LogLine(std::string_view text);

}  // namespace parley::bridge
