#include "broker-plugin/delivery/output_coalescer.h"

#include <algorithm>
#include <array>
#include <map>

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

namespace parley::plugin {
namespace {

// Real sockets: what counts is what the kernel thinks of them.
class OutputCoalescerTest : public testing::Test {
 protected:
  OutputCoalescerTest() : coalescer_([this](ClientHandle handle, int) { return sockets_[handle]; }) {
    for (size_t i = 0; i < sessions_.size(); ++i) {
      sessions_[i].handle = &sessions_[i];
      sockets_[sessions_[i].handle] = ::socket(AF_INET, SOCK_STREAM, 0);
    }
    coalescer_.SetActive(true);
  }
  ~OutputCoalescerTest() override {
    for (const auto& [handle, socket] : sockets_) ::close(socket);
  }

  bool Corked(const Session& session) {
    int on = 0;
    socklen_t size = sizeof on;
    ::getsockopt(sockets_[session.handle], IPPROTO_TCP, TCP_CORK, &on, &size);
    return on != 0;
  }

  std::array<Session, 2> sessions_;
  std::map<ClientHandle, int> sockets_;
  OutputCoalescer coalescer_;
};

TEST_F(OutputCoalescerTest, OneMessageOfABurstLeavesAtOnce) {
  coalescer_.OnDelivery(sessions_[0]);
  EXPECT_FALSE(Corked(sessions_[0]));
}

TEST_F(OutputCoalescerTest, FromTheSecondMessageOnOutputIsHeldBackUntilTheBurstEnds) {
  for (int i = 0; i < 3; ++i) coalescer_.OnDelivery(sessions_[0]);
  coalescer_.OnDelivery(sessions_[1]);
  EXPECT_TRUE(Corked(sessions_[0]));
  EXPECT_FALSE(Corked(sessions_[1]));
  EXPECT_EQ(coalescer_.corked_count(), 1U);
  coalescer_.Release();
  EXPECT_FALSE(Corked(sessions_[0]));
}

TEST_F(OutputCoalescerTest, EachBurstBeginsAnew) {
  for (int i = 0; i < 3; ++i) {
    coalescer_.OnDelivery(sessions_[0]);
    EXPECT_FALSE(Corked(sessions_[0]));
    coalescer_.Release();
  }
}

TEST_F(OutputCoalescerTest, SwitchedOffNothingIsHeldBack) {
  for (int i = 0; i < 2; ++i) coalescer_.OnDelivery(sessions_[0]);
  coalescer_.SetActive(false);
  EXPECT_FALSE(Corked(sessions_[0])) << "what was held back is released";
  for (int i = 0; i < 2; ++i) coalescer_.OnDelivery(sessions_[0]);
  EXPECT_FALSE(Corked(sessions_[0]));
}

TEST_F(OutputCoalescerTest, ASocketThatCannotBeFoundIsLeftAlone) {
  ::close(sockets_[sessions_[0].handle]);
  sockets_[sessions_[0].handle] = -1;
  for (int i = 0; i < 2; ++i) coalescer_.OnDelivery(sessions_[0]);
  EXPECT_EQ(coalescer_.corked_count(), 0U);
  coalescer_.Release();
}

// Answers to clients over loopback connections of their own.
class AnswersTest : public testing::Test {
 protected:
  struct Connection {
    int client = -1;
    Session session;
    int server = -1;
  };

