#include "broker-plugin/delivery/silent_clients.h"

#include <map>
#include <utility>

#include <gmock/gmock.h>

#include "tests/unit/plugin/fake_broker.h"

namespace parley::plugin {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;

class SilentClientsTest : public testing::Test {
 protected:
  SilentClientsTest() : sessions_([](const std::string&) { return false; }) {}

  // A client whose last word was now; nullopt: it cannot be seen.
  void Connect(FakeClient& client, std::optional<seconds> keep_alive) {
    Session session;
    session.client = client.id;
    session.user = client.user;
    if (keep_alive) broker_.keep_alive[&client] = *keep_alive;
    spoke_[&client] = now_;
    silent_.Watch(sessions_.Connected(&client, std::move(session)), now_);
  }
  void Speak(FakeClient& client) { spoke_[&client] = now_; }
  void Pass(milliseconds time) {
    now_ += time;
    for (const auto& [client, at] : spoke_) {
      broker_.silent[client] = std::chrono::duration_cast<milliseconds>(now_ - at);
    }
    silent_.OnTick(now_);
  }

  FakeBroker broker_;
  Sessions sessions_;
  std::vector<std::string> ended_;
  SilentClients silent_{broker_, sessions_, [this](const Session& session) {
                          EXPECT_TRUE(session.silent);
                          ended_.push_back(session.client);
                        }};
  SilentClients::Clock::time_point now_{std::chrono::hours(1)};
  std::map<const void*, SilentClients::Clock::time_point> spoke_;
  FakeClient& a_ = broker_.Add({.id = "a", .user = "alice"});
  FakeClient& b_ = broker_.Add({.id = "b", .user = "bob"});
};

TEST_F(SilentClientsTest, EndsWhoSaysNothingForOneAndAHalfKeepAlives) {
  Connect(a_, seconds(4));
  Connect(b_, seconds(4));
  for (int i = 0; i < 59; ++i) {
    Pass(milliseconds(100));
    if (i % 30 == 0) Speak(b_);
  }
  EXPECT_THAT(ended_, IsEmpty());
  Pass(milliseconds(100));
  EXPECT_THAT(ended_, ElementsAre("a"));
  EXPECT_EQ(silent_.ended_count(), 1U);
  for (int i = 0; i < 20; ++i) Pass(milliseconds(100));
  EXPECT_THAT(ended_, ElementsAre("a"));
}

TEST_F(SilentClientsTest, AnIdleConnectionCostsALookPerKeepAlive) {
  Connect(a_, seconds(60));
  for (int i = 0; i < 6'000; ++i) {
    Pass(milliseconds(100));
    if (i % 300 == 0) Speak(a_);
  }
  EXPECT_LE(broker_.looks, 15U);  // in ten minutes
  EXPECT_THAT(ended_, IsEmpty());
}

TEST_F(SilentClientsTest, WithoutAKeepAliveNobodyIsEnded) {
  Connect(a_, seconds(0));
  Connect(b_, std::nullopt);
  for (int i = 0; i < 100; ++i) Pass(seconds(10));
  EXPECT_THAT(ended_, IsEmpty());
}

TEST_F(SilentClientsTest, AConnectionThatEndedOrWasReplacedIsNotLookedAt) {
  Connect(a_, seconds(2));
  sessions_.Disconnected(&a_);
  Connect(b_, seconds(2));
  Connect(b_, seconds(60));  // the same handle, a later connection
  Pass(seconds(4));
  EXPECT_THAT(ended_, IsEmpty());
}

}  // namespace
}  // namespace parley::plugin
