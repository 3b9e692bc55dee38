#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "client/cli/global.h"
#include "client/cli/help.h"
#include "client/cli/shape.h"
#include "schemas/result.h"

namespace parley::client {

// What `parley rooms|members|users|access SUBCOMMAND …` says, before it is made a request.
struct RequestOptions {
  GlobalOptions global;
  std::string subcommand;  // "" when there is none
  std::vector<std::string> arguments;
  OptionValues values;
};

// `fields`: the options that become fields of a request, of the table in field_table_options.cc.
Result<RequestOptions> ParseRequestOptions(const std::vector<std::string>& words,
                                           const std::vector<std::string>& fields);

// `usage`: what stands above the subcommands and options.
CommandHelp RequestHelp(std::string_view usage, const std::vector<std::string>& fields,
                        std::vector<SubcommandHelp> subcommands);

}  // namespace parley::client
