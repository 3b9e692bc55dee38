#include "broker-plugin/delivery/output_coalescer.h"

#include <array>
#include <map>

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

namespace parley::plugin {
namespace {

// Real sockets: what counts is what the kernel thinks of them.
class OutputCoalescerTest : public testing::Test {
 protected:
  OutputCoalescerTest() : coalescer_([this](ClientHandle handle) { return sockets_[handle]; }) {
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

}  // namespace
}  // namespace parley::plugin
