#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "client/cli/global.h"
#include "client/cli/help.h"
#include "schemas/result.h"

namespace parley::client {

struct BenchOptions {
  GlobalOptions global;
  std::vector<std::string> rooms;
  size_t publishers = 1;
  size_t subscribers = 1;
  size_t message_bytes = 128;
  uint64_t rate = 0;  // messages a second of each publisher; 0 = as fast as the acks allow
  size_t window = 16;
  int64_t duration_ms = 10'000;
};

Result<BenchOptions> ParseBenchOptions(const std::vector<std::string>& words);
CommandHelp BenchHelp();

}  // namespace parley::client
