#pragma once

#include <cstdint>
#include <vector>

namespace parley::plugin {

// A TCP address that this process listens on, as something to connect to.
struct ListenAddress {
  bool v6 = false;
  uint16_t port = 0;
  auto operator<=>(const ListenAddress&) const = default;
};

// The TCP ports that this process listens on and loopback reaches, read from /proc. Any thread.
std::vector<ListenAddress> OwnListeners();

}  // namespace parley::plugin
