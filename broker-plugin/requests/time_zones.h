#pragma once

#include <set>
#include <string>
#include <string_view>

namespace parley::plugin {

// The names of the time zones that this system has. A value; any thread.
class TimeZones {
 public:
  // Reads them; without that folder, UTC alone is known.
  static TimeZones Read(const std::string& folder = "/usr/share/zoneinfo");

  bool Has(std::string_view name) const { return names_.contains(name); }

 private:
  std::set<std::string, std::less<>> names_;
};

}  // namespace parley::plugin
