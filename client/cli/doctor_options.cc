#include "client/cli/doctor_options.h"

#include "client/cli/global_options.h"

namespace parley::client {
namespace {

namespace po = boost::program_options;

po::options_description Visible() {
  po::options_description own("Options");
  own.add_options()  //
      ("data", po::value<std::string>()->value_name("DIR"),
       "Parley's data folder (what the configuration says)")                                     //
      ("http-port", po::value<std::string>()->value_name("P"), "the port of the bridge (8080)")  //
      ("quiet,q", po::bool_switch(), "only what is not well");
  return own;
}

}  // namespace

Result<DoctorOptions> ParseDoctorOptions(const std::vector<std::string>& words) {
  Result<ParsedWords> parsed = ParseWords(words, Visible(), {});
  if (!parsed) return std::move(parsed).error();
  const po::variables_map& values = parsed->own;
  DoctorOptions options;
  options.global = parsed->global;
  if (options.global.help) return options;
  options.configuration = options.global.config.value_or(options.configuration);
  options.data = Text(values, "data");
  options.quiet = Flag(values, "quiet");
  if (const auto port = Text(values, "http-port")) {
    Result<uint16_t> number = ParsePort(*port);
    if (!number) return std::move(number).error().Within("--http-port");
    options.http_port = *number;
  }
  return options;
}

CommandHelp DoctorHelp() {
  return MakeHelp(
      "parley doctor: checks the broker's configuration (--config, /etc/mosquitto/mosquitto.conf), Parley's "
      "data\n"
      "folder, and what runs. It changes nothing, and needs no broker. Each line is ok, warning or problem; "
      "the\n"
      "exit code is 1 when there is a problem.\n\n"
      "  parley doctor\n"
      "  parley doctor --config data/mosquitto.conf --data data --quiet",
      Visible());
}

}  // namespace parley::client
