#include "bridge/push/time_zone.h"

#include <algorithm>
#include <utility>

#include <unicode/timezone.h>
#include <unicode/unistr.h>

#include "bridge/push/limits.h"

namespace parley::bridge {
namespace {

constexpr int kMinutesPerHour = 60;
constexpr int kHoursPerDay = 24;
constexpr int64_t kMsPerMinute = 60'000;
constexpr int64_t kMsPerDay = int64_t{kHoursPerDay} * kMinutesPerHour * kMsPerMinute;

std::optional<int> TwoDigits(std::string_view text, int below) {
  if (text.size() != 2 || text[0] < '0' || text[0] > '9' || text[1] < '0' || text[1] > '9')
    return std::nullopt;
  const int value = (text[0] - '0') * 10 + (text[1] - '0');
  return value < below ? std::optional(value) : std::nullopt;
}

}  // namespace

std::optional<int> ParseTimeOfDay(std::string_view text) {
  if (text.size() != 5 || text[2] != ':') return std::nullopt;
  const std::optional<int> hours = TwoDigits(text.substr(0, 2), kHoursPerDay);
  const std::optional<int> minutes = TwoDigits(text.substr(3), kMinutesPerHour);
  if (!hours || !minutes) return std::nullopt;
  return *hours * kMinutesPerHour + *minutes;
}

struct TimeZones::Zone {
  std::unique_ptr<icu::TimeZone> zone;

  // How much later than UTC the clock there is.
  int64_t OffsetAt(int64_t utc_ms) const {
    int32_t raw_ms = 0;
    int32_t saving_ms = 0;
    UErrorCode status = U_ZERO_ERROR;
    zone->getOffset(static_cast<UDate>(utc_ms), /*local=*/false, raw_ms, saving_ms, status);
    return U_SUCCESS(status) ? int64_t{raw_ms} + saving_ms : 0;
  }

  // When the clock is changed, to the minute; it is, between the two.
  int64_t ChangeBetween(int64_t before_ms, int64_t after_ms) const {
    if (before_ms > after_ms) std::swap(before_ms, after_ms);
    const int64_t offset_ms = OffsetAt(before_ms);
    while (after_ms - before_ms > kMsPerMinute) {
      const int64_t middle_ms = before_ms + (after_ms - before_ms) / 2 / kMsPerMinute * kMsPerMinute;
      if (middle_ms == before_ms) break;
      (OffsetAt(middle_ms) == offset_ms ? before_ms : after_ms) = middle_ms;
    }
    return after_ms;
  }
};

TimeZones::TimeZones() = default;
TimeZones::~TimeZones() = default;

TimeZones::Zone& TimeZones::Of(const std::string& name) {
  const auto found = zones_.find(name);
  if (found != zones_.end()) return *found->second;
  if (zones_.size() >= limits::kPushTimeZonesMax) zones_.clear();
  auto made = std::make_unique<Zone>();
  // Of a name that it does not know ICU makes one without an offset.
  made->zone.reset(icu::TimeZone::createTimeZone(name.empty() ? icu::UnicodeString("UTC")
                                                              : icu::UnicodeString::fromUTF8(name)));
  return *(zones_[name] = std::move(made));
}

std::optional<int64_t> TimeZones::QuietUntil(const v1::QuietHours& hours, int64_t now_ms) {
  const std::optional<int> from = ParseTimeOfDay(hours.from());
  const std::optional<int> to = ParseTimeOfDay(hours.to());
  if (!from || !to || *from == *to) return std::nullopt;
  const Zone& zone = Of(hours.time_zone());
  const int64_t offset_ms = zone.OffsetAt(now_ms);
  const int64_t local_ms = now_ms + offset_ms;
  const int64_t of_day_ms = ((local_ms % kMsPerDay) + kMsPerDay) % kMsPerDay;
  const int64_t from_ms = *from * kMsPerMinute;
  const int64_t to_ms = *to * kMsPerMinute;
  const bool quiet =
      from_ms < to_ms ? of_day_ms >= from_ms && of_day_ms < to_ms : of_day_ms >= from_ms || of_day_ms < to_ms;
  if (!quiet) return std::nullopt;
  const int64_t until_end_ms = of_day_ms < to_ms ? to_ms - of_day_ms : kMsPerDay - of_day_ms + to_ms;
  // As if the clock were not changed meanwhile; then as it stands by then.
  const int64_t local_end_ms = local_ms + until_end_ms;
  const int64_t guess_ms = local_end_ms - offset_ms;
  int64_t end_ms = local_end_ms - zone.OffsetAt(guess_ms);
  if (zone.OffsetAt(end_ms) != zone.OffsetAt(guess_ms)) end_ms = zone.ChangeBetween(end_ms, guess_ms);
  return std::max(end_ms, now_ms + kMsPerMinute);
}

}  // namespace parley::bridge
