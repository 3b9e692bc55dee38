#pragma once

#include <cstdint>
#include <string>

namespace parley::bridge {

// How the bridge is. Healthy: queries are answered.
struct Health {
  bool broker_connected = false;
  bool store_readable = false;
  uint64_t applied = 0;  // newest log index seen in the store

  bool ok() const { return broker_connected && store_readable; }
};

// {"status":"ok","broker":"connected","applied":"912"}
std::string HealthJson(const Health& health);

}  // namespace parley::bridge
