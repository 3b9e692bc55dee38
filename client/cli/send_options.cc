#include "client/cli/send_options.h"

#include "client/cli/global_options.h"

namespace parley::client {
namespace {

namespace po = boost::program_options;

Error Wrong(std::string reason) {
  return {Code::INVALID_ARGUMENT, std::move(reason)};
}

po::options_description Visible() {
  po::options_description own("Options");
  own.add_options()  //
      ("id", po::value<std::string>()->value_name("ID"),
       "message id; sending it again stores nothing new")                                                  //
      ("qos", po::value<std::string>()->value_name("Q"), "0 (live only), 1 or 2 (1)")                      //
      ("mention", po::value<std::vector<std::string>>()->value_name("U"), "name a user; may be repeated")  //
      ("reply-to", po::value<std::string>()->value_name("N"), "answer to seq N")                           //
      ("thread", po::value<std::string>()->value_name("N"), "in the thread of seq N")                      //
      ("content-type", po::value<std::string>()->value_name("T"), "send data of this type, not text")      //
      ("from-file", po::value<std::string>()->value_name("F"), "read F instead of stdin")                  //
      ("lines", po::bool_switch(), "each line of the input is a message (the rule for input)")             //
      ("whole", po::bool_switch(), "all input is one message")                                             //
      ("skip-empty", po::bool_switch(), "pass over empty lines (else they are refused)")                   //
      ("window", po::value<std::string>()->value_name("N"), "messages on the way at a time (64)")          //
      ("timeout", po::value<std::string>()->value_name("S"), "seconds to wait for an ack (60)")            //
      ("quiet,q", po::bool_switch(), "print refusals only");
  return own;
}

Status ReadNumbers(const po::variables_map& values, SendOptions& options) {
  const auto qos = WholeNumber(values, "qos", 0, 2);
  if (!qos) return qos.error();
  options.qos = static_cast<int>(qos->value_or(1));
  const auto window = WholeNumber(values, "window", 1, 1'000);
  if (!window) return window.error();
  options.window = window->value_or(options.window);
  const auto reply_to = WholeNumber(values, "reply-to", 1, UINT64_MAX);
  if (!reply_to) return reply_to.error();
  options.draft.set_reply_to(reply_to->value_or(0));
  const auto thread = WholeNumber(values, "thread", 1, UINT64_MAX);
  if (!thread) return thread.error();
  options.draft.set_thread(thread->value_or(0));
  const auto timeout_ms = Seconds(values, "timeout");
  if (!timeout_ms) return timeout_ms.error();
  options.patience_ms = timeout_ms->value_or(options.patience_ms);
  return {};
}

Status CheckTogether(const SendOptions& options, bool lines) {
  if (options.room.empty()) return Wrong("which room? parley send ROOM [TEXT]");
  if (options.text && options.from_file) return Wrong("either TEXT or --from-file");
  if (lines && (options.whole || options.content_type))
    return Wrong("--lines with --whole or --content-type");
  const bool one = options.text || options.whole || options.content_type;
  if (!one && !options.draft.id().empty()) return Wrong("--id is for one message: give TEXT or --whole");
  return {};
}

}  // namespace

Result<SendOptions> ParseSendOptions(const std::vector<std::string>& words) {
  Result<ParsedWords> parsed = ParseWords(words, Visible(), {"room", "text"});
  if (!parsed) return std::move(parsed).error();
  const po::variables_map& values = parsed->own;
  SendOptions options;
  options.global = parsed->global;
  if (options.global.help) return options;
  options.room = Text(values, "room").value_or("");
  options.text = Text(values, "text");
  if (options.text == "-") options.text.reset();
  options.from_file = Text(values, "from-file");
  options.content_type = Text(values, "content-type");
  options.whole = Flag(values, "whole");
  options.skip_empty = Flag(values, "skip-empty");
  options.quiet = Flag(values, "quiet");
  options.draft.set_id(Text(values, "id").value_or(""));
  for (const std::string& user : Texts(values, "mention")) options.draft.add_mentions(user);
  if (Status numbers = ReadNumbers(values, options); !numbers) return std::move(numbers).error();
  if (Status together = CheckTogether(options, Flag(values, "lines")); !together) {
    return std::move(together).error();
  }
  return options;
}

CommandHelp SendHelp() {
  return MakeHelp(
      "parley send ROOM [TEXT]: sends a message and says what became of it.\n"
      "Without TEXT, or with -, each line of stdin is a message.\n\n"
      "  parley send lobby 'hello, world'\n"
      "  parley send lobby --from-file notes.txt",
      Visible());
}

}  // namespace parley::client
