#include "client/cli/tail_options.h"

#include "client/cli/global_options.h"
#include "schemas/limits.h"
#include "schemas/names.h"

namespace parley::client {
namespace {

namespace po = boost::program_options;

po::options_description Visible() {
  po::options_description own("Options");
  own.add_options()                                                                               //
      ("last,n", po::value<std::string>()->value_name("N"), "first the last N of each room (0)")  //
      ("all", po::bool_switch(), "first all that the rooms hold")                                 //
      ("resume", po::bool_switch(), "first all since the last tail --resume of this user ended")  //
      ("count", po::value<std::string>()->value_name("N"), "end after N events")                  //
      ("timeout", po::value<std::string>()->value_name("S"), "end after S seconds");
  return own;
}

}  // namespace

Result<TailOptions> ParseTailOptions(const std::vector<std::string>& words) {
  Result<ParsedWords> parsed = ParseWords(words, Visible(), {"room..."});
  if (!parsed) return std::move(parsed).error();
  const po::variables_map& values = parsed->own;
  TailOptions options;
  options.global = parsed->global;
  if (options.global.help) return options;
  for (const std::string& room : Texts(values, "room")) {
    Result<RoomId> name = ParseRoomId(room);
    if (!name) return std::move(name).error();
    options.stream.listed.push_back(room);
  }
  options.stream.rooms =
      options.stream.listed.empty() ? StreamConfig::Rooms::kAll : StreamConfig::Rooms::kListed;
  const auto last = WholeNumber(values, "last", 0, parley::limits::kPageMax);
  if (!last) return last.error();
  options.stream.last = static_cast<uint32_t>(last->value_or(0));
  if (options.stream.last > 0) options.stream.start = StreamConfig::Start::kLast;
  if (Flag(values, "all")) options.stream.start = StreamConfig::Start::kAll;
  options.resume = Flag(values, "resume");
  const auto count = WholeNumber(values, "count", 1, UINT64_MAX);
  if (!count) return count.error();
  options.count = *count;
  const auto timeout_ms = Seconds(values, "timeout");
  if (!timeout_ms) return timeout_ms.error();
  options.timeout_ms = *timeout_ms;
  return options;
}

CommandHelp TailHelp() {
  return MakeHelp(
      "parley tail [ROOM...]: shows events as they come; without a room, those of all yours.\n"
      "It comes back by itself after a lost connection and shows what it missed.\n\n"
      "  parley tail lobby -n 10\n"
      "  parley tail --count 1 --timeout 5 --json",
      Visible());
}

}  // namespace parley::client
