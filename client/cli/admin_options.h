#pragma once

#include <optional>
#include <string>
#include <vector>

#include "client/cli/global.h"
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
  std::vector<std::string> roles;
  std::optional<std::string> kind;
  std::optional<std::string> title;
  std::vector<std::string> members;  // user[:role]
};

// Behind create-user and set-password, --password is that of the user they name; yours stands before, or
// comes from the environment or the settings.
Result<AdminOptions> ParseAdminOptions(const std::vector<std::string>& words);
std::string AdminHelp();

}  // namespace parley::client
