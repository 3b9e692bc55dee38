#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "bridge/http/health.h"
#include "schemas/result.h"

namespace parley::bridge {

struct HttpOptions {
  std::string host = "127.0.0.1";
  uint16_t port = 0;               // 0: any free one
  std::function<Health()> health;  // asked on the server's thread
};

// The bridge's HTTP edge, on a thread of its own: GET /health. Bounded in connections, sizes and time.
class HttpServer {
 public:
  // Binds and serves. UNAVAILABLE, in one line, when the address cannot be had.
  static Result<std::unique_ptr<HttpServer>> Start(HttpOptions options);
  virtual ~HttpServer() = default;  // closes all connections and joins the thread
  virtual uint16_t port() const = 0;
};

}  // namespace parley::bridge
