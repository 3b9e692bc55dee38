#include "broker-plugin/delivery/local_pacing.h"

#include <algorithm>
#include <string>

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "broker-plugin/delivery/listener_discovery.h"

namespace parley::plugin {
namespace {

class ListeningSocket {
 public:
  explicit ListeningSocket(const char* address) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    address_.sin_family = AF_INET;
    ::inet_pton(AF_INET, address, &address_.sin_addr);
    socklen_t size = sizeof address_;
    EXPECT_EQ(::bind(socket_, reinterpret_cast<const sockaddr*>(&address_), size), 0);
    EXPECT_EQ(::listen(socket_, 4), 0);
    EXPECT_EQ(::getsockname(socket_, reinterpret_cast<sockaddr*>(&address_), &size), 0);
  }
  ~ListeningSocket() { ::close(socket_); }
  ListeningSocket(const ListeningSocket&) = delete;
  ListeningSocket& operator=(const ListeningSocket&) = delete;

  int socket() const { return socket_; }
  uint16_t port() const { return ntohs(address_.sin_port); }

  // The congestion control of a connection that it accepts.
  std::string Accepted() const {
    const int client = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    EXPECT_EQ(::connect(client, reinterpret_cast<const sockaddr*>(&address_), sizeof address_), 0);
    const int accepted = ::accept4(socket_, nullptr, nullptr, SOCK_CLOEXEC);
    std::string name = NameOf(accepted);
    ::close(accepted);
    ::close(client);
    return name;
  }

  static std::string NameOf(int socket) {
    char name[16] = "";
    socklen_t size = sizeof name;
    EXPECT_EQ(::getsockopt(socket, IPPROTO_TCP, TCP_CONGESTION, name, &size), 0);
    return name;
  }

  bool Use(const std::string& name) const {
    return ::setsockopt(socket_, IPPROTO_TCP, TCP_CONGESTION, name.data(),
                        static_cast<socklen_t>(name.size())) == 0;
  }

 private:
  const int socket_;
  sockaddr_in address_ = {};
};

TEST(OwnListeners, AreThoseThatLoopbackReaches) {
  const ListeningSocket local("127.0.0.1");
  const ListeningSocket any("0.0.0.0");
  const int other = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);  // listens to nobody
  const std::vector<Listener> found = OwnListeners();
  const auto of = [&](int socket) {
    return std::find_if(found.begin(), found.end(), [&](const Listener& l) { return l.socket == socket; });
  };
  ASSERT_NE(of(local.socket()), found.end());
  EXPECT_TRUE(of(local.socket())->loopback);
  EXPECT_EQ(of(local.socket())->port, local.port());
  ASSERT_NE(of(any.socket()), found.end());
  EXPECT_FALSE(of(any.socket())->loopback);
  EXPECT_EQ(of(other), found.end());
  ::close(other);
}

TEST(UnpaceLoopbackListeners, LeavesWhatANetworkMayReach) {
  const ListeningSocket local("127.0.0.1");
  const ListeningSocket any("0.0.0.0");
  if (!local.Use("bbr") || !any.Use("bbr"))
    GTEST_SKIP() << "this kernel has no congestion control that paces";
  EXPECT_EQ(UnpaceLoopbackListeners(), 1U);
  EXPECT_EQ(local.Accepted(), "reno");
  EXPECT_EQ(any.Accepted(), "bbr");
  EXPECT_EQ(UnpaceLoopbackListeners(), 0U);  // once is enough
}

TEST(UnpaceLoopbackListeners, LeavesWhatDoesNotPace) {
  const ListeningSocket local("127.0.0.1");
  ASSERT_TRUE(local.Use("reno"));
  EXPECT_EQ(UnpaceLoopbackListeners(), 0U);
  EXPECT_EQ(local.Accepted(), "reno");
}

}  // namespace
}  // namespace parley::plugin
