#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace parley::client {

// A command line, taken apart: `parley [global options] COMMAND [SUBCOMMAND] [options and arguments]`.
// Global options may stand anywhere.
struct Arguments {
  std::string command;             // "" when there is none
  std::vector<std::string> words;  // all other words, options included, in order
  size_t before = 0;               // how many of them stood before the command
};

// Takes the first word that is neither an option nor the value of one of `value_options` ("--host") as the
// command. Pure.
Arguments TakeCommand(std::vector<std::string> words, std::span<const std::string> value_options);

}  // namespace parley::client
