#include "bridge/metrics/process_metrics.h"

#include <ctime>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>

#include <sys/resource.h>
#include <unistd.h>

namespace parley::bridge {
namespace {

struct StatLine {
  double start_ticks = 0;  // since the machine's start
  double resident_pages = 0;
};

// /proc/self/stat (proc(5)): the fields behind the program's name, which may hold spaces.
std::optional<StatLine> ReadStat() {
  std::ifstream file("/proc/self/stat");
  std::string line;
  if (!std::getline(file, line)) return std::nullopt;
  const size_t name_end = line.rfind(')');
  if (name_end == std::string::npos) return std::nullopt;
  std::istringstream fields(line.substr(name_end + 1));
  std::string field;
  StatLine stat;
  constexpr int kFirst = 3;
  constexpr int kStartTime = 22;
  constexpr int kResident = 24;
  for (int number = kFirst; number <= kResident && fields >> field; ++number) {
    if (number == kStartTime) stat.start_ticks = std::stod(field);
    if (number == kResident) stat.resident_pages = std::stod(field);
  }
  return stat;
}

std::optional<double> ReadBootTime() {
  std::ifstream file("/proc/stat");
  std::string word;
  double value = 0;
  while (file >> word) {
    if (word == "btime" && file >> value) return value;
  }
  return std::nullopt;
}

double Seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

}  // namespace

void CollectProcess(MetricsPage& page) {
  rusage usage{};
  if (::getrusage(RUSAGE_SELF, &usage) == 0) {
    page.Counter("process_cpu_seconds_total", "Processor time of the bridge, user and system.")
        .Add(Seconds(usage.ru_utime) + Seconds(usage.ru_stime));
  }
  if (const std::optional<StatLine> stat = ReadStat()) {
    page.Gauge("process_resident_memory_bytes", "Memory of the bridge.")
        .Add(stat->resident_pages * static_cast<double>(::sysconf(_SC_PAGESIZE)));
    if (const std::optional<double> boot = ReadBootTime()) {
      page.Gauge("process_start_time_seconds", "When the bridge was started, as Unix time.")
          .Add(*boot + stat->start_ticks / static_cast<double>(::sysconf(_SC_CLK_TCK)));
    }
  }
  std::error_code error;
  const std::filesystem::directory_iterator files("/proc/self/fd", error);
  if (!error) {
    page.Gauge("process_open_fds", "Open files and connections of the bridge.")
        .Add(static_cast<double>(std::distance(begin(files), end(files))));
  }
}

}  // namespace parley::bridge
