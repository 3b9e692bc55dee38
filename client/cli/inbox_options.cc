#include "client/cli/inbox_options.h"

#include "client/cli/global_options.h"

namespace parley::client {
namespace {

namespace po = boost::program_options;

po::options_description Visible() {
  po::options_description own("Options");
  own.add_options()("follow,f", po::bool_switch(), "go on with what comes, until interrupted");
  return own;
}

}  // namespace

Result<InboxOptions> ParseInboxOptions(const std::vector<std::string>& words) {
  Result<ParsedWords> parsed = ParseWords(words, Visible(), {});
  if (!parsed) return std::move(parsed).error();
  InboxOptions options;
  options.global = parsed->global;
  options.follow = Flag(parsed->own, "follow");
  return options;
}

CommandHelp InboxHelp() {
  return MakeHelp(
      "parley inbox: what has changed for you: rooms that you were added to or removed from, your role, "
      "your\n"
      "cursors on other devices, your profile. The newest 50, oldest first.\n\n"
      "  parley inbox\n"
      "  parley inbox --follow --json",
      Visible());
}

}  // namespace parley::client
