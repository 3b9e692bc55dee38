#pragma once

#include <optional>
#include <string>
#include <vector>

#include "client/cli/global.h"
#include "schemas/result.h"

namespace parley::client {

struct LoginOptions {
  GlobalOptions global;
  std::optional<std::string> credentials;  // a file of username=… and password=…
};

Result<LoginOptions> ParseLoginOptions(const std::vector<std::string>& words);
std::string LoginHelp();

}  // namespace parley::client
