#pragma once

#include <atomic>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "client/cli/connection.h"
#include "client/cli/help.h"

namespace parley::client {

// What a command is started with.
struct CommandContext {
  std::vector<std::string> words;  // options and arguments, without the command's name
  Environment environment;
  const std::atomic<bool>& interrupted;  // by SIGINT or SIGTERM
};

// A command of the `parley` program. `run` returns the exit code.
struct Command {
  std::string_view name;
  std::string_view summary;
  int (*run)(const CommandContext& context);
  CommandHelp (*help)();
};

// All commands, in the order of the help. Help, completion and the manual are made from this table.
std::span<const Command> Commands();

// Runs the command line (without the program's name); returns the exit code: 0, 64 for a command line that is
// wrong, 130 when interrupted, else the one of schemas/code.h for what failed first.
int RunCommandLine(std::vector<std::string> words, const Environment& environment,
                   const std::atomic<bool>& interrupted);

}  // namespace parley::client
