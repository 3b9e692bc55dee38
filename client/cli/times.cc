#include "client/cli/times.h"

#include <charconv>
#include <ctime>
#include <string>

namespace parley::client {

Result<uint64_t> ParseTime(std::string_view text) {
  const Error wrong{Code::INVALID_ARGUMENT,
                    "a time is like 2026-11-25, 2026-11-25 08:30 or 2026-11-25T08:30:15Z"};
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc() && end == text.data() + text.size()) return number;
  std::string copy(text);
  const bool utc = !copy.empty() && copy.back() == 'Z';
  if (utc) copy.pop_back();
  for (const char* format :
       {"%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M", "%Y-%m-%d"}) {
    tm parts{};
    parts.tm_isdst = -1;
    const char* rest = strptime(copy.c_str(), format, &parts);
    if (rest == nullptr || *rest != '\0') continue;
    const time_t seconds = utc ? timegm(&parts) : mktime(&parts);
    if (seconds < 0) return wrong;
    return static_cast<uint64_t>(seconds) * 1'000;
  }
  return wrong;
}

Result<uint64_t> ParseDuration(std::string_view text) {
  constexpr uint64_t kSecond = 1'000;
  constexpr uint64_t kDay = 86'400 * kSecond;
  constexpr uint64_t kDurationMax = 3'650 * kDay;
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const std::string_view unit = text.substr(static_cast<size_t>(end - text.data()));
  uint64_t unit_ms = 0;
  if (unit == "s") unit_ms = kSecond;
  if (unit == "m") unit_ms = 60 * kSecond;
  if (unit == "h") unit_ms = 3'600 * kSecond;
  if (unit == "d") unit_ms = kDay;
  if (error != std::errc() || unit_ms == 0 || number == 0 || number > kDurationMax / unit_ms) {
    return Error{Code::INVALID_ARGUMENT, "a duration is like 90s, 30m, 2h or 7d"};
  }
  return number * unit_ms;
}

}  // namespace parley::client
