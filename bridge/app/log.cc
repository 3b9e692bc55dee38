#include "bridge/app/log.h"

#include <array>
#include <cerrno>
#include <ctime>
#include <string>

#include <unistd.h>

#include "schemas/json.h"

namespace parley::bridge {

void LogLine(std::string_view text) {
  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  gmtime_r(&now, &utc);
  std::array<char, 32> stamp{};
  std::strftime(stamp.data(), stamp.size(), "%Y-%m-%dT%H:%M:%SZ", &utc);
  const std::string line = std::string(stamp.data()) + " parley-bridge: " + Printable(text, 1024) + "\n";
  // One write, so that lines of two threads do not mix. A log that cannot be written is no reason to stop.
  while (::write(STDERR_FILENO, line.data(), line.size()) < 0 && errno == EINTR) {
  }
}

}  // namespace parley::bridge
