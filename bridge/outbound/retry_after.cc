#include "bridge/outbound/retry_after.h"

#include <algorithm>
#include <charconv>
#include <ctime>

namespace parley::bridge {
namespace {

constexpr int64_t kMsPerSecond = 1'000;

}  // namespace

std::optional<int64_t> RetryAfterMs(const HttpAnswer& answer, int64_t wall_ms, int64_t ms_max) {
  const auto found = answer.headers.find("retry-after");
  if (found == answer.headers.end()) return std::nullopt;
  const std::string& text = found->second;
  int64_t seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (end == text.data() + text.size() && !text.empty() && text.front() != '-') {
    // Longer than can be counted: as long as is allowed.
    if (error == std::errc::result_out_of_range) return ms_max;
    if (error == std::errc()) return std::min(seconds, ms_max / kMsPerSecond) * kMsPerSecond;
  }
  std::tm date{};
  const char* const rest = strptime(text.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &date);
  if (rest == nullptr || *rest != '\0') return std::nullopt;
  return std::clamp<int64_t>(int64_t{timegm(&date)} * kMsPerSecond - wall_ms, 0, ms_max);
}

}  // namespace parley::bridge
