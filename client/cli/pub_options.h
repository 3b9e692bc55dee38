#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "client/cli/global.h"
#include "client/cli/help.h"
#include "schemas/result.h"

namespace parley::client {

struct PubOptions {
  GlobalOptions global;
  std::string topic;
  std::optional<std::string> text;  // none: from stdin or from_file
  std::optional<std::string> from_file;
  bool lines = false;  // each line of the input is a message
  bool empty = false;  // a payload of no bytes: takes back what the topic retains
  bool retain = false;
  int qos = 1;
  bool no_answer = false;        // do not wait for the chat's own answer
  int64_t patience_ms = 10'000;  // for each answer
};

Result<PubOptions> ParsePubOptions(const std::vector<std::string>& words);
CommandHelp PubHelp();

}  // namespace parley::client
