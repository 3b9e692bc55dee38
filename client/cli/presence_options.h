#pragma once

#include <string>
#include <vector>

#include "client/cli/global.h"
#include "client/cli/help.h"
#include "parley/v1/request.pb.h"
#include "schemas/result.h"

namespace parley::client {

struct PresenceOptions {
  GlobalOptions global;
  v1::PresenceGetRequest get;
  v1::PresenceSetRequest set;  // empty: nothing is to be set
  bool watch = false;

  bool sets() const { return set.has_state() || set.has_status_text(); }
};

Result<PresenceOptions> ParsePresenceOptions(const std::vector<std::string>& words);
CommandHelp PresenceHelp();

}  // namespace parley::client
