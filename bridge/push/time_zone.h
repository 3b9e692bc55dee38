#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "parley/v1/push.pb.h"

namespace parley::bridge {

// Minutes of the day of "HH:MM"; nullopt when it is none.
std::optional<int> ParseTimeOfDay(std::string_view text);

// Quiet hours in the time zones of the IANA database. One thread.
class TimeZones {
 public:
  TimeZones();
  ~TimeZones();
  TimeZones(const TimeZones&) = delete;
  TimeZones& operator=(const TimeZones&) = delete;

  // When the quiet hours end (wall clock, ms, later than now) that it is in now; nullopt: it is not in any.
  // Hours that begin when they end are none; a zone that is not known is UTC. On a day on which the clock is
  // changed they end when the clock of that place says so.
  std::optional<int64_t> QuietUntil(const v1::QuietHours& hours, int64_t now_ms);

 private:
  struct Zone;

  Zone& Of(const std::string& name);

  std::map<std::string, std::unique_ptr<Zone>> zones_;  // by name
};

}  // namespace parley::bridge
