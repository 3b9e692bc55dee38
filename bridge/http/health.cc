#include "bridge/http/health.h"

namespace parley::bridge {

std::string HealthJson(const Health& health) {
  return std::string(R"({"status":")") + (health.ok() ? "ok" : "degraded") + R"(","broker":")" +
         (health.broker_connected ? "connected" : "disconnected") + R"(","applied":")" +
         std::to_string(health.applied) + "\"}";
}

}  // namespace parley::bridge
