#pragma once

#include <memory>

#include "client/api/client.h"
#include "client/cli/command.h"
#include "client/cli/global.h"
#include "schemas/result.h"

namespace parley::client {

// The connected client that a command works with: `options` with the connection and the interruption of the
// command filled in.
Result<std::unique_ptr<Client>> OpenClient(const GlobalOptions& global, const CommandContext& context,
                                           ClientOptions options = {});

}  // namespace parley::client