  AnswersTest()
      : coalescer_([this](ClientHandle handle, int) {
          for (const Connection& one : connections_) {
            if (&one == handle) return one.server;
          }
          return -1;
        }) {
    const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    auto* const name = reinterpret_cast<sockaddr*>(&address);
    socklen_t size = sizeof address;
    EXPECT_EQ(::bind(listener, name, size), 0);
    EXPECT_EQ(::listen(listener, 2), 0);
    EXPECT_EQ(::getsockname(listener, name, &size), 0);
    for (Connection& one : connections_) {
      one.client = ::socket(AF_INET, SOCK_STREAM, 0);
      EXPECT_EQ(::connect(one.client, name, size), 0);
      one.server = ::accept(listener, nullptr, nullptr);
      one.session.handle = &one;
      const int on = 1;
      ::setsockopt(one.server, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      ::setsockopt(one.client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    }
    ::close(listener);
    coalescer_.SetActive(true);
  }
  ~AnswersTest() override {
    for (const Connection& one : connections_) {
      ::close(one.client);
      ::close(one.server);
    }
  }

  // The client sends a packet of one byte.
  static void Send(const Connection& one) {
    const int before = Unread(one.server);
    EXPECT_EQ(::send(one.client, "p", 1, 0), 1);
    pollfd arrived{.fd = one.server, .events = POLLIN, .revents = 0};
    EXPECT_EQ(::poll(&arrived, 1, 10'000), 1);
    EXPECT_GT(Unread(one.server), before);
  }
  // The broker reads one, and answers it with one byte.
  void ReadAndAnswer(Connection& one) {
    char packet = 0;
    EXPECT_EQ(::recv(one.server, &packet, 1, 0), 1);
    coalescer_.OnAnswer(one.session);
    EXPECT_EQ(::send(one.server, "a", 1, 0), 1);
  }
  static int Unread(int socket) {
    int bytes = -1;
    ::ioctl(socket, FIONREAD, &bytes);
    return bytes;
  }

  std::array<Connection, 2> connections_;
  OutputCoalescer coalescer_;
};

TEST_F(AnswersTest, OfAClientThatWaitsLeaveAtOnce) {
  for (int i = 1; i <= 3; ++i) {
    Send(connections_[0]);
    ReadAndAnswer(connections_[0]);
    EXPECT_EQ(Unread(connections_[0].client), i);
  }
}

TEST_F(AnswersTest, GatherWhileTheNextPacketsHaveArrived) {
  for (int i = 0; i < 4; ++i) Send(connections_[0]);
  for (int i = 0; i < 3; ++i) {
    ReadAndAnswer(connections_[0]);
    EXPECT_EQ(Unread(connections_[0].client), 0);
    coalescer_.OnPassEnd();
  }
  ReadAndAnswer(connections_[0]);
  EXPECT_EQ(Unread(connections_[0].client), 4) << "the last one takes all with it";
}

TEST_F(AnswersTest, AreNoMoreThanAFew) {
  for (int i = 0; i < 3 * OutputCoalescer::kAnswersMax; ++i) Send(connections_[0]);
  int most = 0;
  for (int i = 1; i < 3 * OutputCoalescer::kAnswersMax; ++i) {
    ReadAndAnswer(connections_[0]);
    most = std::max(most, i - Unread(connections_[0].client));
  }
  EXPECT_EQ(most, OutputCoalescer::kAnswersMax);
}

TEST_F(AnswersTest, LeaveWhenAPassBringsNoPacketOfTheClient) {
  for (int i = 0; i < 2; ++i) Send(connections_[0]);
  Send(connections_[1]);
  Send(connections_[1]);
  ReadAndAnswer(connections_[0]);  // what has arrived behind it is the beginning of a large packet
  ReadAndAnswer(connections_[1]);
  coalescer_.OnPassEnd();
  EXPECT_EQ(Unread(connections_[0].client), 0);
  coalescer_.OnPassEnd();
  EXPECT_EQ(Unread(connections_[0].client), 1);
  EXPECT_EQ(Unread(connections_[1].client), 1);
}

TEST_F(AnswersTest, OfOneClientDoNotWaitForAnother) {
  for (Connection& one : connections_) {
    Send(one);
    Send(one);
    ReadAndAnswer(one);
  }
  ReadAndAnswer(connections_[0]);
  EXPECT_EQ(Unread(connections_[0].client), 2);
  EXPECT_EQ(Unread(connections_[1].client), 0);
  ReadAndAnswer(connections_[1]);
  EXPECT_EQ(Unread(connections_[1].client), 2);
}

TEST_F(AnswersTest, AreReleasedWhenItIsSwitchedOff) {
  Send(connections_[0]);
  Send(connections_[0]);
  ReadAndAnswer(connections_[0]);
  coalescer_.SetActive(false);
  EXPECT_EQ(Unread(connections_[0].client), 1);
}

}  // namespace
}  // namespace parley::plugin
