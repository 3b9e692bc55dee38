#include "broker-plugin/delivery/doorbell.h"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstring>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "broker-plugin/delivery/listener_discovery.h"
#include "schemas/topic.h"

namespace parley::plugin {
namespace {

constexpr int kKeepAliveSeconds = 60;
constexpr int kPingMs = 20'000;
constexpr int kHandshakeMs = 2'000;
constexpr int kRetryFirstMs = 20;
constexpr int kRetryMostMs = 1'000;

// MQTT 3.1.1 packets (OASIS, sections 3.1, 3.3, 3.8, 3.12); all are shorter than 128 bytes of remaining
// length… or long enough for two length bytes.
std::string Text(std::string_view text) {
  std::string bytes;
  bytes.push_back(static_cast<char>(text.size() >> 8));
  bytes.push_back(static_cast<char>(text.size()));
  return bytes.append(text);
}

std::string Packet(char type, const std::string& body) {
  std::string packet(1, type);
  size_t length = body.size();
  do {
    const char digit = static_cast<char>(length % 128);
    length /= 128;
    packet.push_back(length > 0 ? static_cast<char>(digit | 0x80) : digit);
  } while (length > 0);
  return packet + body;
}

std::string ConnectPacket(const Doorbell::Options& options) {
  std::string body = Text("MQTT");
  body += '\x04';                              // 3.1.1
  body += static_cast<char>(0x80 | 0x40 | 2);  // user name, password, clean session
  body += '\0';
  body += static_cast<char>(kKeepAliveSeconds);
  return Packet(0x10, body + Text(options.client_id) + Text(options.user) + Text(options.password));
}

std::string SubscribePacket(std::string_view topic) {
  return Packet(static_cast<char>(0x82), std::string("\x00\x01", 2) + Text(topic) + '\0');
}

std::string PublishPacket(std::string_view topic) {
  return Packet(0x30, Text(topic));
}

bool SendAll(int socket, const std::string& packet) {
  return ::send(socket, packet.data(), packet.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(packet.size());
}

// Waits for one packet of the given type and length, bounded by the socket's receive timeout.
bool Expect(int socket, char type, size_t bytes) {
  char packet[8];
  return ::recv(socket, packet, bytes, MSG_WAITALL) == static_cast<ssize_t>(bytes) && packet[0] == type &&
         packet[bytes - 1] == 0;
}

}  // namespace

Doorbell::Doorbell(Options options) : options_(std::move(options)) {
  wake_fd_ = ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, &before);
  thread_ = std::thread([this] { Run(); });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

Doorbell::~Doorbell() {
  stopping_ = true;
  rung_ = false;
  Ring();
  thread_.join();
  ::close(wake_fd_);
}

void Doorbell::Ring() {
  if (rung_.exchange(true)) return;
  const uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = ::write(wake_fd_, &one, sizeof one);
}

void Doorbell::Run() {
  int retry_ms = kRetryFirstMs;
  bool lost = false;
  while (!stopping_) {
    const int socket = Connect();
    if (socket >= 0) {
      retry_ms = kRetryFirstMs;
      if (lost) options_.log("the doorbell is connected again");
      lost = !Serve(socket);
      ::close(socket);
    }
    if (stopping_) return;
    Wait(retry_ms);
    retry_ms = std::min(retry_ms * 2, kRetryMostMs);
  }
}

// Waits out a retry; a ring does not shorten it (the tick serves meanwhile), the end of the process does.
void Doorbell::Wait(int timeout_ms) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(timeout_ms);
  while (!stopping_) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
    pollfd wake = {.fd = wake_fd_, .events = POLLIN, .revents = 0};
    if (left.count() <= 0 || ::poll(&wake, 1, static_cast<int>(left.count())) <= 0) break;
    uint64_t count = 0;  // rung_ stays: until we serve, further rings cost nothing
    [[maybe_unused]] const ssize_t got = ::read(wake_fd_, &count, sizeof count);
  }
  rung_ = false;
}

int Doorbell::Connect() {
  if (options_.port != 0) return ConnectTo({.port = options_.port});
  for (const Listener& listener : OwnListeners()) {
    if (stopping_) return -1;
    const int socket = ConnectTo(listener);
    if (socket >= 0) return socket;  // other listeners may speak TLS or WebSocket
  }
  return -1;
}

int Doorbell::ConnectTo(const Listener& listener) {
  const int family = listener.v6 ? AF_INET6 : AF_INET;
  const int socket = ::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (socket < 0) return -1;
  const timeval limit = {.tv_sec = kHandshakeMs / 1000, .tv_usec = 0};
  ::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  ::setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  const int on = 1;
  ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  sockaddr_in v4 = {};
  v4.sin_family = AF_INET;
  v4.sin_port = htons(listener.port);
  v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  sockaddr_in6 v6 = {};
  v6.sin6_family = AF_INET6;
  v6.sin6_port = htons(listener.port);
  v6.sin6_addr = in6addr_loopback;
  const auto* target =
      listener.v6 ? reinterpret_cast<const sockaddr*>(&v6) : reinterpret_cast<const sockaddr*>(&v4);
  const socklen_t size = listener.v6 ? sizeof v6 : sizeof v4;
  constexpr char kConnack = 0x20;
  constexpr char kSuback = static_cast<char>(0x90);
  if (::connect(socket, target, size) == 0 && NotePort(socket) && SendAll(socket, ConnectPacket(options_)) &&
      Expect(socket, kConnack, 4) && SendAll(socket, SubscribePacket(kBarrierTopic)) &&
      Expect(socket, kSuback, 5)) {
    return socket;
  }
  ::close(socket);
  return -1;
}

bool Doorbell::NotePort(int socket) {
  sockaddr_in6 address = {};
  socklen_t size = sizeof address;
  if (::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size) != 0) return false;
  local_port_ = ntohs(address.sin6_port);  // sockaddr_in has its port at the same place
  return true;
}

// Rings until the connection breaks. True when it ended because we stop.
bool Doorbell::Serve(int socket) {
  const std::string ring = PublishPacket(kDoorbellTopic);
  const std::string ping(std::string("\xC0\x00", 2));
  if (!SendAll(socket, ring)) return false;  // whatever was rung for while we were away
  while (!stopping_) {
    pollfd waits[] = {{.fd = wake_fd_, .events = POLLIN, .revents = 0},
                      {.fd = socket, .events = POLLIN, .revents = 0}};
    const int ready = ::poll(waits, 2, kPingMs);
    if (ready == 0 && !SendAll(socket, ping)) return false;
    if (waits[1].revents != 0) {
      char ignored[256];
      if (::recv(socket, ignored, sizeof ignored, MSG_DONTWAIT) <= 0) return false;
    }
    if (waits[0].revents == 0) continue;
    uint64_t count = 0;
    [[maybe_unused]] const ssize_t got = ::read(wake_fd_, &count, sizeof count);
    rung_ = false;
    if (!stopping_ && !SendAll(socket, ring)) return false;
  }
  return true;
}

}  // namespace parley::plugin
