#include "client/session/request_table.h"

#include <gtest/gtest.h>

#include "client/session/limits.h"

namespace parley::client {
namespace {

class RequestTableTest : public testing::Test {
 protected:
  void Ask(const std::string& id, int64_t now_ms = 0) {
    ASSERT_TRUE(table_.Add(id, "sync", R"({"requestId":")" + id + R"("})", now_ms, 30'000));
  }

  Effects Pump(int64_t now_ms) {
    Effects effects;
    table_.Pump(now_ms, effects);
    return effects;
  }

  RequestTable table_;
};

TEST_F(RequestTableTest, PublishesOnceTheRepliesCanBeHeard) {
  Ask("r1");
  EXPECT_TRUE(Pump(0).empty());
  table_.SetReady(true);
  const Effects effects = Pump(1);
  ASSERT_EQ(effects.size(), 1u);
  EXPECT_EQ(std::get<PublishTo>(effects[0]).topic, "chat/v1/requests/sync/json");
  EXPECT_TRUE(Pump(2).empty());
}

TEST_F(RequestTableTest, MatchesTheReplyByItsId) {
  table_.SetReady(true);
  Ask("r1");
  Ask("r2");
  Pump(0);
  Effects effects;
  table_.OnReply(R"({"requestId":"r2","code":"OK"})", effects);
  table_.OnReply(R"({"requestId":"r2","code":"OK"})", effects);
  table_.OnReply(R"({"requestId":"r9","code":"OK"})", effects);
  table_.OnReply("no json", effects);
  ASSERT_EQ(effects.size(), 1u);
  EXPECT_EQ(std::get<RequestDone>(effects[0]).request_id, "r2");
}

TEST_F(RequestTableTest, AsksAgainAfterAReconnectAndWhenTheReplyIsLate) {
  table_.SetReady(true);
  Ask("r1");
  EXPECT_EQ(Pump(0).size(), 1u);
  table_.SetReady(false);
  EXPECT_TRUE(Pump(100).empty());
  table_.SetReady(true);
  EXPECT_EQ(Pump(200).size(), 1u);
  EXPECT_TRUE(Pump(5'000).empty());
  EXPECT_EQ(Pump(10'200).size(), 1u);
}

TEST_F(RequestTableTest, GivesUpWhenNoReplyComes) {
  Ask("r1");
  const Effects effects = Pump(30'000);
  ASSERT_EQ(effects.size(), 1u);
  EXPECT_EQ(std::get<RequestDone>(effects[0]).outcome.error().code, Code::UNAVAILABLE);
  EXPECT_TRUE(Pump(30'001).empty());
}

TEST_F(RequestTableTest, ACancelledOneHasNoOutcome) {
  table_.SetReady(true);
  Ask("r1");
  table_.Cancel("r1");
  EXPECT_TRUE(Pump(40'000).empty());
}

TEST_F(RequestTableTest, IsBounded) {
  for (size_t i = 0; i < limits::kRequestsMax; ++i) Ask("r" + std::to_string(i));
  EXPECT_EQ(table_.Add("x", "sync", "{}", 0, 0).error().code, Code::RESOURCE_EXHAUSTED);
  RequestTable other;
  EXPECT_EQ(other.Add("x", "sync", std::string(70'000, ' '), 0, 0).error().code, Code::RESOURCE_EXHAUSTED);
}

TEST_F(RequestTableTest, WhatChangesSomethingIsNeverAskedTwice) {
  table_.SetReady(true);
  ASSERT_TRUE(table_.Add("r1", "rooms.create", R"({"requestId":"r1"})", 0, 600'000, Repeat::kNo));
  EXPECT_EQ(Pump(0).size(), 1u);
  EXPECT_TRUE(Pump(limits::kAnswerWaitLastMs * 2).empty());  // late, and not again
  table_.SetReady(false);
  const Effects effects = Pump(limits::kAnswerWaitLastMs * 2 + 1);
  ASSERT_EQ(effects.size(), 1u);
  EXPECT_EQ(std::get<RequestDone>(effects[0]).outcome.error().code, Code::UNAVAILABLE);
  table_.SetReady(true);
  EXPECT_TRUE(Pump(limits::kAnswerWaitLastMs * 2 + 2).empty());
}

TEST_F(RequestTableTest, WhatWasNotSentYetSurvivesALostConnection) {
  ASSERT_TRUE(table_.Add("r1", "rooms.create", R"({"requestId":"r1"})", 0, 600'000, Repeat::kNo));
  table_.SetReady(false);
  EXPECT_TRUE(Pump(0).empty());
  table_.SetReady(true);
  const Effects effects = Pump(1);
  ASSERT_EQ(effects.size(), 1u);
  EXPECT_TRUE(std::holds_alternative<PublishTo>(effects[0]));
}

}  // namespace
}  // namespace parley::client
