#include "client/cli/admin_options.h"

#include <utility>

#include "client/cli/field_table_options.h"
#include "client/cli/global_options.h"

namespace parley::client {
namespace {

namespace po = boost::program_options;

const std::vector<std::string>& Fields() {
  static const std::vector<std::string> fields = {
      "role",       "kind",     "title",        "history", "member", "retention-days", "max-message-bytes",
      "deny",       "priority", "content-type", "client",  "room",   "event",          "url",
      "new-secret", "disable",  "enable"};
  return fields;
}

po::options_description Visible() {
  po::options_description own("Options");
  own.add_options()  //
      ("new-password", po::value<std::string>()->value_name("W"),
       "the user's password (or --password behind the command)")   //
      ("password-stdin", po::bool_switch(), "read it from stdin")  //
      ("no-password", po::bool_switch(), "make a user who cannot log in yet");
  AddFieldOptions(Fields(), own);
  return own;
}

}  // namespace

Result<AdminOptions> ParseAdminOptions(const std::vector<std::string>& words) {
  Arguments taken = TakeSubcommand(words, Visible());
  if (taken.command == "create-user" || taken.command == "set-password") {
    for (size_t i = taken.before; i < taken.words.size(); ++i) {
      std::string& word = taken.words[i];
      if (word == "--password" || word.rfind("--password=", 0) == 0) word.insert(2, "new-");
    }
  }
  Result<ParsedWords> parsed = ParseWords(taken.words, Visible(), {"argument..."});
  if (!parsed) return std::move(parsed).error();
  const po::variables_map& values = parsed->own;
  AdminOptions options;
  options.global = parsed->global;
  options.subcommand = taken.command;
  options.arguments = Texts(values, "argument");
  options.new_password = Text(values, "new-password");
  options.password_stdin = Flag(values, "password-stdin");
  options.no_password = Flag(values, "no-password");
  options.values = GivenFieldOptions(Fields(), values);
  return options;
}

CommandHelp AdminHelpOf(std::vector<SubcommandHelp> subcommands) {
  return MakeHelp(
      "parley admin SUBCOMMAND: what admins do.\n\n"
      "  parley admin create-user bob --password-stdin\n"
      "  parley admin create-room lobby --kind group --member alice:owner --member bob",
      Visible(), std::move(subcommands));
}

}  // namespace parley::client
