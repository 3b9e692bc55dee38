#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace parley::bridge {

// How the bridge is.
struct Health {
  bool broker_connected = false;  // and the plugin's requests arrive
  bool store_readable = false;
  uint64_t applied = 0;    // newest log index seen in the store
  uint64_t committed = 0;  // newest log index that the plugin has said to be durable; 0: none yet

  // Queries are answered.
  bool ready() const { return Missing().empty(); }
  // What is not there: "broker", "store", "committed index".
  std::vector<std::string> Missing() const;
};

// The process lives; whether it is of use, stands behind it.
// {"status":"ok","broker":"connected","applied":"912"}
std::string HealthJson(const Health& health);

// {"status":"ready","missing":[],"applied":"912","committed":"912"}, or "not ready" and what is missing.
std::string ReadyJson(const Health& health);

}  // namespace parley::bridge
