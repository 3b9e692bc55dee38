#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <boost/program_options/options_description.hpp>
#include <boost/program_options/variables_map.hpp>

#include "client/cli/arguments.h"
#include "client/cli/global.h"
#include "client/cli/help.h"
#include "schemas/result.h"

namespace parley::client {

// For the *_options files only: Boost stays in them.

struct ParsedWords {
  GlobalOptions global;
  boost::program_options::variables_map own;
};

// Parses a command's words: `own` and `arguments` say what the command takes, the global options come along.
// An argument is a word without an option: each of the names takes one, as a text; the last, when it ends in
// "...", takes all that follow, as texts under the name without the dots.
// INVALID_ARGUMENT, one line, for an unknown option, a bad value or a word too many.
Result<ParsedWords> ParseWords(const std::vector<std::string>& words,
                               const boost::program_options::options_description& own,
                               const std::vector<std::string>& arguments);

// Takes the subcommand out of a command's words; `own` are the options that the command takes.
Arguments TakeSubcommand(const std::vector<std::string>& words,
                         const boost::program_options::options_description& own);

// What an options description holds, without Boost.
std::vector<OptionHelp> DescribeOptions(const boost::program_options::options_description& description);

// The help of a command: usage (its first line is "parley NAME …: what it does"), subcommands, options; its
// text shows the global ones, too.
CommandHelp MakeHelp(std::string_view usage, const boost::program_options::options_description& own,
                     std::vector<SubcommandHelp> subcommands = {});

// The value of a string option or argument; all values of one that may be repeated.
std::optional<std::string> Text(const boost::program_options::variables_map& values, const char* name);
std::vector<std::string> Texts(const boost::program_options::variables_map& values, const char* name);
bool Flag(const boost::program_options::variables_map& values, const char* name);
// A whole number from min to max, given as a string option. INVALID_ARGUMENT names the option.
Result<std::optional<uint64_t>> WholeNumber(const boost::program_options::variables_map& values,
                                            const char* name, uint64_t min, uint64_t max);
// Seconds, with a fraction, above 0, as milliseconds.
Result<std::optional<int64_t>> Seconds(const boost::program_options::variables_map& values, const char* name);

}  // namespace parley::client
