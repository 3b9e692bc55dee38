#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "client/cli/global.h"
#include "client/cli/help.h"
#include "schemas/result.h"

namespace parley::client {

struct DoctorOptions {
  GlobalOptions global;  // --config is the broker's here
  std::string configuration = "/etc/mosquitto/mosquitto.conf";
  std::optional<std::string> data;  // else what the configuration says
  uint16_t http_port = 8080;
  bool quiet = false;  // no line for what is well
};

Result<DoctorOptions> ParseDoctorOptions(const std::vector<std::string>& words);
CommandHelp DoctorHelp();

}  // namespace parley::client
