#include "client/cli/history_options.h"

#include "client/cli/global_options.h"
#include "client/cli/times.h"
#include "schemas/limits.h"
#include "schemas/names.h"

namespace parley::client {
namespace {

namespace po = boost::program_options;

po::options_description Visible() {
  po::options_description own("Options");
  own.add_options()                                                                                         //
      ("before", po::value<std::string>()->value_name("N"), "those before seq N")                           //
      ("after", po::value<std::string>()->value_name("N"), "those after seq N")                             //
      ("around", po::value<std::string>()->value_name("N"), "those around seq N")                           //
      ("at", po::value<std::string>()->value_name("TIME"), "from 2026-11-25 08:30 on (or with T; Z: UTC)")  //
      ("limit", po::value<std::string>()->value_name("N"), "at most N (50; up to 1000)")                    //
      ("fold", po::bool_switch(), "as a person reads it: edits, deletes, reactions applied")                //
      ("all", po::bool_switch(), "page after page, oldest first");
  return own;
}

Status ReadPosition(const po::variables_map& values, HistoryOptions& options) {
  v1::HistoryPageRequest& request = options.request;
  const auto before = WholeNumber(values, "before", 1, UINT64_MAX);
  if (!before) return before.error();
  const auto after = WholeNumber(values, "after", 0, UINT64_MAX);
  if (!after) return after.error();
  const auto around = WholeNumber(values, "around", 1, UINT64_MAX);
  if (!around) return around.error();
  if (*before) request.set_before(**before);
  if (*after) request.set_after(**after);
  if (*around) request.set_around(**around);
  if (const auto at = Text(values, "at")) {
    Result<uint64_t> at_ms = ParseTime(*at);
    if (!at_ms) return std::move(at_ms).error().Within("--at");
    request.set_at_ms(*at_ms);
  }
  const int positions =
      request.has_before() + request.has_after() + request.has_around() + request.has_at_ms();
  if (positions > 1) return Error{Code::INVALID_ARGUMENT, "one of --before, --after, --around, --at"};
  if (options.all && (request.has_before() || request.has_around())) {
    return Error{Code::INVALID_ARGUMENT, "--all goes forward: with --after or --at"};
  }
  return {};
}

}  // namespace

Result<HistoryOptions> ParseHistoryOptions(const std::vector<std::string>& words) {
  Result<ParsedWords> parsed = ParseWords(words, Visible(), {"room"});
  if (!parsed) return std::move(parsed).error();
  const po::variables_map& values = parsed->own;
  HistoryOptions options;
  options.global = parsed->global;
  if (options.global.help) return options;
  Result<RoomId> room = ParseRoomId(Text(values, "room").value_or(""));
  if (!room) return std::move(room).error();
  options.request.set_room(room->str());
  options.request.set_fold(Flag(values, "fold"));
  options.all = Flag(values, "all");
  const auto limit = WholeNumber(values, "limit", 1, parley::limits::kPageMax);
  if (!limit) return limit.error();
  options.request.set_limit(static_cast<uint32_t>(limit->value_or(0)));
  if (Status position = ReadPosition(values, options); !position) return std::move(position).error();
  return options;
}

CommandHelp HistoryHelp() {
  return MakeHelp(
      "parley history ROOM: shows events of a room, oldest first; without a position, the newest.\n\n"
      "  parley history lobby --limit 20\n"
      "  parley history lobby --all --json",
      Visible());
}

}  // namespace parley::client
