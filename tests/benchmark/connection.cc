#include "tests/benchmark/connection.h"

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace parley::benchmark {
namespace {

constexpr int kAnswerMs = 30'000;
constexpr int kLoginAttempts = 2'000;
constexpr int kPauseMs = 10;
constexpr size_t kReadBytes = size_t{256} << 10;

int Connect(uint16_t port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (fd < 0 || ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    Die(std::string("connect: ") + std::strerror(errno));
  }
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  ::fcntl(fd, F_SETFL, O_NONBLOCK);
  return fd;
}

}  // namespace

void Die(const std::string& why) {
  std::fprintf(stderr, "parley_load: %s\n", why.c_str());
  std::exit(1);
}

uint64_t NowNs() {
  return static_cast<uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
}

Connection::Connection(uint16_t port, const Account& account) {
  for (int attempt = 0; attempt < kLoginAttempts; ++attempt) {
    if (LogIn(port, account)) return;
    ::close(fd_);
    fd_ = -1;
    ::poll(nullptr, 0, kPauseMs);
  }
  Die("no CONNACK for " + account.client);
}

Connection::~Connection() {
  ::close(fd_);
}

bool Connection::LogIn(uint16_t port, const Account& account) {
  fd_ = Connect(port);
  in_.clear();
  AppendConnect(out_, account.client, account.user, account.password);
  Flush();
  pollfd wait = {.fd = fd_, .events = POLLIN, .revents = 0};
  if (::poll(&wait, 1, kAnswerMs) <= 0) Die("no CONNACK in time for " + account.client);
  if (!Fill()) return false;
  std::string_view rest = in_;
  const std::optional<Packet> packet = TakePacket(rest);
  if (!packet || packet->type != PacketType::kConnack || packet->code != 0) Die("refused: " + account.client);
  in_.erase(0, in_.size() - rest.size());
  return true;
}

void Connection::Subscribe(std::string_view filter, int qos) {
  AppendSubscribe(out_, filter, qos);
  Flush();
  const Packet packet = Await();
  if (packet.type != PacketType::kSuback || packet.code > 2)
    Die("subscription refused: " + std::string(filter));
}

Packet Connection::Await() {
  while (true) {
    std::string_view rest = in_;
    if (const std::optional<Packet> packet = TakePacket(rest)) {
      in_.erase(0, in_.size() - rest.size());
      return *packet;  // of its type and code only: its views are gone
    }
    pollfd wait = {.fd = fd_, .events = POLLIN, .revents = 0};
    if (::poll(&wait, 1, kAnswerMs) <= 0 || !Fill()) Die("no answer in time");
  }
}

void Connection::Flush() {
  size_t sent = 0;
  while (sent < out_.size()) {
    const ssize_t wrote = ::send(fd_, out_.data() + sent, out_.size() - sent, MSG_NOSIGNAL);
    if (wrote <= 0) break;
    sent += static_cast<size_t>(wrote);
  }
  out_.erase(0, sent);
}

bool Connection::Fill() {
  static char chunk[kReadBytes];
  const ssize_t got = ::recv(fd_, chunk, sizeof chunk, 0);
  if (got > 0) in_.append(chunk, static_cast<size_t>(got));
  return got > 0 || (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK));
}

}  // namespace parley::benchmark
