#pragma once

#include <string>
#include <vector>

namespace parley::client {

// What a command takes, as help, completion and the manual show it. All of it comes from the same
// descriptions that parse the command line, so it cannot go stale.

struct OptionHelp {
  std::string name;    // "last"
  std::string letter;  // "n"; empty when it has none
  std::string value;   // the name of its value; empty for a switch
  std::string text;
};

struct SubcommandHelp {
  std::string name;     // "create"
  std::string usage;    // "create ROOM"
  std::string summary;  // one line
};

struct CommandHelp {
  std::string usage;  // what stands above the options
  std::vector<SubcommandHelp> subcommands;
  std::vector<OptionHelp> options;  // of its own
  std::string text;                 // all of it, as --help shows it
};

// The options that every command takes.
const std::vector<OptionHelp>& GlobalOptionHelp();

// "--last" and "-n" of each option that takes a value.
std::vector<std::string> ValueOptions(const std::vector<OptionHelp>& options);

}  // namespace parley::client
