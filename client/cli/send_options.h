#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "client/cli/global.h"
#include "client/cli/help.h"
#include "parley/v1/message.pb.h"
#include "schemas/result.h"

namespace parley::client {

struct SendOptions {
  GlobalOptions global;
  std::string room;
  std::optional<std::string> text;  // none: from stdin or from_file
  std::optional<std::string> from_file;
  std::optional<std::string> content_type;  // a custom body instead of text
  bool whole = false;                       // all input is one message
  bool skip_empty = false;
  bool quiet = false;
  int qos = 1;
  size_t window = 64;
  int64_t patience_ms = 60'000;
  v1::Draft draft;  // all but the body: id, mentions, reply_to, thread
};

Result<SendOptions> ParseSendOptions(const std::vector<std::string>& words);
CommandHelp SendHelp();

}  // namespace parley::client
