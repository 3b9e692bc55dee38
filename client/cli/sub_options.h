#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "client/cli/global.h"
#include "client/cli/help.h"
#include "schemas/result.h"

namespace parley::client {

struct SubOptions {
  GlobalOptions global;
  std::vector<std::string> filters;
  int qos = 1;
  bool raw = false;  // payloads byte for byte, and nothing else
  bool skip_retained = false;
  std::optional<uint64_t> count;      // end after so many messages
  std::optional<int64_t> timeout_ms;  // end after so long
};

Result<SubOptions> ParseSubOptions(const std::vector<std::string>& words);
CommandHelp SubHelp();

}  // namespace parley::client
