#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "client/api/client.h"
#include "client/cli/global.h"
#include "client/cli/help.h"
#include "schemas/result.h"

namespace parley::client {

struct TailOptions {
  GlobalOptions global;
  StreamConfig stream;
  bool resume = false;                // continue where the last one with this option ended
  std::optional<uint64_t> count;      // end after so many events
  std::optional<int64_t> timeout_ms;  // end after so long
};

Result<TailOptions> ParseTailOptions(const std::vector<std::string>& words);
CommandHelp TailHelp();

}  // namespace parley::client
