#include "client/cli/chat_options.h"

#include "client/cli/chat_input.h"
#include "client/cli/global_options.h"
#include "schemas/limits.h"
#include "schemas/names.h"

namespace parley::client {
namespace {

namespace po = boost::program_options;

po::options_description Visible() {
  po::options_description own("Options");
  own.add_options()                                                                                      //
      ("last,n", po::value<std::string>()->value_name("N"), "first the last N messages (10)")            //
      ("resume", po::bool_switch(), "first all since the last chat --resume of the room ended instead")  //
      ("receipts", po::bool_switch(),
       "tell others how far you have read, show that and who is typing (on a terminal anyway)")  //
      ("private", po::bool_switch(), "neither, on a terminal, too")                              //
      ("timeout", po::value<std::string>()->value_name("S"),
       "at the end, seconds to wait for the acks that are missing (60)");
  return own;
}

}  // namespace

Result<ChatOptions> ParseChatOptions(const std::vector<std::string>& words) {
  Result<ParsedWords> parsed = ParseWords(words, Visible(), {"room"});
  if (!parsed) return std::move(parsed).error();
  const po::variables_map& values = parsed->own;
  ChatOptions options;
  options.global = parsed->global;
  if (options.global.help) return options;
  const std::optional<std::string> name = Text(values, "room");
  if (!name) return Error{Code::INVALID_ARGUMENT, "which room? parley chat ROOM"};
  Result<RoomId> room = ParseRoomId(*name);
  if (!room) return std::move(room).error();
  options.room = room->str();
  const auto last = WholeNumber(values, "last", 0, parley::limits::kPageMax);
  if (!last) return last.error();
  options.last = static_cast<uint32_t>(last->value_or(options.last));
  options.resume = Flag(values, "resume");
  options.share = Flag(values, "receipts");
  options.keep_private = Flag(values, "private");
  if (options.share && options.keep_private) {
    return Error{Code::INVALID_ARGUMENT, "--receipts or --private, not both"};
  }
  const auto patience_ms = Seconds(values, "timeout");
  if (!patience_ms) return patience_ms.error();
  options.patience_ms = patience_ms->value_or(options.patience_ms);
  return options;
}

CommandHelp ChatHelp() {
  return MakeHelp(
      "parley chat ROOM: shows a room and sends each line that you type.\n"
      "It comes back by itself after a lost connection, shows what it missed, and sends what was not "
      "acknowledged\n"
      "again. With --json: events and acks, an object a line.\n\n" +
          std::string(ChatInputHelp()) +
          "\n\n"
          "  parley chat lobby\n"
          "  echo 'the build is done' | parley chat lobby",
      Visible());
}

}  // namespace parley::client
