#include "bridge/app/bridge_options.h"

#include <iostream>

#include <boost/program_options.hpp>

#include "bridge/presence/limits.h"

namespace parley::bridge {
namespace {

namespace po = boost::program_options;

// Ports as they are written: a narrower type would wrap around instead of refusing.
struct Ports {
  int broker;
  int http;
};

po::options_description Description(BridgeOptions& options, Ports& ports) {
  po::options_description description("parley-bridge: answers history, sync and room queries, and /health");
  // clang-format off
  description.add_options()
      ("help,h", "print this")
      ("data", po::value(&options.data)->required(), "the data folder of the broker's plugin")
      ("host", po::value(&options.host)->default_value(options.host), "the broker's host")
      ("port", po::value(&ports.broker)->default_value(ports.broker), "the broker's port")
      ("http-host", po::value(&options.http_host)->default_value(options.http_host), "IP address to serve HTTP on")
      ("http-port", po::value(&ports.http)->default_value(ports.http), "port to serve HTTP on")
      ("presence-grace-ms", po::value(&options.presence_grace_ms)->default_value(options.presence_grace_ms),
       "how long somebody stays online who has lost the connection, ms");
  // clang-format on
  return description;
}

}  // namespace

Result<std::optional<BridgeOptions>> ParseCommandLine(int argc, const char* const* argv) {
  BridgeOptions options;
  Ports ports{options.port, options.http_port};
  const po::options_description description = Description(options, ports);
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
  if (ports.broker < 1 || ports.broker > 65535) return Error{Code::INVALID_ARGUMENT, "--port is 1 to 65535"};
  if (ports.http < 0 || ports.http > 65535) {
    return Error{Code::INVALID_ARGUMENT, "--http-port is 1 to 65535, or 0 for any free one"};
  }
  if (options.presence_grace_ms < 0 || options.presence_grace_ms > limits::kPresenceGraceMsMax) {
    return Error{Code::INVALID_ARGUMENT,
                 "--presence-grace-ms is 0 to " + std::to_string(limits::kPresenceGraceMsMax)};
  }
  options.port = static_cast<uint16_t>(ports.broker);
  options.http_port = static_cast<uint16_t>(ports.http);
  return std::optional<BridgeOptions>(std::move(options));
}

}  // namespace parley::bridge
