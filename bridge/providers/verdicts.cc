#include "bridge/providers/verdicts.h"

#include <algorithm>
#include <charconv>
#include <ctime>
#include <utility>

#include "bridge/providers/limits.h"
#include "schemas/json.h"

namespace parley::bridge {
namespace {

using Kind = PushVerdict::Kind;

// Longer than anything that is honoured, and far from an overflow in ms.
constexpr int64_t kSecondsMax = int64_t{10} * 365 * 24 * 3'600;

}  // namespace

std::optional<PushVerdict> VerdictWithoutAnswer(const HttpAnswer& answer) {
  switch (answer.kind) {
    case HttpAnswer::Kind::kAnswered:
      return std::nullopt;
    case HttpAnswer::Kind::kNotSent:
      return PushVerdict{.kind = Kind::kRetry, .detail = answer.error};
    case HttpAnswer::Kind::kNoAnswer:
      return PushVerdict{.kind = Kind::kNoAnswer, .detail = answer.error};
    case HttpAnswer::Kind::kForbidden:
      return PushVerdict{.kind = Kind::kRefused, .detail = answer.error};
  }
  return std::nullopt;
}

std::optional<int64_t> RetryAfterMs(const HttpAnswer& answer, int64_t wall_ms) {
  const auto found = answer.headers.find("retry-after");
  if (found == answer.headers.end()) return std::nullopt;
  const std::string& text = found->second;
  int64_t seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error == std::errc{} && end == text.data() + text.size()) {
    return std::clamp<int64_t>(seconds, 0, kSecondsMax) * 1'000;
  }
  std::tm date{};
  if (strptime(text.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &date) == nullptr) return std::nullopt;
  return std::max<int64_t>(0, int64_t{timegm(&date)} * 1'000 - wall_ms);
}

std::string ComplaintOf(const HttpAnswer& answer) {
  std::string complaint = "HTTP " + std::to_string(answer.status);
  if (!answer.body.empty()) complaint += ": " + Printable(answer.body, limits::kComplaintBytesMax);
  return complaint;
}

PushVerdict VerdictOfHttp(const HttpAnswer& answer, int64_t wall_ms) {
  if (std::optional<PushVerdict> verdict = VerdictWithoutAnswer(answer)) return *std::move(verdict);
  const int status = answer.status;
  if (status >= 200 && status < 300) return {.kind = Kind::kAccepted};
  const bool later = status == 408 || status == 425 || status == 429 || status >= 500;
  PushVerdict verdict{.kind = later ? Kind::kRetry : Kind::kRefused, .detail = ComplaintOf(answer)};
  if (status == 410) verdict.kind = Kind::kDead;
  if (later) verdict.retry_after_ms = RetryAfterMs(answer, wall_ms);
  return verdict;
}

}  // namespace parley::bridge
