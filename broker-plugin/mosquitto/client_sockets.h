#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

struct mosquitto;

namespace parley::plugin {

// Finds the TCP sockets of the broker's clients. The plugin API does not tell them, so this is the only place
// that looks into the broker's opaque client object: where it keeps the descriptor is learned from a client
// whose port we know (our own doorbell), and every other one is checked against the address that the API
// tells. Broker thread only.
class ClientSockets {
 public:
  // Learns from a client that is connected from this local port. False when no int of its object is that
  // socket.
  bool Learn(const mosquitto* client, uint16_t port);

  // -1 when nothing was learned, or when the descriptor and the client's address do not agree. A descriptor
  // that is still the one found before (`known`) is not compared again.
  int Find(const mosquitto* client, int known = -1) const;
  // The same for a client whose connection is about to end: one that was reset has no address any more.
  int FindEnding(const mosquitto* client) const;

 private:
  std::optional<size_t> offset_;  // bytes from the start of the object
};

}  // namespace parley::plugin
