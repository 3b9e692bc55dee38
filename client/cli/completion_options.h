#pragma once

#include <string>
#include <vector>

#include "client/cli/global.h"
#include "client/cli/help.h"
#include "schemas/result.h"

namespace parley::client {

struct CompletionOptions {
  GlobalOptions global;
  std::string shell;
};

// Also for `parley manual`, which takes no shell.
Result<CompletionOptions> ParseCompletionOptions(const std::vector<std::string>& words);
CommandHelp CompletionHelp();
CommandHelp ManualHelp();

}  // namespace parley::client
