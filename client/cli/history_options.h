#pragma once

#include <string>
#include <vector>

#include "client/cli/global.h"
#include "client/cli/help.h"
#include "parley/v1/request.pb.h"
#include "schemas/result.h"

namespace parley::client {

struct HistoryOptions {
  GlobalOptions global;
  v1::HistoryPageRequest request;
  bool all = false;  // page after page, oldest first
};

Result<HistoryOptions> ParseHistoryOptions(const std::vector<std::string>& words);
CommandHelp HistoryHelp();

}  // namespace parley::client
