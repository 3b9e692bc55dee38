#include "broker-plugin/delivery/listener_discovery.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <optional>
#include <string_view>
#include <tuple>

#include <dirent.h>
#include <netinet/in.h>
#include <sys/socket.h>

namespace parley::plugin {
namespace {

bool Listens(int socket) {
  int yes = 0;
  socklen_t size = sizeof yes;
  return ::getsockopt(socket, SOL_SOCKET, SO_ACCEPTCONN, &yes, &size) == 0 && yes != 0;
}

// Nothing when loopback does not reach what it is bound to.
std::optional<Listener> Described(int socket) {
  sockaddr_storage storage = {};
  socklen_t size = sizeof storage;
  if (::getsockname(socket, reinterpret_cast<sockaddr*>(&storage), &size) != 0) return std::nullopt;
  Listener found{.socket = socket};
  bool any = false;
  if (storage.ss_family == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(storage);
    const uint32_t address = ntohl(v4.sin_addr.s_addr);
    any = address == INADDR_ANY;
    found.loopback = address >> 24 == IN_LOOPBACKNET;
    found.port = ntohs(v4.sin_port);
  } else if (storage.ss_family == AF_INET6) {
    const auto& v6 = reinterpret_cast<const sockaddr_in6&>(storage);
    any = std::memcmp(&v6.sin6_addr, &in6addr_any, sizeof in6addr_any) == 0;
    found.loopback = std::memcmp(&v6.sin6_addr, &in6addr_loopback, sizeof in6addr_loopback) == 0;
    found.v6 = true;
    found.port = ntohs(v6.sin6_port);
  }
  return any || found.loopback ? std::optional(found) : std::nullopt;
}

std::vector<int> OpenDescriptors() {
  std::vector<int> open;
  DIR* folder = ::opendir("/proc/self/fd");
  if (folder == nullptr) return open;
  while (const dirent* entry = ::readdir(folder)) {
    const std::string_view name = entry->d_name;
    int descriptor = -1;
    if (std::from_chars(name.data(), name.data() + name.size(), descriptor).ec == std::errc())
      open.push_back(descriptor);
  }
  ::closedir(folder);
  return open;
}

}  // namespace

std::vector<Listener> OwnListeners() {
  std::vector<Listener> found;
  for (const int descriptor : OpenDescriptors()) {
    if (!Listens(descriptor)) continue;
    if (const std::optional<Listener> listener = Described(descriptor)) found.push_back(*listener);
  }
  const auto key = [](const Listener& listener) { return std::tuple(listener.v6, listener.port); };
  std::sort(found.begin(), found.end(), [&](const auto& a, const auto& b) { return key(a) < key(b); });
  return found;
}

}  // namespace parley::plugin
