#include "client/cli/login_options.h"

#include "client/cli/global_options.h"

namespace parley::client {
namespace {

namespace po = boost::program_options;

po::options_description Own() {
  po::options_description own("Options");
  own.add_options()("credentials", po::value<std::string>()->value_name("F"),
                    "take user and password from a file: username=... and password=..., a line each");
  return own;
}

}  // namespace

Result<LoginOptions> ParseLoginOptions(const std::vector<std::string>& words) {
  Result<ParsedWords> parsed = ParseWords(words, Own(), {});
  if (!parsed) return std::move(parsed).error();
  return LoginOptions{parsed->global, Text(parsed->own, "credentials")};
}

CommandHelp LoginHelp() {
  return MakeHelp(
      "parley login: checks user and password at the broker and remembers them (mode 0600).\n"
      "The password is asked for, or read from stdin.\n\n"
      "  parley login --user alice\n"
      "  parley login --credentials data/admin.credentials",
      Own());
}

}  // namespace parley::client
