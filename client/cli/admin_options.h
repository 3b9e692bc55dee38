#pragma once

#include <optional>
#include <string>
#include <vector>

#include "client/cli/global.h"
#include "client/cli/help.h"
#include "client/cli/shape.h"
#include "schemas/result.h"

namespace parley::client {

// What `parley admin SUBCOMMAND …` says, before it is made a command of the protocol.
struct AdminOptions {
  GlobalOptions global;
  std::string subcommand;
  std::vector<std::string> arguments;
  std::optional<std::string> new_password;
  bool password_stdin = false;
  bool no_password = false;
  OptionValues values;  // those that become fields of the command
};

// Behind create-user and set-password, --password is that of the user they name; yours stands before, or
// comes from the environment or the settings.
Result<AdminOptions> ParseAdminOptions(const std::vector<std::string>& words);
// `subcommands`: what the help lists.
CommandHelp AdminHelpOf(std::vector<SubcommandHelp> subcommands);

}  // namespace parley::client
