#include "broker-plugin/requests/time_zones.h"

#include <algorithm>
#include <filesystem>
#include <system_error>

namespace parley::plugin {
namespace {

namespace fs = std::filesystem;

// A folder or file of the IANA database. Its tables ("zone.tab") and its other copies ("posix/", "right/")
// begin with a small letter.
bool IsName(const std::string& name) {
  return !name.empty() && name.front() >= 'A' && name.front() <= 'Z' &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
                  c == '+' || c == '-';
         });
}

// "America/Argentina/Ushuaia" has three levels.
constexpr int kLevelsMax = 3;

void ReadFolder(const fs::path& folder, const std::string& prefix, int level,
                std::set<std::string, std::less<>>& names) {
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    std::error_code ignored;
    if (!IsName(name)) continue;
    if (entry->is_regular_file(ignored)) names.insert(prefix + name);
    if (level < kLevelsMax && entry->is_directory(ignored) && !entry->is_symlink(ignored)) {
      ReadFolder(entry->path(), prefix + name + "/", level + 1, names);
    }
  }
}

}  // namespace

TimeZones TimeZones::Read(const std::string& folder) {
  TimeZones zones;
  zones.names_.insert("UTC");
  ReadFolder(folder, "", 1, zones.names_);
  return zones;
}

}  // namespace parley::plugin
