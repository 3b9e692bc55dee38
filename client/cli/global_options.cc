#include "client/cli/global_options.h"

#include <algorithm>
#include <charconv>
#include <exception>
#include <sstream>
#include <utility>

#include <boost/program_options/parsers.hpp>

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
       "your password (others on this machine can see it; better the next one)")                         //
      ("password-file", po::value<std::string>()->value_name("F"), "read it from a file")                //
      ("client-id", po::value<std::string>()->value_name("ID"), "MQTT client id (a new one)")            //
      ("config", po::value<std::string>()->value_name("F"), "settings (~/.config/parley/config)")        //
      ("connect-timeout", po::value<std::string>()->value_name("S"), "seconds to find the broker (10)")  //
      ("json", po::bool_switch(), "one JSON object a line; errors as {code, reason} on stderr")          //
      ("help,h", po::bool_switch(), "help, for a command too");
  return global;
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
                               const po::positional_options_description& positional) {
  try {
    po::options_description all;
    all.add(own).add(GlobalDescription());
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

std::string HelpText(std::string_view usage, const po::options_description& own) {
  std::ostringstream text;
  text << usage << '\n';
  if (!own.options().empty()) text << '\n' << own;
  text << '\n' << GlobalDescription();
  return text.str();
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
