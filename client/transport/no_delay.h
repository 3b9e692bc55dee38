#pragma once

#include <cstdint>

namespace parley::client {

// Sets TCP_NODELAY on this process' TCP connections to `peer_port`. Paho C 1.3 neither sets it nor shows its
// socket; without it a PUBLISH that follows a PUBACK waits for the broker's delayed acknowledgement
// (measured: 40 ms a message). Best effort; any thread.
void SetNoDelay(uint16_t peer_port);

}  // namespace parley::client
