#include "client/cli/global_options.h"

#include <algorithm>
#include <charconv>
#include <exception>
#include <sstream>
#include <utility>

#include <boost/program_options/parsers.hpp>
#include <boost/program_options/positional_options.hpp>

namespace parley::client {
namespace {

namespace po = boost::program_options;

po::options_description GlobalDescription() {
  po::options_description global("Everywhere");
  global.add_options()                                                               //
      ("host", po::value<std::string>()->value_name("H"), "the broker (127.0.0.1)")  //
      ("port", po::value<std::string>()->value_name("P"), "its port (1883)")         //
      ("user,u", po::value<std::string>()->value_name("U"), "your user name")        //
      ("password", po::value<std::string>()->value_name("W"),
       "your password (others on this machine can see it; better the next one)")                    //
      ("password-file", po::value<std::string>()->value_name("F"), "read it from a file")           //
      ("client-id", po::value<std::string>()->value_name("ID"), "MQTT client id (a new one)")       //
      ("tls", po::bool_switch(), "encrypt (then the port is 8883); so does any of the next three")  //
      ("cafile", po::value<std::string>()->value_name("F"),
       "who vouches for the broker (PEM; the system's)")                                                 //
      ("cert", po::value<std::string>()->value_name("F"), "your certificate (PEM): no password then")    //
      ("key", po::value<std::string>()->value_name("F"), "its key (PEM)")                                //
      ("config", po::value<std::string>()->value_name("F"), "settings (~/.config/parley/config)")        //
      ("connect-timeout", po::value<std::string>()->value_name("S"), "seconds to find the broker (10)")  //
      ("json", po::bool_switch(), "one JSON object a line; errors as {code, reason} on stderr")          //
      ("help,h", po::bool_switch(), "help, for a command too");
  return global;
}

// Adds the arguments to what is parsed; the help does not list them.
void AddArguments(const std::vector<std::string>& arguments, po::options_description& all,
                  po::positional_options_description& positional) {
  constexpr std::string_view kAllThatFollow = "...";
  for (const std::string& argument : arguments) {
    const bool many = argument.size() > kAllThatFollow.size() &&
                      argument.substr(argument.size() - kAllThatFollow.size()) == kAllThatFollow;
    const std::string name = many ? argument.substr(0, argument.size() - kAllThatFollow.size()) : argument;
    if (many) {
      all.add_options()(name.c_str(), po::value<std::vector<std::string>>());
    } else {
      all.add_options()(name.c_str(), po::value<std::string>());
    }
    positional.add(name.c_str(), many ? -1 : 1);
  }
}

// A line for each: usage, padded, and what it does.
std::string SubcommandLines(const std::vector<SubcommandHelp>& subcommands) {
  size_t width = 0;
  for (const SubcommandHelp& subcommand : subcommands) width = std::max(width, subcommand.usage.size());
  std::string lines = "Subcommands:\n";
  for (const SubcommandHelp& subcommand : subcommands) {
    const std::string padding(width - subcommand.usage.size() + 2, ' ');
    lines += "  " + subcommand.usage + padding + subcommand.summary + "\n";
  }
  return lines;
}

Result<GlobalOptions> ReadGlobal(const po::variables_map& values) {
  GlobalOptions global;
  global.settings.host = Text(values, "host");
  if (const auto port = Text(values, "port")) {
    Result<uint16_t> number = ParsePort(*port);
    if (!number) return std::move(number).error().Within("--port");
    global.settings.port = *number;
  }
  global.settings.user = Text(values, "user");
  global.settings.password = Text(values, "password");
  global.settings.password_file = Text(values, "password-file");
  global.settings.client_id = Text(values, "client-id");
  if (values["tls"].as<bool>()) global.settings.tls = true;
  global.settings.ca_file = Text(values, "cafile");
  global.settings.cert_file = Text(values, "cert");
  global.settings.key_file = Text(values, "key");
  global.config = Text(values, "config");
  Result<std::optional<int64_t>> timeout_ms = Seconds(values, "connect-timeout");
  if (!timeout_ms) return std::move(timeout_ms).error();
  global.connect_timeout_ms = timeout_ms->value_or(global.connect_timeout_ms);
  global.json = values["json"].as<bool>();
  global.help = values["help"].as<bool>();
  return global;
}

}  // namespace

Result<ParsedWords> ParseWords(const std::vector<std::string>& words, const po::options_description& own,
                               const std::vector<std::string>& arguments) {
  try {
    po::options_description all;
    all.add(own).add(GlobalDescription());
    po::positional_options_description positional;
    AddArguments(arguments, all, positional);
    namespace style = po::command_line_style;
    ParsedWords parsed;
    po::store(po::command_line_parser(words)
                  .options(all)
                  .positional(positional)
                  .style(style::unix_style & ~style::allow_guessing)
                  .run(),
              parsed.own);
    Result<GlobalOptions> global = ReadGlobal(parsed.own);
    if (!global) return std::move(global).error();
    parsed.global = std::move(*global);
    if (!parsed.global.help) po::notify(parsed.own);
    return parsed;
  } catch (const std::exception& error) {  // Boost's own way to say that the user mistyped
    return Error{Code::INVALID_ARGUMENT, error.what()};
  }
}

Arguments TakeSubcommand(const std::vector<std::string>& words, const po::options_description& own) {
  std::vector<std::string> value_options = ValueOptions(GlobalOptionHelp());
  const std::vector<std::string> of_own = ValueOptions(DescribeOptions(own));
  value_options.insert(value_options.end(), of_own.begin(), of_own.end());
  return TakeCommand(words, value_options);
}

std::vector<OptionHelp> DescribeOptions(const po::options_description& description) {
  std::vector<OptionHelp> options;
  for (const auto& option : description.options()) {
    OptionHelp help;
    help.name = option->long_name();
    const std::string letter = option->canonical_display_name(po::command_line_style::allow_dash_for_short);
    if (letter.size() == 2 && letter[0] == '-') help.letter = letter.substr(1);
    if (option->semantic()->max_tokens() > 0) help.value = option->semantic()->name();
    help.text = option->description();
    options.push_back(std::move(help));
  }
  return options;
}

CommandHelp MakeHelp(std::string_view usage, const po::options_description& own,
                     std::vector<SubcommandHelp> subcommands) {
  CommandHelp help;
  help.usage = usage;
  help.options = DescribeOptions(own);
  help.subcommands = std::move(subcommands);
  std::ostringstream text;
  text << usage << '\n';
  if (!help.subcommands.empty()) text << '\n' << SubcommandLines(help.subcommands);
  if (!own.options().empty()) text << '\n' << own;
  text << '\n' << GlobalDescription();
  help.text = text.str();
  return help;
}

const std::vector<OptionHelp>& GlobalOptionHelp() {
  static const std::vector<OptionHelp> options = DescribeOptions(GlobalDescription());
  return options;
}

std::optional<std::string> Text(const po::variables_map& values, const char* name) {
  if (values.count(name) == 0) return std::nullopt;
  return values[name].as<std::string>();
}

std::vector<std::string> Texts(const po::variables_map& values, const char* name) {
  if (values.count(name) == 0) return {};
  return values[name].as<std::vector<std::string>>();
}

bool Flag(const po::variables_map& values, const char* name) {
  return values.count(name) > 0 && values[name].as<bool>();
}

Result<std::optional<uint64_t>> WholeNumber(const po::variables_map& values, const char* name, uint64_t min,
                                            uint64_t max) {
  const std::optional<std::string> text = Text(values, name);
  if (!text) return std::optional<uint64_t>();
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), number);
  if (error != std::errc() || end != text->data() + text->size() || number < min || number > max) {
    return Error{Code::INVALID_ARGUMENT, std::string("--") + name + " is a whole number from " +
                                             std::to_string(min) + " to " + std::to_string(max)};
  }
  return std::optional(number);
}

Result<std::optional<int64_t>> Seconds(const po::variables_map& values, const char* name) {
  const std::optional<std::string> text = Text(values, name);
  if (!text) return std::optional<int64_t>();
  constexpr double kSecondsMax = 30.0 * 24 * 3600;
  double seconds = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), seconds);
  const bool whole = error == std::errc() && end == text->data() + text->size();
  if (!whole || !(seconds > 0 && seconds <= kSecondsMax)) {
    return Error{Code::INVALID_ARGUMENT, std::string("--") + name + " is a number of seconds above 0"};
  }
  return std::optional(std::max<int64_t>(1, static_cast<int64_t>(seconds * 1000)));
}

}  // namespace parley::client
