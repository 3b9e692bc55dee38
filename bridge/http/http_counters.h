#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <utility>

#include "bridge/metrics/registry.h"

namespace parley::bridge {

// What the HTTP edge has done. Any thread.
class HttpCounters {
 public:
  void Opened();
  void Closed();
  // A connection above the bound was closed at once.
  void TurnedAway();
  // `path`: of a route, or "other".
  void Answered(const std::string& path, int status);
  void Collect(MetricsPage& page) const;

 private:
  mutable std::mutex mutex_;
  uint64_t open_ = 0;                                         // guarded by mutex_
  uint64_t turned_away_ = 0;                                  // guarded by mutex_
  std::map<std::pair<std::string, int>, uint64_t> answered_;  // guarded by mutex_
};

}  // namespace parley::bridge
