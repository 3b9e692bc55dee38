#include "client/cli/request_options.h"

#include <utility>

#include "client/cli/field_table_options.h"
#include "client/cli/global_options.h"

namespace parley::client {
namespace {

namespace po = boost::program_options;

po::options_description Visible(const std::vector<std::string>& fields) {
  po::options_description own("Options");
  AddFieldOptions(fields, own);
  return own;
}

}  // namespace

Result<RequestOptions> ParseRequestOptions(const std::vector<std::string>& words,
                                           const std::vector<std::string>& fields) {
  const po::options_description own = Visible(fields);
  const Arguments taken = TakeSubcommand(words, own);
  Result<ParsedWords> parsed = ParseWords(taken.words, own, {"argument..."});
  if (!parsed) return std::move(parsed).error();
  RequestOptions options;
  options.global = parsed->global;
  options.subcommand = taken.command;
  options.arguments = Texts(parsed->own, "argument");
  options.values = GivenFieldOptions(fields, parsed->own);
  return options;
}

CommandHelp RequestHelp(std::string_view usage, const std::vector<std::string>& fields,
                        std::vector<SubcommandHelp> subcommands) {
  return MakeHelp(usage, Visible(fields), std::move(subcommands));
}

}  // namespace parley::client
