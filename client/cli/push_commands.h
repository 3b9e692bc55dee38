#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "client/cli/request_commands.h"
#include "client/cli/request_options.h"
#include "schemas/result.h"

namespace parley::client {

// The requests behind `parley push`. Pure but for what is passed in.

const RequestGroup& PushRequests();

// What a request takes from outside of the command line.
struct PushSurroundings {
  std::function<Result<std::string>(const std::string& path)> read;  // the text of a file; "-" is stdin
  uint64_t now_ms = 0;                                               // wall clock
  bool has_client_id = false;  // the user has a fixed client id, so that it names the device
};
// INVALID_ARGUMENT, in words of the command line; what `read` says.
Result<RequestCall> PushCallOf(const RequestOptions& options, const PushSurroundings& surroundings);

// A reply as a person reads it, or as one JSON object.
std::vector<std::string> ReadPushReply(const RequestCall& call, const std::string& reply, bool json);

}  // namespace parley::client
