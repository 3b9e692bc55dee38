#include "broker-plugin/delivery/session_notices.h"

#include <set>
#include <utility>

#include <gmock/gmock.h>

#include "schemas/topic.h"
#include "tests/unit/plugin/fake_broker.h"

namespace parley::plugin {
namespace {

using Notice = internal::v1::SessionNotice;
using testing::ElementsAre;
using testing::IsEmpty;

class SessionNoticesTest : public testing::Test {
 protected:
  SessionNoticesTest() : sessions_([](const std::string&) { return false; }) {
    sessions_.SetListener(&notices_);
  }

  void Connect(uintptr_t handle, const std::string& client, const std::string& user,
               Session::Kind kind = Session::Kind::kUser) {
    Session session;
    session.client = client;
    session.user = user;
    session.kind = kind;
    // NOLINTNEXTLINE(performance-no-int-to-ptr): a handle is compared, never looked into
    sessions_.Connected(reinterpret_cast<ClientHandle>(handle), std::move(session));
  }
  // NOLINTNEXTLINE(performance-no-int-to-ptr)
  void Disconnect(uintptr_t handle) { sessions_.Disconnected(reinterpret_cast<ClientHandle>(handle)); }

  // What is said in one pass.
  std::vector<Notice> Pass() {
    now_ += SessionNotices::kInterval;
    notices_.OnTick(now_);
    std::vector<Notice> said;
    for (; told_ < broker_.queue().size(); ++told_) {
      const FakeBroker::Queued& queued = broker_.queue()[told_];
      EXPECT_EQ(queued.message.topic, kSessionsTopic);
      EXPECT_TRUE(said.emplace_back().ParseFromString(queued.message.payload));
      EXPECT_EQ(said.back().broker_epoch(), 77U);
      EXPECT_EQ(said.back().sequence(), ++sequence_);
    }
    return said;
  }
  // "[+a -b]": the sessions of each notice; '[' … ']' when it begins and ends the list.
  std::vector<std::string> Said() {
    std::vector<std::string> texts;
    for (const Notice& notice : Pass()) {
      std::string text = notice.snapshot() ? "[" : "";
      for (const Notice::Session& session : notice.sessions()) {
        text += (session.connected() ? "+" : "-") + session.client() + std::to_string(session.number());
      }
      texts.push_back(text + (notice.snapshot_end() ? "]" : ""));
    }
    return texts;
  }

