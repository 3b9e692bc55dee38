#pragma once

#include <optional>
#include <string>
#include <vector>

#include "client/cli/global.h"
#include "client/cli/help.h"
#include "schemas/result.h"

namespace parley::client {

struct LoginOptions {
  GlobalOptions global;
  std::optional<std::string> credentials;  // a file of username=… and password=…
};

Result<LoginOptions> ParseLoginOptions(const std::vector<std::string>& words);
CommandHelp LoginHelp();

}  // namespace parley::client
