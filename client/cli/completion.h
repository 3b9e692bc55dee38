#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "client/cli/help.h"
#include "schemas/result.h"

namespace parley::client {

// A command as completion and the manual need it.
struct CommandPage {
  std::string name;
  std::string summary;
  CommandHelp help;
};

// The completion script for bash, zsh or fish: commands, subcommands and options, files where an option takes
// one. INVALID_ARGUMENT for another shell. Pure.
Result<std::string> CompletionScript(std::string_view shell, const std::vector<CommandPage>& commands,
                                     const std::vector<OptionHelp>& global);

// parley(1) in roff (man macros). `date`: of the page, such as 2026-11-25; `version`: of the program. Pure.
std::string ManualPage(const std::vector<CommandPage>& commands, const std::vector<OptionHelp>& global,
                       std::string_view settings, std::string_view version);

}  // namespace parley::client
