#include "bridge/presence/session_table.h"

#include <optional>

#include <gmock/gmock.h>

namespace parley::bridge {
namespace {

using Notice = internal::v1::SessionNotice;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr uint64_t kWallMs = 1'790'000'000'000;

// A notice in the making.
struct Say {
  explicit Say(uint64_t sequence, uint64_t epoch = 7) {
    notice.set_broker_epoch(epoch);
    notice.set_sequence(sequence);
  }
  Say& List(bool begins = true, bool ends = true) {
    notice.set_snapshot(begins);
    notice.set_snapshot_end(ends);
    return *this;
  }
  Say& On(const std::string& client, const std::string& user, uint64_t number) {
    return Add(client, user, number, true);
  }
  Say& Off(const std::string& client, const std::string& user, uint64_t number) {
    return Add(client, user, number, false);
  }
  Say& Add(const std::string& client, const std::string& user, uint64_t number, bool connected) {
    Notice::Session& session = *notice.add_sessions();
    session.set_client(client);
    session.set_user(user);
    session.set_number(number);
    session.set_connected(connected);
    session.set_ts_ms(kWallMs + number);
    return *this;
  }
  Notice notice;
};

class SessionTableTest : public testing::Test {
 protected:
  // "+alice -bob": the steps; then what else was said.
  std::vector<std::string> Hear(const Say& say) {
    const SessionTable::Heard heard = table_.Hear(say.notice, kWallMs);
    std::vector<std::string> said;
    for (const SessionTable::Step& step : heard.steps) {
      said.push_back((step.connected ? "+" : "-") + step.user);
      if (!step.connected) gone_ms_ = step.at_ms;
    }
    if (heard.missed) said.emplace_back("missed");
    if (heard.complete) said.emplace_back("complete");
    if (heard.restarted) said.emplace_back("restarted");
    return said;
  }

  // The end of a session of which nothing had come for so long; absent: not known.
  uint64_t HeardBefore(uint64_t number, std::optional<uint64_t> quiet_ms) {
    Say say(number);
    say.Off("p", "alice", number);
    if (quiet_ms) say.notice.mutable_sessions(0)->set_quiet_ms(*quiet_ms);
    Hear(Say(number - 1).List().On("p", "alice", number));
    return table_.Hear(say.notice, kWallMs).steps.at(0).heard_ms;
  }

