#pragma once

#include <string>
#include <vector>

#include "client/cli/global.h"
#include "schemas/result.h"

namespace parley::client {

struct RoomsOptions {
  GlobalOptions global;
};

Result<RoomsOptions> ParseRoomsOptions(const std::vector<std::string>& words);
std::string RoomsHelp();

}  // namespace parley::client
