#include "client/cli/presence_options.h"

#include <algorithm>
#include <cctype>
#include <optional>

#include "client/cli/global_options.h"
#include "schemas/json.h"

namespace parley::client {
namespace {

namespace po = boost::program_options;

po::options_description Visible() {
  po::options_description own("Options");
  own.add_options()                                                                                      //
      ("room", po::value<std::string>()->value_name("R"), "the members of this room")                    //
      ("set", po::value<std::string>()->value_name("STATE"), "you are: online, away, dnd or invisible")  //
      ("status", po::value<std::string>()->value_name("TEXT"), "your status text; '' takes it away")     //
      ("watch", po::bool_switch(), "show what changes, until you stop it");
  return own;
}

}  // namespace

Result<PresenceOptions> ParsePresenceOptions(const std::vector<std::string>& words) {
  Result<ParsedWords> parsed = ParseWords(words, Visible(), {"who..."});
  if (!parsed) return std::move(parsed).error();
  PresenceOptions options;
  options.global = parsed->global;
  if (options.global.help) return options;
  const po::variables_map& values = parsed->own;
  for (const std::string& user : Texts(values, "who")) options.get.add_users(user);
  options.get.set_room(Text(values, "room").value_or(""));
  options.watch = Flag(values, "watch");
  if (std::optional<std::string> state = Text(values, "set")) {
    std::string name = *state;
    std::transform(name.begin(), name.end(), name.begin(),
                   [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    v1::Presence::State parsed_state = v1::Presence::OFFLINE;
    if (!v1::Presence::State_Parse(name, &parsed_state) || parsed_state == v1::Presence::OFFLINE) {
      return Error{Code::INVALID_ARGUMENT,
                   "--set is online, away, dnd or invisible, not " + Printable(*state, 64)};
    }
    options.set.set_state(parsed_state);
  }
  if (std::optional<std::string> text = Text(values, "status")) options.set.set_status_text(*text);
  const bool shows = options.watch || options.get.users_size() > 0 || !options.get.room().empty();
  if (options.sets() && shows) {
    return Error{Code::INVALID_ARGUMENT, "either --set and --status, or users, --room and --watch"};
  }
  return options;
}

CommandHelp PresenceHelp() {
  return MakeHelp(
      "parley presence [USER...]: who is online (you), and what they say of themselves; or says what you "
      "are.\n"
      "Others are seen by those who share a room with them.\n\n"
      "  parley presence alice bob\n"
      "  parley presence --room lobby --watch\n"
      "  parley presence --set away --status 'at lunch'",
      Visible());
}

}  // namespace parley::client
