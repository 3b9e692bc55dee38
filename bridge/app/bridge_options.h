#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "bridge/app/push_options.h"
#include "bridge/service/limits.h"
#include "bridge/webhooks/hook_queue.h"
#include "schemas/result.h"

namespace parley::bridge {

struct BridgeOptions {
  std::string data;  // the data folder of the plugin
  std::string host = "127.0.0.1";
  uint16_t port = 1883;
  std::string http_host = "127.0.0.1";
  uint16_t http_port = 8080;
  std::vector<std::string> http_cors_origins{};
  std::string http_tls_cert{};
  std::string http_tls_key{};
  int http_connections = limits::kHttpConnectionsMax;
  int64_t http_timeout_ms = limits::kHttpTimeoutMs;
  int64_t presence_grace_ms = 5'000;  // a reconnect within it is not seen

  std::vector<std::string> push_allow{};  // networks that may be called though they are not public
  std::string push_ca{};                  // more authorities that are trusted when others are called
  PushOptions push{};
  HookPatience webhook_patience{};

  std::string store_path() const { return data + "/store"; }
  std::string scratch_path() const { return data + "/bridge/secondary"; }
  std::string feed_scratch_path() const { return data + "/bridge/secondary-feed"; }
  std::string local_store_path() const { return data + "/bridge/store"; }
  std::string vapid_key_path() const { return data + "/bridge/vapid.pem"; }
  std::string credentials_path() const { return data + "/bridge.credentials"; }
};

// Reads the command line. nullopt: help was asked for and printed to stdout. INVALID_ARGUMENT in one line.
Result<std::optional<BridgeOptions>> ParseCommandLine(int argc, const char* const* argv);

}  // namespace parley::bridge
