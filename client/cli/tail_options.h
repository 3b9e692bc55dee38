#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "client/api/client.h"
#include "client/cli/global.h"
#include "schemas/result.h"

namespace parley::client {

struct TailOptions {
  GlobalOptions global;
  StreamConfig stream;
  std::optional<uint64_t> count;      // end after so many events
  std::optional<int64_t> timeout_ms;  // end after so long
};

Result<TailOptions> ParseTailOptions(const std::vector<std::string>& words);
std::string TailHelp();

}  // namespace parley::client
