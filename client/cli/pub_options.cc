#include "client/cli/pub_options.h"

#include "client/cli/global_options.h"

namespace parley::client {
namespace {

namespace po = boost::program_options;

Error Wrong(std::string reason) {
  return {Code::INVALID_ARGUMENT, std::move(reason)};
}

po::options_description Visible() {
  po::options_description own("Options");
  own.add_options()                                                                                    //
      ("qos", po::value<std::string>()->value_name("Q"), "0, 1 or 2 (1)")                              //
      ("retain", po::bool_switch(), "the broker keeps it for later subscribers (not on chat topics)")  //
      ("empty", po::bool_switch(), "no bytes; with --retain: forget what was kept")                    //
      ("from-file", po::value<std::string>()->value_name("F"), "read F instead of stdin")              //
      ("lines", po::bool_switch(), "each line of the input is a message (else all of it is one)")      //
      ("no-answer", po::bool_switch(), "do not wait for the ack or reply of a chat topic")             //
      ("timeout", po::value<std::string>()->value_name("S"), "seconds to wait for an answer (10)");
  return own;
}

}  // namespace

Result<PubOptions> ParsePubOptions(const std::vector<std::string>& words) {
  Result<ParsedWords> parsed = ParseWords(words, Visible(), {"topic", "text"});
  if (!parsed) return std::move(parsed).error();
  const po::variables_map& values = parsed->own;
  PubOptions options;
  options.global = parsed->global;
  if (options.global.help) return options;
  options.topic = Text(values, "topic").value_or("");
  if (options.topic.empty()) return Wrong("which topic? parley pub TOPIC [TEXT]");
  if (options.topic.find_first_of("+#") != std::string::npos) return Wrong("a topic has no + and no #");
  options.text = Text(values, "text");
  if (options.text == "-") options.text.reset();
  options.from_file = Text(values, "from-file");
  options.lines = Flag(values, "lines");
  options.empty = Flag(values, "empty");
  options.retain = Flag(values, "retain");
  options.no_answer = Flag(values, "no-answer");
  if ((options.text ? 1 : 0) + (options.from_file ? 1 : 0) + (options.empty ? 1 : 0) > 1) {
    return Wrong("one of TEXT, --from-file, --empty");
  }
  if (options.lines && (options.text || options.empty)) return Wrong("--lines is for stdin and --from-file");
  const auto qos = WholeNumber(values, "qos", 0, 2);
  if (!qos) return qos.error();
  options.qos = static_cast<int>(qos->value_or(1));
  const auto patience_ms = Seconds(values, "timeout");
  if (!patience_ms) return patience_ms.error();
  options.patience_ms = patience_ms->value_or(options.patience_ms);
  return options;
}

CommandHelp PubHelp() {
  return MakeHelp(
      "parley pub TOPIC [TEXT]: publishes to any topic. Without TEXT, or with -, stdin is the payload.\n"
      "On chat topics that are answered (send, requests) and on $CONTROL it waits for the answer and shows "
      "it.\n\n"
      "  parley pub sensors/7/temperature 21.5 --retain\n"
      "  parley pub chat/v1/rooms/lobby/send/text hello\n"
      "  parley pub camera/1/picture --from-file picture.jpg",
      Visible());
}

}  // namespace parley::client
