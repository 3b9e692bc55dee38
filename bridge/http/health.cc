#include "bridge/http/health.h"

#include <nlohmann/json.hpp>

namespace parley::bridge {

using nlohmann::ordered_json;

std::vector<std::string> Health::Missing() const {
  std::vector<std::string> missing;
  if (!broker_connected) missing.emplace_back("broker");
  if (!store_readable) missing.emplace_back("store");
  if (committed == 0) missing.emplace_back("committed index");
  return missing;
}

std::string HealthJson(const Health& health) {
  return ordered_json{{"status", health.broker_connected ? "ok" : "degraded"},
                      {"broker", health.broker_connected ? "connected" : "disconnected"},
                      {"applied", std::to_string(health.applied)}}
      .dump();
}

std::string ReadyJson(const Health& health) {
  return ordered_json{{"status", health.ready() ? "ready" : "not ready"},
                      {"missing", health.Missing()},
                      {"applied", std::to_string(health.applied)},
                      {"committed", std::to_string(health.committed)}}
      .dump();
}

}  // namespace parley::bridge
