#pragma once

#include <string>
#include <vector>

#include "client/cli/global.h"
#include "client/cli/help.h"
#include "schemas/result.h"

namespace parley::client {

struct InboxOptions {
  GlobalOptions global;
  bool follow = false;  // go on with what comes
};

Result<InboxOptions> ParseInboxOptions(const std::vector<std::string>& words);
CommandHelp InboxHelp();

}  // namespace parley::client
