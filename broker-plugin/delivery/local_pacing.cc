#include "broker-plugin/delivery/local_pacing.h"

#include <array>
#include <string_view>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "broker-plugin/delivery/listener_discovery.h"

namespace parley::plugin {
namespace {

constexpr std::string_view kPaces = "bbr";     // also the names of its later versions, which begin alike
constexpr std::string_view kUnpaced = "reno";  // part of every kernel, and open to every process

bool Paces(int socket) {
  std::array<char, 16> name = {};  // TCP_CA_NAME_MAX
  socklen_t size = name.size();
  if (::getsockopt(socket, IPPROTO_TCP, TCP_CONGESTION, name.data(), &size) != 0) return false;
  return std::string_view(name.data(), name.size()).starts_with(kPaces);
}

}  // namespace

size_t UnpaceLoopbackListeners() {
  size_t changed = 0;
  for (const Listener& listener : OwnListeners()) {
    if (!listener.loopback || !Paces(listener.socket)) continue;
    if (::setsockopt(listener.socket, IPPROTO_TCP, TCP_CONGESTION, kUnpaced.data(), kUnpaced.size()) == 0)
      ++changed;
  }
  return changed;
}

}  // namespace parley::plugin
