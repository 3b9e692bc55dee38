#include "bridge/app/bridge_options.h"

#include <iostream>

#include <boost/program_options.hpp>

#include "bridge/presence/limits.h"
#include "bridge/webhooks/limits.h"

namespace parley::bridge {
namespace {

namespace po = boost::program_options;

// Numbers as they are written: a narrower type would wrap around instead of refusing.
struct Numbers {
  int broker_port;
  int http_port;
  int http_timeout_s;
  int webhook_attempts;
  int webhook_patience_s;
};

po::options_description Description(BridgeOptions& options, Numbers& numbers) {
  po::options_description description(
      "parley-bridge: answers history, sync and room queries, and /health, /ready and /metrics");
  // clang-format off
  description.add_options()
      ("help,h", "print this")
      ("data", po::value(&options.data)->required(), "the data folder of the broker's plugin")
      ("host", po::value(&options.host)->default_value(options.host), "the broker's host")
      ("port", po::value(&numbers.broker_port)->default_value(numbers.broker_port), "the broker's port")
      ("http-host", po::value(&options.http_host)->default_value(options.http_host), "IP address to serve HTTP on")
      ("http-port", po::value(&numbers.http_port)->default_value(numbers.http_port), "port to serve HTTP on")
      ("http-cors-origin", po::value(&options.http_cors_origins), "a page of this origin may read what is served, such as https://chat.example.org, or *; again for more")
      ("http-tls-cert", po::value(&options.http_tls_cert), "serve TLS with this certificate (and its chain), in PEM")
      ("http-tls-key", po::value(&options.http_tls_key), "the certificate's private key, in PEM")
      ("http-connections", po::value(&options.http_connections)->default_value(options.http_connections), "HTTP connections at once; one more is closed")
      ("http-timeout", po::value(&numbers.http_timeout_s)->default_value(numbers.http_timeout_s), "seconds that a request may take to arrive, and a connection may lie idle")
      ("presence-grace-ms", po::value(&options.presence_grace_ms)->default_value(options.presence_grace_ms),
       "how long somebody stays online who has lost the connection, ms")
      ("push-allow", po::value(&options.push_allow), "call addresses of this network though it is not public, by http, too, such as 10.1.0.0/16; again for more")
      ("push-ca", po::value(&options.push_ca), "trust the authorities in this PEM file, too, when others' servers are called")
      ("webhook-attempts", po::value(&numbers.webhook_attempts)->default_value(numbers.webhook_attempts),
       "failed attempts in a row after which an outgoing webhook is paused")
      ("webhook-patience", po::value(&numbers.webhook_patience_s)->default_value(numbers.webhook_patience_s),
       "seconds that these must have taken at least");
  // clang-format on
  AddPushOptions(options.push, description);
  return description;
}

Status Between(const char* option, int value, int first, int last, const char* more = "") {
  if (value >= first && value <= last) return {};
  return Error{Code::INVALID_ARGUMENT,
               std::string(option) + " is " + std::to_string(first) + " to " + std::to_string(last) + more};
}

Status TakeNumbers(const Numbers& numbers, BridgeOptions& options) {
  if (Status port = Between("--port", numbers.broker_port, 1, 65535); !port) return port;
  if (Status port = Between("--http-port", numbers.http_port, 0, 65535, " (0: any free one)"); !port)
    return port;
  if (Status count =
          Between("--http-connections", options.http_connections, 1, limits::kHttpConnectionsCeiling);
      !count) {
    return count;
  }
  if (Status time = Between("--http-timeout", numbers.http_timeout_s, 1, limits::kHttpTimeoutSecondsMax);
      !time)
    return time;
  if (options.presence_grace_ms < 0 || options.presence_grace_ms > limits::kPresenceGraceMsMax) {
    return Error{Code::INVALID_ARGUMENT,
                 "--presence-grace-ms is 0 to " + std::to_string(limits::kPresenceGraceMsMax)};
  }
  if (Status attempts =
          Between("--webhook-attempts", numbers.webhook_attempts, 1, limits::kWebhookAttemptsCeiling);
      !attempts) {
    return attempts;
  }
  if (Status patience =
          Between("--webhook-patience", numbers.webhook_patience_s, 0, limits::kWebhookPatienceSecondsMax);
      !patience) {
    return patience;
  }
  if (options.http_tls_cert.empty() != options.http_tls_key.empty()) {
    return Error{Code::INVALID_ARGUMENT, "--http-tls-cert and --http-tls-key: give both, or neither"};
  }
  if (Status push = CheckPushOptions(options.push); !push) return push;
  options.port = static_cast<uint16_t>(numbers.broker_port);
  options.http_port = static_cast<uint16_t>(numbers.http_port);
  options.webhook_patience = {.attempts_max = static_cast<uint32_t>(numbers.webhook_attempts),
                              .patience_ms = int64_t{numbers.webhook_patience_s} * 1000};
  options.http_timeout_ms = int64_t{numbers.http_timeout_s} * 1000;
  return {};
}

}  // namespace

Result<std::optional<BridgeOptions>> ParseCommandLine(int argc, const char* const* argv) {
  BridgeOptions options;
  Numbers numbers{options.port, options.http_port, static_cast<int>(options.http_timeout_ms / 1000),
                  static_cast<int>(options.webhook_patience.attempts_max),
                  static_cast<int>(options.webhook_patience.patience_ms / 1000)};
  const po::options_description description = Description(options, numbers);
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
  if (Status taken = TakeNumbers(numbers, options); !taken) return std::move(taken).error();
  return std::optional<BridgeOptions>(std::move(options));
}

}  // namespace parley::bridge
