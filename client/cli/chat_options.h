#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "client/cli/global.h"
#include "client/cli/help.h"
#include "schemas/result.h"

namespace parley::client {

struct ChatOptions {
  GlobalOptions global;
  std::string room;
  uint32_t last = 10;  // events shown at the start
  bool resume = false;
  bool share = false;            // say how far it was read, show the same of others, also without a terminal
  bool keep_private = false;     // say nothing of it, on a terminal, too
  int64_t patience_ms = 60'000;  // at the end, for the acks that are missing
};

Result<ChatOptions> ParseChatOptions(const std::vector<std::string>& words);
CommandHelp ChatHelp();

}  // namespace parley::client
