#pragma once

#include <cstdint>
#include <vector>

namespace parley::plugin {

// A TCP socket of this process that listens where loopback reaches it.
struct Listener {
  int socket = -1;        // the process's: not to be closed
  bool v6 = false;        // of an IPv6 address
  bool loopback = false;  // bound to a loopback address: nobody else reaches it
  uint16_t port = 0;
};

// Those of this process, by family and port. Any thread.
std::vector<Listener> OwnListeners();

}  // namespace parley::plugin