  SessionTable table_;
  uint64_t gone_ms_ = 0;
};

TEST_F(SessionTableTest, ASessionThatEndsLongAfterItsLastBytesHasDied) {
  EXPECT_EQ(HeardBefore(2, 90'000), kWallMs + 2 - 90'000);
  EXPECT_EQ(HeardBefore(4, 51), kWallMs + 4 - 51);
  EXPECT_EQ(HeardBefore(6, 50), 0U) << "a DISCONNECT came just before";
  EXPECT_EQ(HeardBefore(8, 0), 0U);
  EXPECT_EQ(HeardBefore(10, std::nullopt), 0U);
  EXPECT_EQ(HeardBefore(12, UINT64_MAX), 0U) << "nonsense";
}

TEST_F(SessionTableTest, BeginsWithAList) {
  EXPECT_THAT(Hear(Say(4).On("p", "alice", 1)), IsEmpty());
  EXPECT_FALSE(table_.complete());
  EXPECT_THAT(Hear(Say(5).List(true, false).On("p", "alice", 1)), ElementsAre("+alice"));
  EXPECT_THAT(Hear(Say(6).On("q", "bob", 9)), ElementsAre("+bob"));  // a change in between
  EXPECT_FALSE(table_.complete());
  EXPECT_THAT(Hear(Say(7).List(false, true).On("r", "bob", 2)), ElementsAre("+bob", "complete", "restarted"));
  EXPECT_TRUE(table_.complete());
  EXPECT_EQ(table_.size(), 3U);
  EXPECT_THAT(Hear(Say(8).Off("r", "bob", 2)), ElementsAre("-bob"));
  EXPECT_EQ(gone_ms_, kWallMs + 2);
}

TEST_F(SessionTableTest, ATakeOverIsNoStep) {
  Hear(Say(1).List().On("p", "alice", 1));
  EXPECT_THAT(Hear(Say(2).Off("p", "alice", 1).On("p", "alice", 2)), ElementsAre("-alice", "+alice"));
  EXPECT_THAT(Hear(Say(3).On("p", "alice", 3)), IsEmpty());
  EXPECT_THAT(Hear(Say(4).Off("p", "alice", 2)), IsEmpty());  // of the older connection
  EXPECT_THAT(Hear(Say(5).On("p", "alice", 2)), IsEmpty());   // told late
  EXPECT_THAT(Hear(Say(6).Off("p", "alice", 3)), ElementsAre("-alice"));
  EXPECT_THAT(Hear(Say(7).On("p", "bob", 4)), ElementsAre("+bob"));
  EXPECT_THAT(Hear(Say(8).On("p", "alice", 5)), ElementsAre("-bob", "+alice"));  // another user's now
  EXPECT_THAT(Hear(Say(9).On("p", "", 6)), ElementsAre("-alice"));               // of nobody
  EXPECT_EQ(table_.size(), 0U);
}

TEST_F(SessionTableTest, AMissedNoticeVoidsAllUntilTheNextList) {
  Hear(Say(1).List().On("p", "alice", 1).On("q", "bob", 2));
  EXPECT_THAT(Hear(Say(3).Off("p", "alice", 1)), ElementsAre("missed"));
  EXPECT_FALSE(table_.complete());
  EXPECT_THAT(Hear(Say(4).Off("q", "bob", 2)), IsEmpty());
  EXPECT_THAT(Hear(Say(5).List().On("q", "bob", 2)), ElementsAre("-alice", "complete"));
  EXPECT_EQ(gone_ms_, kWallMs);
  EXPECT_THAT(Hear(Say(5).Off("q", "bob", 2)), ElementsAre("missed"));  // the same number twice
}

TEST_F(SessionTableTest, AListThatBeginsAnewReplacesTheOneBefore) {
  Hear(Say(1).List(true, false).On("p", "alice", 1));
  EXPECT_THAT(Hear(Say(9).List(true, false).On("q", "bob", 2)), ElementsAre("+bob"));
  EXPECT_THAT(Hear(Say(10).List(false, true)), ElementsAre("-alice", "complete", "restarted"));
}

TEST_F(SessionTableTest, ABrokerThatRestartedEndsAllSessionsWhenItWasLost) {
  Hear(Say(1).List().On("p", "alice", 100).On("q", "bob", 200));
  table_.OnLinkLost(kWallMs - 5'000);
  EXPECT_FALSE(table_.complete());
  // Numbers begin again, and one is in use by both.
  EXPECT_THAT(Hear(Say(1, 8).List().On("p", "alice", 1)), ElementsAre("-bob", "complete", "restarted"));
  EXPECT_EQ(gone_ms_, kWallMs - 5'000);
  EXPECT_THAT(Hear(Say(2, 8).Off("p", "alice", 1)), ElementsAre("-alice"));
}

TEST_F(SessionTableTest, ALostLinkToALivingBrokerEndsWhoIsNotThereAnyMore) {
  Hear(Say(1).List().On("p", "alice", 1).On("q", "bob", 2));
  table_.OnLinkLost(kWallMs - 5'000);
  EXPECT_THAT(Hear(Say(2).Off("q", "bob", 2)), IsEmpty());
  EXPECT_THAT(Hear(Say(3).List().On("p", "alice", 1)), ElementsAre("-bob", "complete"));
  EXPECT_EQ(gone_ms_, kWallMs);
}

TEST_F(SessionTableTest, ANoticeOfAnotherBrokerThatIsNoListIsAGap) {
  Hear(Say(1).List().On("p", "alice", 1));
  EXPECT_THAT(Hear(Say(2, 8).Off("p", "alice", 1)), ElementsAre("missed"));
}

}  // namespace
}  // namespace parley::bridge
