#include "broker-plugin/mosquitto/client_sockets.h"

// clang-format off
#include <mosquitto.h>
#include <mosquitto_broker.h>
// clang-format on

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <arpa/inet.h>
#include <malloc.h>
#include <netinet/in.h>
#include <sys/socket.h>

namespace parley::plugin {
namespace {

constexpr size_t kLookedIntoMax = 256;  // bytes; the descriptor is one of the first fields in every version

struct Peer {
  char address[INET6_ADDRSTRLEN] = "";
  uint16_t port = 0;
};

std::optional<Peer> PeerOf(int socket) {
  sockaddr_storage storage = {};
  socklen_t size = sizeof storage;
  if (socket < 0 || ::getpeername(socket, reinterpret_cast<sockaddr*>(&storage), &size) != 0)
    return std::nullopt;
  Peer peer;
  if (storage.ss_family == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(storage);
    ::inet_ntop(AF_INET, &v4.sin_addr, peer.address, sizeof peer.address);
    peer.port = ntohs(v4.sin_port);
  } else if (storage.ss_family == AF_INET6) {
    const auto& v6 = reinterpret_cast<const sockaddr_in6&>(storage);
    ::inet_ntop(AF_INET6, &v6.sin6_addr, peer.address, sizeof peer.address);
    peer.port = ntohs(v6.sin6_port);
  } else {
    return std::nullopt;
  }
  return peer;
}

int IntAt(const mosquitto* client, size_t offset) {
  int value = -1;
  std::memcpy(&value, reinterpret_cast<const char*>(client) + offset, sizeof value);
  return value;
}

}  // namespace

bool ClientSockets::Learn(const mosquitto* client, uint16_t port) {
  offset_.reset();
  // The broker allocates the object by itself, on the heap.
  const size_t bytes = std::min(::malloc_usable_size(const_cast<mosquitto*>(client)), kLookedIntoMax);
  for (size_t offset = 0; offset + sizeof(int) <= bytes; offset += sizeof(int)) {
    const std::optional<Peer> peer = PeerOf(IntAt(client, offset));
    if (!peer || peer->port != port) continue;
    if (offset_) {  // two candidates are none
      offset_.reset();
      return false;
    }
    offset_ = offset;
  }
  return offset_ && Find(client) >= 0;
}

int ClientSockets::Find(const mosquitto* client, int known) const {
  if (!offset_) return -1;
  const int socket = IntAt(client, *offset_);
  if (socket >= 0 && socket == known) return socket;
  const std::optional<Peer> peer = PeerOf(socket);
  const char* address = mosquitto_client_address(client);
  return peer && address != nullptr && std::strcmp(peer->address, address) == 0 ? socket : -1;
}

int ClientSockets::FindEnding(const mosquitto* client) const {
  if (!offset_) return -1;
  const int socket = IntAt(client, *offset_);
  sockaddr_storage peer = {};
  socklen_t size = sizeof peer;
  const bool reset = socket >= 0 && ::getpeername(socket, reinterpret_cast<sockaddr*>(&peer), &size) != 0 &&
                     errno == ENOTCONN;
  return reset ? socket : Find(client);
}

}  // namespace parley::plugin
