#include "client/cli/rooms_options.h"

#include "client/cli/global_options.h"

namespace parley::client {

Result<RoomsOptions> ParseRoomsOptions(const std::vector<std::string>& words) {
  Result<ParsedWords> parsed = ParseWords(words, {}, {});
  if (!parsed) return std::move(parsed).error();
  return RoomsOptions{parsed->global};
}

std::string RoomsHelp() {
  return HelpText(
      "parley rooms: lists your rooms, a line each: name, kind, your role, head, unread, title.\n\n"
      "  parley rooms",
      {});
}

}  // namespace parley::client
