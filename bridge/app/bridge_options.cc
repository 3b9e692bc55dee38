#include "bridge/app/bridge_options.h"

#include <iostream>

#include <boost/program_options.hpp>

namespace parley::bridge {
namespace {

namespace po = boost::program_options;

po::options_description Description(BridgeOptions& options) {
  po::options_description description("parley-bridge: answers history, sync and room queries, and /health");
  // clang-format off
  description.add_options()
      ("help,h", "print this")
      ("data", po::value(&options.data)->required(), "the data folder of the broker's plugin")
      ("host", po::value(&options.host)->default_value(options.host), "the broker's host")
      ("port", po::value(&options.port)->default_value(options.port), "the broker's port")
      ("http-host", po::value(&options.http_host)->default_value(options.http_host), "IP address to serve HTTP on")
      ("http-port", po::value(&options.http_port)->default_value(options.http_port), "port to serve HTTP on");
  // clang-format on
  return description;
}

}  // namespace

Result<std::optional<BridgeOptions>> ParseCommandLine(int argc, const char* const* argv) {
  BridgeOptions options;
  const po::options_description description = Description(options);
  try {
    po::variables_map values;
    const int style = po::command_line_style::default_style & ~po::command_line_style::allow_guessing;
    // No positional arguments: a word that belongs to no option is refused.
    po::store(po::command_line_parser(argc, argv)
                  .options(description)
                  .style(style)
                  .positional(po::positional_options_description())
                  .run(),
              values);
    if (values.count("help") != 0) {
      std::cout << description;
      return std::optional<BridgeOptions>();
    }
    po::notify(values);
  } catch (const po::error& error) {
    return Error{Code::INVALID_ARGUMENT, std::string(error.what()) + " (--help lists the options)"};
  }
  if (options.port == 0) return Error{Code::INVALID_ARGUMENT, "--port is 1 to 65535"};
  return std::optional<BridgeOptions>(std::move(options));
}

}  // namespace parley::bridge
