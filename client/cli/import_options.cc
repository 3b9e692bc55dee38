#include "client/cli/import_options.h"

#include "client/cli/global_options.h"

namespace parley::client {
namespace {

namespace po = boost::program_options;

po::options_description Visible() {
  po::options_description own("Options");
  own.add_options()                                                                       //
      ("acl-file", po::value<std::string>()->value_name("FILE"), "Mosquitto's acl_file")  //
      ("import-password-file", po::value<std::string>()->value_name("FILE"),
       "Mosquitto's password_file (or --password-file behind import)")  //
      ("dry-run", po::bool_switch(), "only show what would be done and what cannot be carried over");
  return own;
}

}  // namespace

bool IsImport(const std::vector<std::string>& words) {
  return TakeSubcommand(words, Visible()).command == "import";
}

Result<ImportOptions> ParseImportOptions(const std::vector<std::string>& words) {
  Arguments taken = TakeSubcommand(words, Visible());
  for (size_t i = taken.before; i < taken.words.size(); ++i) {  // before the command it is one's own
    std::string& word = taken.words[i];
    if (word == "--password-file" || word.rfind("--password-file=", 0) == 0) word.insert(2, "import-");
  }
  Result<ParsedWords> parsed = ParseWords(taken.words, Visible(), {});
  if (!parsed) return std::move(parsed).error();
  ImportOptions options;
  options.global = parsed->global;
  options.acl_file = Text(parsed->own, "acl-file");
  options.password_file = Text(parsed->own, "import-password-file");
  options.dry_run = Flag(parsed->own, "dry-run");
  if (!options.global.help && !options.acl_file && !options.password_file) {
    return Error{Code::INVALID_ARGUMENT, "give --acl-file, --password-file, or both"};
  }
  return options;
}

CommandHelp ImportHelp() {
  return MakeHelp(
      "parley admin import: takes over users and rules of Mosquitto's password_file and acl_file, with the "
      "same\n"
      "meaning. Passwords stay valid: their hashes are replaced by better ones when their users log in. What "
      "is\n"
      "there already stays. Try it with --dry-run, which changes nothing.\n\n"
      "  parley admin import --acl-file /etc/mosquitto/acl --password-file /etc/mosquitto/passwd --dry-run",
      Visible());
}

}  // namespace parley::client
