#include "client/cli/sub_options.h"

#include "client/cli/global_options.h"

namespace parley::client {
namespace {

namespace po = boost::program_options;

po::options_description Visible() {
  po::options_description own("Options");
  own.add_options()                                                                  //
      ("qos", po::value<std::string>()->value_name("Q"), "0, 1 or 2, at most (1)")   //
      ("count", po::value<std::string>()->value_name("N"), "end after N messages")   //
      ("timeout", po::value<std::string>()->value_name("S"), "end after S seconds")  //
      ("skip-retained", po::bool_switch(), "without what the topics held before")    //
      ("raw", po::bool_switch(), "the payloads byte for byte, and nothing else");
  return own;
}

}  // namespace

Result<SubOptions> ParseSubOptions(const std::vector<std::string>& words) {
  Result<ParsedWords> parsed = ParseWords(words, Visible(), {"filter..."});
  if (!parsed) return std::move(parsed).error();
  const po::variables_map& values = parsed->own;
  SubOptions options;
  options.global = parsed->global;
  if (options.global.help) return options;
  options.filters = Texts(values, "filter");
  if (options.filters.empty()) return Error{Code::INVALID_ARGUMENT, "which topics? parley sub FILTER..."};
  for (const std::string& filter : options.filters) {
    if (filter.empty()) return Error{Code::INVALID_ARGUMENT, "a filter is not empty"};
  }
  options.raw = Flag(values, "raw");
  options.skip_retained = Flag(values, "skip-retained");
  if (options.raw && options.global.json) return Error{Code::INVALID_ARGUMENT, "either --raw or --json"};
  const auto qos = WholeNumber(values, "qos", 0, 2);
  if (!qos) return qos.error();
  options.qos = static_cast<int>(qos->value_or(1));
  const auto count = WholeNumber(values, "count", 1, UINT64_MAX);
  if (!count) return count.error();
  options.count = *count;
  const auto timeout_ms = Seconds(values, "timeout");
  if (!timeout_ms) return timeout_ms.error();
  options.timeout_ms = *timeout_ms;
  return options;
}

CommandHelp SubHelp() {
  return MakeHelp(
      "parley sub FILTER...: shows what is published to any topics, a line each. Events, acks and replies of "
      "the\n"
      "chat are decoded. It subscribes again after a lost connection; what came meanwhile is the broker's to "
      "keep.\n\n"
      "  parley sub 'sensors/#'\n"
      "  parley sub chat/v1/users/alice/events/pb --json\n"
      "  parley sub camera/1/picture --raw --count 1 > picture.jpg",
      Visible());
}

}  // namespace parley::client
