#include "client/cli/explain_options.h"

#include "client/cli/global_options.h"
#include "schemas/names.h"

namespace parley::client {

namespace po = boost::program_options;

Result<ExplainOptions> ParseExplainOptions(const std::vector<std::string>& words) {
  Result<ParsedWords> parsed = ParseWords(words, po::options_description(), {"room", "seq"});
  if (!parsed) return std::move(parsed).error();
  ExplainOptions options;
  options.global = parsed->global;
  if (options.global.help) return options;
  Result<RoomId> room = ParseRoomId(Text(parsed->own, "room").value_or(""));
  if (!room) return std::move(room).error();
  options.request.set_room(room->str());
  const auto seq = WholeNumber(parsed->own, "seq", 1, UINT64_MAX);
  if (!seq || !*seq) {
    return Error{Code::INVALID_ARGUMENT, "which message? parley explain ROOM SEQ, its number in the room"};
  }
  options.request.set_seq(**seq);
  return options;
}

CommandHelp ExplainHelp() {
  return MakeHelp(
      "parley explain ROOM SEQ: what became of a message: when it was taken, on disk, delivered, pushed and\n"
      "read, and for each device that might be told of it whether it was, and why not. Its sender, owners "
      "and\n"
      "moderators of the room see all members, others themselves.\n\n"
      "  parley explain lobby 7",
      po::options_description());
}

}  // namespace parley::client
