#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "bridge/http/http_counters.h"
#include "bridge/http/routes.h"
#include "bridge/service/limits.h"
#include "schemas/result.h"

namespace parley::bridge {

struct HttpOptions {
  std::string host = "127.0.0.1";
  uint16_t port = 0;  // 0: any free one
  Routes routes;      // asked on the server's thread
  // Both or neither. With them the port speaks TLS only.
  std::string tls_certificate{};
  std::string tls_key{};
  int connections_max = limits::kHttpConnectionsMax;
  // For a whole request to arrive, for an answer to be taken, for a connection to lie idle.
  int64_t timeout_ms = limits::kHttpTimeoutMs;
  HttpCounters& counters;  // outlives the server
};

// The bridge's HTTP edge, on a thread of its own. Bounded in connections, sizes and time.
class HttpServer {
 public:
  // Binds and serves. UNAVAILABLE, in one line, when the address cannot be had; INVALID_ARGUMENT when host,
  // certificate or key are wrong.
  static Result<std::unique_ptr<HttpServer>> Start(HttpOptions options);
  virtual ~HttpServer() = default;  // closes all connections and joins the thread
  virtual uint16_t port() const = 0;
};

}  // namespace parley::bridge
