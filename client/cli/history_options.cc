#include "client/cli/history_options.h"

#include <charconv>
#include <ctime>

#include "client/cli/global_options.h"
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

Result<uint64_t> ParseTime(std::string_view text) {
  const Error wrong{Code::INVALID_ARGUMENT,
                    "a time is like 2026-11-25, 2026-11-25 08:30 or 2026-11-25T08:30:15Z"};
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc() && end == text.data() + text.size()) return number;
  std::string copy(text);
  const bool utc = !copy.empty() && copy.back() == 'Z';
  if (utc) copy.pop_back();
  for (const char* format :
       {"%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M", "%Y-%m-%d"}) {
    tm parts{};
    parts.tm_isdst = -1;
    const char* rest = strptime(copy.c_str(), format, &parts);
    if (rest == nullptr || *rest != '\0') continue;
    const time_t seconds = utc ? timegm(&parts) : mktime(&parts);
    if (seconds < 0) return wrong;
    return static_cast<uint64_t>(seconds) * 1'000;
  }
  return wrong;
}

Result<HistoryOptions> ParseHistoryOptions(const std::vector<std::string>& words) {
  po::options_description own = Visible();
  own.add_options()("room", po::value<std::string>());
  po::positional_options_description positional;
  positional.add("room", 1);
  Result<ParsedWords> parsed = ParseWords(words, own, positional);
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