  FakeBroker broker_;
  Sessions sessions_;
  SessionNotices notices_{broker_, 77, [] { return uint64_t{1}; }};
  SessionNotices::Clock::time_point now_{std::chrono::hours(1)};
  size_t told_ = 0;
  uint64_t sequence_ = 0;
};

TEST_F(SessionNoticesTest, NothingIsToldUntilTheBridgeAsks) {
  Connect(1, "a", "alice");
  EXPECT_THAT(Said(), IsEmpty());
  notices_.Begin();
  EXPECT_THAT(Said(), ElementsAre("[+a1]"));
  EXPECT_THAT(Said(), IsEmpty());
  notices_.Stop();
  Connect(2, "b", "bob");
  EXPECT_THAT(Said(), IsEmpty());
  notices_.Begin();
  EXPECT_THAT(Said(), ElementsAre("[+a1+b2]"));
}

TEST_F(SessionNoticesTest, AnEmptyListIsAListToo) {
  notices_.Begin();
  EXPECT_THAT(Said(), ElementsAre("[]"));
}

TEST_F(SessionNoticesTest, ManyChangesAreOneNotice) {
  notices_.Begin();
  Said();
  Connect(1, "a", "alice");
  Connect(2, "b", "bob");
  Disconnect(1);
  EXPECT_THAT(Said(), ElementsAre("+a1+b2-a1"));
}

TEST_F(SessionNoticesTest, AnEndSaysHowLongNothingHadCome) {
  notices_.Begin();
  for (const uintptr_t handle : {1, 2}) Connect(handle, "c" + std::to_string(handle), "alice");
  Pass();
  sessions_.FindClient("c1")->quiet_ms = 1234;
  Disconnect(1);
  Disconnect(2);
  const std::vector<Notice> said = Pass();
  ASSERT_EQ(said.size(), 1U);
  ASSERT_EQ(said[0].sessions_size(), 2);
  EXPECT_EQ(said[0].sessions(0).quiet_ms(), 1234U);
  EXPECT_FALSE(said[0].sessions(1).has_quiet_ms()) << "it is not known";
}

TEST_F(SessionNoticesTest, ATakeOverEndsTheOlderConnectionFirst) {
  notices_.Begin();
  Connect(1, "a", "alice");
  Said();
  Connect(2, "a", "alice");
  Disconnect(1);  // told by the broker afterwards
  EXPECT_THAT(Said(), ElementsAre("-a1+a2"));
  Connect(2, "c", "carol");  // the handle is used again
  EXPECT_THAT(Said(), ElementsAre("-a2+c3"));
}

TEST_F(SessionNoticesTest, TheBridgeItselfIsNotTold) {
  notices_.Begin();
  Connect(1, "parley-bridge", "bridge", Session::Kind::kBridge);
  Disconnect(1);
  EXPECT_THAT(Said(), ElementsAre("[]"));
}

TEST_F(SessionNoticesTest, FewChangesWaitForTheInterval) {
  notices_.Begin();
  Said();
  Connect(1, "a", "alice");
  notices_.OnTick(now_ + SessionNotices::kInterval / 2);
  EXPECT_EQ(broker_.queue().size(), told_);
  EXPECT_THAT(Said(), ElementsAre("+a1"));
}

TEST_F(SessionNoticesTest, ARequestHurriesThem) {
  notices_.Begin();
  Connect(1, "a", "alice");
  notices_.TellNow();  // the list comes first
  EXPECT_EQ(broker_.queue().size(), 0U);
  Said();
  Connect(2, "b", "bob");
  notices_.TellNow();
  notices_.TellNow();
  EXPECT_EQ(broker_.queue().size(), 2U);
}

// What a listener that applies the notices in order knows is true after each pass in which none waits.
TEST_F(SessionNoticesTest, AListInSlicesWithChangesInBetweenIsTheTruth) {
  constexpr uintptr_t kSessions = 3'000;
  for (uintptr_t i = 1; i <= kSessions; ++i) Connect(i, "c" + std::to_string(i), "user");
  notices_.Begin();
  std::set<std::string> known;
  bool ended = false;
  size_t most = 0;
  uintptr_t next = kSessions;
  for (int pass = 0; !ended && pass < 100; ++pass) {
    for (uintptr_t i = 1; i <= 5; ++i) Disconnect(static_cast<uintptr_t>(pass) * 5 + i);
    Disconnect(kSessions - static_cast<uintptr_t>(pass));
    ++next;
    Connect(next, "c" + std::to_string(next), "user");
    const std::vector<Notice> notices = Pass();
    EXPECT_LE(notices.size(), static_cast<size_t>(SessionNotices::kNoticesPerPass));
    for (const Notice& notice : notices) {
      most = std::max(most, static_cast<size_t>(notice.sessions_size()));
      for (const Notice::Session& session : notice.sessions()) {
        if (session.connected()) {
          known.insert(session.client());
        } else {
          known.erase(session.client());
        }
      }
      ended = ended || notice.snapshot_end();
    }
  }
  EXPECT_TRUE(ended);
  EXPECT_LE(most, 2 * SessionNotices::kSessionsPerNotice);
  std::set<std::string> truth;
  sessions_.ForEach([&truth](const Session& session) { truth.insert(session.client); });
  EXPECT_EQ(known, truth);
}

TEST_F(SessionNoticesTest, TooManyChangesBecomeAList) {
  notices_.Begin();
  Said();
  for (size_t i = 0; i <= SessionNotices::kChangesMax / 2; ++i) {
    Connect(1, "a", "alice");
    Disconnect(1);
  }
  Connect(2, "b", "bob");
  const std::vector<Notice> notices = Pass();
  ASSERT_FALSE(notices.empty());
  EXPECT_TRUE(notices.front().snapshot());
  EXPECT_EQ(notices.size(), 1U);  // instead of a hundred
  EXPECT_EQ(notices.front().sessions().rbegin()->client(), "b");
}

}  // namespace
}  // namespace parley::plugin
