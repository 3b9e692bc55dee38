#include "client/cli/admin_options.h"

#include <array>
#include <string_view>

#include "client/cli/arguments.h"
#include "client/cli/global_options.h"

namespace parley::client {
namespace {

namespace po = boost::program_options;

constexpr std::array<std::string_view, 14> kValueOptions = {
    "--host",      "--port",        "--user",          "-u",
    "--password",  "--config",      "--password-file", "--connect-timeout",
    "--client-id", "--role",        "--kind",          "--title",
    "--member",    "--new-password"};

po::options_description Visible() {
  po::options_description own("Options");
  own.add_options()  //
      ("new-password", po::value<std::string>()->value_name("W"),
       "the user's password (or --password behind the command)")               //
      ("password-stdin", po::bool_switch(), "read it from stdin")              //
      ("no-password", po::bool_switch(), "make a user who cannot log in yet")  //
      ("role", po::value<std::vector<std::string>>()->value_name("R"),
       "create-user: admin; may be repeated")  //
      ("kind", po::value<std::string>()->value_name("K"),
       "person, device, bot, service; of a room: group, public, channel, device")  //
      ("title", po::value<std::string>()->value_name("T"), "the room's title")     //
      ("member", po::value<std::vector<std::string>>()->value_name("U[:R]"),
       "a first member and role (member); may be repeated");
  return own;
}

}  // namespace

Result<AdminOptions> ParseAdminOptions(const std::vector<std::string>& words) {
  Arguments taken = TakeCommand(words, kValueOptions);
  if (taken.command == "create-user" || taken.command == "set-password") {
    for (size_t i = taken.before; i < taken.words.size(); ++i) {
      std::string& word = taken.words[i];
      if (word == "--password" || word.rfind("--password=", 0) == 0) word.insert(2, "new-");
    }
  }
  po::options_description own = Visible();
  own.add_options()("argument", po::value<std::vector<std::string>>());
  po::positional_options_description positional;
  positional.add("argument", -1);
  Result<ParsedWords> parsed = ParseWords(taken.words, own, positional);
  if (!parsed) return std::move(parsed).error();
  const po::variables_map& values = parsed->own;
  AdminOptions options;
  options.global = parsed->global;
  options.subcommand = taken.command;
  options.arguments = Texts(values, "argument");
  options.new_password = Text(values, "new-password");
  options.password_stdin = Flag(values, "password-stdin");
  options.no_password = Flag(values, "no-password");
  options.roles = Texts(values, "role");
  options.kind = Text(values, "kind");
  options.title = Text(values, "title");
  options.members = Texts(values, "member");
  return options;
}

std::string AdminHelp() {
  return HelpText(
      "parley admin SUBCOMMAND: what admins do.\n\n"
      "  create-user NAME   set-password NAME   delete-user NAME   list-users\n"
      "  create-room NAME   get-room ROOM       list-rooms         stats\n"
      "  add-member ROOM USER [ROLE]   remove-member ROOM USER   set-role ROOM USER ROLE\n"
      "  batch     commands as JSON, one a line, from stdin\n\n"
      "  parley admin create-user bob --password-stdin\n"
      "  parley admin create-room lobby --kind group --member alice:owner --member bob",
      Visible());
}

}  // namespace parley::client
