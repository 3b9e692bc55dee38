#include "client/cli/bench_options.h"

#include "client/cli/global_options.h"
#include "schemas/names.h"

namespace parley::client {
namespace {

namespace po = boost::program_options;

// Each is a connection with threads of its own.
constexpr uint64_t kConnectionsMax = 200;
// What stands in front of the padding must fit, and a draft is at most 64 KiB as JSON.
constexpr uint64_t kMessageBytesMin = 64;
constexpr uint64_t kMessageBytesMax = 60'000;

po::options_description Visible() {
  po::options_description own("Options");
  own.add_options()                                                                              //
      ("publishers", po::value<std::string>()->value_name("N"), "connections that send (1)")     //
      ("subscribers", po::value<std::string>()->value_name("N"), "connections that listen (1)")  //
      ("size", po::value<std::string>()->value_name("B"), "bytes of a message's text (128)")     //
      ("rate", po::value<std::string>()->value_name("R"),
       "messages a second of each publisher (as fast as its acks allow)")                               //
      ("window", po::value<std::string>()->value_name("N"), "messages of a publisher on the way (16)")  //
      ("duration", po::value<std::string>()->value_name("S"), "seconds (10)");
  return own;
}

Status ReadNumbers(const po::variables_map& values, BenchOptions& options) {
  const auto publishers = WholeNumber(values, "publishers", 1, kConnectionsMax);
  if (!publishers) return publishers.error();
  options.publishers = publishers->value_or(options.publishers);
  const auto subscribers = WholeNumber(values, "subscribers", 0, kConnectionsMax);
  if (!subscribers) return subscribers.error();
  options.subscribers = subscribers->value_or(options.subscribers);
  const auto bytes = WholeNumber(values, "size", kMessageBytesMin, kMessageBytesMax);
  if (!bytes) return bytes.error();
  options.message_bytes = bytes->value_or(options.message_bytes);
  const auto rate = WholeNumber(values, "rate", 1, 1'000'000);
  if (!rate) return rate.error();
  options.rate = rate->value_or(0);
  const auto window = WholeNumber(values, "window", 1, 1'000);
  if (!window) return window.error();
  options.window = window->value_or(options.window);
  const auto duration_ms = Seconds(values, "duration");
  if (!duration_ms) return duration_ms.error();
  options.duration_ms = duration_ms->value_or(options.duration_ms);
  return {};
}

}  // namespace

Result<BenchOptions> ParseBenchOptions(const std::vector<std::string>& words) {
  Result<ParsedWords> parsed = ParseWords(words, Visible(), {"room..."});
  if (!parsed) return std::move(parsed).error();
  const po::variables_map& values = parsed->own;
  BenchOptions options;
  options.global = parsed->global;
  if (options.global.help) return options;
  for (const std::string& name : Texts(values, "room")) {
    Result<RoomId> room = ParseRoomId(name);
    if (!room) return std::move(room).error();
    options.rooms.push_back(room->str());
  }
  if (options.rooms.empty()) return Error{Code::INVALID_ARGUMENT, "which room? parley bench ROOM..."};
  if (Status numbers = ReadNumbers(values, options); !numbers) return std::move(numbers).error();
  return options;
}

CommandHelp BenchHelp() {
  return MakeHelp(
      "parley bench ROOM...: sends messages to rooms of yours and measures how fast they are acknowledged "
      "and\n"
      "delivered. Publishers and subscribers are spread over the rooms. The messages stay in the rooms: use "
      "some\n"
      "that are made for it. Every ack is one of a message on the disk. With --rate a latency counts from "
      "the\n"
      "moment when the message was due.\n\n"
      "  parley bench playground --publishers 4 --subscribers 4\n"
      "  parley bench playground --rate 100 --duration 60 --json",
      Visible());
}

}  // namespace parley::client
