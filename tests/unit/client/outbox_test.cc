#include "client/session/outbox.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/session/limits.h"

namespace parley::client {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

v1::Draft TextDraft(const std::string& id, const std::string& text = "hello") {
  v1::Draft draft;
  draft.set_id(id);
  draft.mutable_text()->set_text(text);
  return draft;
}

v1::Ack AckFor(const std::string& id, v1::Code code = v1::OK) {
  v1::Ack ack;
  ack.set_room("lobby");
  ack.set_id(id);
  ack.set_code(code);
  ack.set_seq(code == v1::OK ? 7 : 0);
  return ack;
}

class OutboxTest : public testing::Test {
 protected:
  void Add(const std::string& id, int qos = 1) { ASSERT_TRUE(outbox_.Add("lobby", TextDraft(id), qos)); }

  // The ids that are published, in order, when time comes to `now_ms`.
  std::vector<std::string> Published(int64_t now_ms) {
    Effects effects;
    outbox_.Pump(now_ms, effects);
    std::vector<std::string> ids;
    for (const Effect& effect : effects) {
      if (const auto* publish = std::get_if<PublishTo>(&effect)) {
        ids.push_back(publish->topic.substr(publish->topic.rfind('/') + 1));
      } else if (const auto* done = std::get_if<SendDone>(&effect)) {
        done_.push_back(*done);
      }
    }
    return ids;
  }

  void Ack(const v1::Ack& ack, int64_t now_ms = 0) {
    Effects effects;
    outbox_.OnAck(ack, now_ms, effects);
    for (const Effect& effect : effects) done_.push_back(std::get<SendDone>(effect));
  }

  Outbox outbox_{2, 60'000};
  std::vector<SendDone> done_;
};

TEST_F(OutboxTest, PublishesTheDraftWithItsIdInTheTopic) {
  outbox_.SetReady(true);
  Add("a1");
  Effects effects;
  outbox_.Pump(0, effects);
  const auto& publish = std::get<PublishTo>(effects.at(0));
  EXPECT_EQ(publish.topic, "chat/v1/rooms/lobby/send/json/a1");
  EXPECT_EQ(publish.qos, 1);
  EXPECT_NE(publish.payload.find("hello"), std::string::npos);
}

TEST_F(OutboxTest, WaitsForTheConnection) {
  Add("a1");
  EXPECT_THAT(Published(0), IsEmpty());
  outbox_.SetReady(true);
  EXPECT_THAT(Published(1), ElementsAre("a1"));
}

TEST_F(OutboxTest, SendsNoMoreThanTheWindowBeforeAnAck) {
  outbox_.SetReady(true);
  for (const char* id : {"a1", "a2", "a3"}) Add(id);
  EXPECT_THAT(Published(0), ElementsAre("a1", "a2"));
  Ack(AckFor("a2"));
  EXPECT_THAT(Published(1), ElementsAre("a3"));
}

TEST_F(OutboxTest, AnAckEndsADraftOnce) {
  outbox_.SetReady(true);
  Add("a1");
  Published(0);
  Ack(AckFor("a1"));
  Ack(AckFor("a1"));
  ASSERT_EQ(done_.size(), 1u);
  EXPECT_EQ(done_[0].outcome->seq(), 7u);
  EXPECT_EQ(outbox_.size(), 0u);
}

TEST_F(OutboxTest, ARefusalEndsADraft) {
  outbox_.SetReady(true);
  Add("a1");
  Published(0);
  Ack(AckFor("a1", v1::PERMISSION_DENIED));
  ASSERT_EQ(done_.size(), 1u);
  EXPECT_EQ(done_[0].outcome->code(), v1::PERMISSION_DENIED);
}

TEST_F(OutboxTest, SendsAgainInOrderAfterAReconnect) {
  outbox_.SetReady(true);
  for (const char* id : {"a1", "a2"}) Add(id);
  Published(0);
  outbox_.SetReady(false);
  EXPECT_THAT(Published(100), IsEmpty());
  outbox_.SetReady(true);
  EXPECT_THAT(Published(200), ElementsAre("a1", "a2"));
}

TEST_F(OutboxTest, SendsAgainWhenTheAckIsLateLessAndLessOften) {
  outbox_.SetReady(true);
  Add("a1");
  std::vector<int64_t> times;
  for (int64_t now_ms = 0; now_ms < 60'000; now_ms += 100) {
    if (!Published(now_ms).empty()) times.push_back(now_ms);
  }
  EXPECT_THAT(times, ElementsAre(0, 5'000, 15'000, 35'000));
}

TEST_F(OutboxTest, ARefusalForNowIsSentAgain) {
  outbox_.SetReady(true);
  Add("a1");
  Published(0);
  Ack(AckFor("a1", v1::UNAVAILABLE), 10);
  EXPECT_TRUE(done_.empty());
  EXPECT_THAT(Published(11), IsEmpty());
  EXPECT_THAT(Published(5'010), ElementsAre("a1"));
}

TEST_F(OutboxTest, GivesUpInTheEndAndSaysThatItDoesNotKnow) {
  outbox_.SetReady(true);
  Add("a1");
  Published(0);
  Published(60'000);
  ASSERT_EQ(done_.size(), 1u);
  EXPECT_EQ(done_[0].outcome.error().code, Code::UNAVAILABLE);
}

TEST_F(OutboxTest, Qos0IsNeverSentTwice) {
  outbox_.SetReady(true);
  Add("a1", 0);
  EXPECT_THAT(Published(0), ElementsAre("a1"));
  outbox_.SetReady(false);
  outbox_.SetReady(true);
  EXPECT_THAT(Published(2'000), IsEmpty());
  EXPECT_THAT(Published(limits::kLiveAckWaitMs), IsEmpty());
  ASSERT_EQ(done_.size(), 1u);
  EXPECT_FALSE(done_[0].outcome);
}

TEST_F(OutboxTest, RefusesWhatTheServerWould) {
  EXPECT_EQ(outbox_.Add("No Room", TextDraft("a1"), 1).error().code, Code::INVALID_ARGUMENT);
  EXPECT_EQ(outbox_.Add("lobby", TextDraft("a/1"), 1).error().code, Code::INVALID_ARGUMENT);
  EXPECT_EQ(outbox_.Add("lobby", TextDraft(""), 1).error().code, Code::INVALID_ARGUMENT);
  EXPECT_EQ(outbox_.Add("lobby", TextDraft("a1", ""), 1).error().code, Code::INVALID_ARGUMENT);
  const std::string large(70'000, 'x');
  EXPECT_EQ(outbox_.Add("lobby", TextDraft("a1", large), 1).error().code, Code::RESOURCE_EXHAUSTED);
}

TEST_F(OutboxTest, OneIdAtATime) {
  Add("a1");
  EXPECT_EQ(outbox_.Add("lobby", TextDraft("a1"), 1).error().code, Code::ALREADY_EXISTS);
  EXPECT_TRUE(outbox_.Add("team", TextDraft("a1"), 1));
}

TEST_F(OutboxTest, IsBounded) {
  for (size_t i = 0; i < limits::kDraftsMax; ++i) Add("a" + std::to_string(i));
  EXPECT_EQ(outbox_.Add("lobby", TextDraft("b"), 1).error().code, Code::RESOURCE_EXHAUSTED);
}

}  // namespace
}  // namespace parley::client
