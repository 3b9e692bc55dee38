#pragma once

#include <string>
#include <vector>

#include "client/cli/global.h"
#include "client/cli/help.h"
#include "parley/v1/request.pb.h"
#include "schemas/result.h"

namespace parley::client {

struct ExplainOptions {
  GlobalOptions global;
  v1::MessageExplainRequest request;
};

Result<ExplainOptions> ParseExplainOptions(const std::vector<std::string>& words);
CommandHelp ExplainHelp();

}  // namespace parley::client
