#include "client/session/session.h"

#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "schemas/json.h"

namespace parley::client {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

constexpr char kAcks[] = "chat/v1/clients/phone-1/acks/json";
constexpr char kReplies[] = "chat/v1/clients/phone-1/replies/json";
constexpr char kMine[] = "chat/v1/users/alice/events/json";
constexpr char kControl[] = "$CONTROL/parley/v1/response";

class SessionTest : public testing::Test {
 protected:
  SessionTest() {
    config_.user = "alice";
    config_.client_id = "phone-1";
  }

  Session& session() {
    if (!session_) {
      session_ = std::make_unique<Session>(config_, [this] { return random_(); });
      session_->Tick(1'000);
    }
    return *session_;
  }

  std::vector<std::string> Connect() {
    session().OnConnected();
    std::vector<std::string> filters;
    for (const auto& subscribe : Taken<SubscribeTo>()) filters.push_back(subscribe.filter);
    return filters;
  }

  void Ready() {
    for (const std::string& filter : Connect()) session().OnSubscribed(filter, {});
  }

  template <typename Kind>
  std::vector<Kind> Taken() {
    std::vector<Kind> taken;
    for (Effect& effect : session().TakeEffects()) {
      if (auto* one = std::get_if<Kind>(&effect)) taken.push_back(std::move(*one));
    }
    return taken;
  }

  static v1::Draft TextDraft(const std::string& id) {
    v1::Draft draft;
    draft.set_id(id);
    draft.mutable_text()->set_text("hello");
    return draft;
  }

  std::mt19937_64 random_{1};
  SessionConfig config_;
  std::unique_ptr<Session> session_;
};

TEST_F(SessionTest, SubscribesToItsOwnTopicsOnly) {
  EXPECT_THAT(Connect(), UnorderedElementsAre(kAcks, kReplies));
}

TEST_F(SessionTest, SubscribesToWhatItFollows) {
  config_.stream.rooms = StreamConfig::Rooms::kAll;
  config_.admin = true;
  EXPECT_THAT(Connect(), UnorderedElementsAre(kAcks, kReplies, kMine, kControl));
}

// A server without receipts refuses them: the room is followed all the same.
TEST_F(SessionTest, CanDoWithoutReceiptsAndSignals) {
  config_.stream.rooms = StreamConfig::Rooms::kListed;
  config_.stream.listed = {"lobby"};
  config_.stream.passing = true;
  for (const std::string& filter : Connect()) {
    const bool refused = filter.find("/receipts/") != std::string::npos;
    session().OnSubscribed(filter, refused ? Status(Error{Code::PERMISSION_DENIED, "no"}) : Status());
  }
  session().Tick(1'001);
  EXPECT_THAT(Taken<PublishTo>(), testing::SizeIs(1)) << "it is ready: it asks for the room's history";
  session().OnMessage("chat/v1/rooms/lobby/signals/json", R"({"sender":"bob","kind":"TYPING_START"})");
  session().OnMessage("chat/v1/rooms/lobby/receipts/json", R"({"user":"bob","read":"7"})");
  const std::vector<Told> told = Taken<Told>();
  ASSERT_THAT(told, testing::SizeIs(2));
  EXPECT_EQ(std::get<v1::Signal>(told[0].what).sender(), "bob");
  EXPECT_EQ(std::get<v1::Receipt>(told[1].what).read(), 7U);
}

TEST_F(SessionTest, FollowsTheInboxAlone) {
  config_.stream.inbox = true;
  EXPECT_THAT(Connect(), UnorderedElementsAre(kAcks, kReplies, "chat/v1/users/alice/inbox/json"));
  for (const char* filter : {kAcks, kReplies, "chat/v1/users/alice/inbox/json"}) {
    EXPECT_THAT(Taken<CaughtUp>(), IsEmpty());
    session().OnSubscribed(filter, {});
  }
  EXPECT_THAT(Taken<CaughtUp>(), testing::SizeIs(1)) << "now a sync misses nothing";
  session().OnMessage("chat/v1/users/alice/inbox/json", R"({"useq":"3","roomAdded":{"room":"lobby"}})");
  const std::vector<Told> told = Taken<Told>();
  ASSERT_THAT(told, testing::SizeIs(1));
  EXPECT_EQ(std::get<v1::InboxItem>(told[0].what).useq(), 3U);
}

TEST_F(SessionTest, SaysHowFarTheUserHasRead) {
  Ready();
  v1::Cursor cursor;
  cursor.set_read(7);
  session().MoveCursor("lobby", cursor);
  const std::vector<PublishTo> published = Taken<PublishTo>();
  ASSERT_THAT(published, testing::SizeIs(1));
  EXPECT_EQ(published[0].topic, "chat/v1/rooms/lobby/cursor/json");
  EXPECT_EQ(published[0].payload, R"({"read":"7","delivered":"0"})");
  EXPECT_EQ(published[0].qos, 1);
}

TEST_F(SessionTest, SubscribesToListedRooms) {
  config_.stream.rooms = StreamConfig::Rooms::kListed;
  config_.stream.listed = {"lobby", "dm:alice:bob"};
  EXPECT_THAT(Connect(), UnorderedElementsAre(kAcks, kReplies, "chat/v1/rooms/lobby/events/json",
                                              "chat/v1/rooms/dm:alice:bob/events/json"));
}

TEST_F(SessionTest, SendsNothingBeforeItCanHearTheAck) {
  ASSERT_TRUE(session().Send("lobby", TextDraft("a1")));
  Connect();
  session().OnSubscribed(kReplies, {});
  EXPECT_THAT(Taken<PublishTo>(), IsEmpty());
  session().OnSubscribed(kAcks, {});
  EXPECT_EQ(Taken<PublishTo>().size(), 1u);
}

TEST_F(SessionTest, AnAckBecomesTheOutcome) {
  Ready();
  ASSERT_TRUE(session().Send("lobby", TextDraft("a1")));
  session().OnMessage(kAcks, R"({"id":"a1","room":"lobby","seq":"7","feed":"9","tsMs":"1","code":"OK",)"
                             R"("reason":"","duplicate":false,"durability":"FSYNCED"})");
  const auto done = Taken<SendDone>();
  ASSERT_EQ(done.size(), 1u);
  EXPECT_EQ(done[0].outcome->seq(), 7u);
  EXPECT_EQ(done[0].outcome->durability(), v1::Ack::FSYNCED);
}

TEST_F(SessionTest, ARefusedSubscriptionEndsIt) {
  config_.stream.rooms = StreamConfig::Rooms::kListed;
  config_.stream.listed = {"vault"};
  Connect();
  session().OnSubscribed("chat/v1/rooms/vault/events/json", Error{Code::PERMISSION_DENIED, "refused"});
  const auto failed = Taken<Failed>();
  ASSERT_EQ(failed.size(), 1u);
  EXPECT_EQ(failed[0].why.code, Code::PERMISSION_DENIED);
}

TEST_F(SessionTest, ASubscriptionLostWithTheConnectionIsNoRefusal) {
  Connect();
  session().OnSubscribed(kAcks, Error{Code::UNAVAILABLE, "the connection was lost"});
  session().OnDisconnected();
  EXPECT_THAT(Taken<Failed>(), IsEmpty());
  Ready();
  ASSERT_TRUE(session().Send("lobby", TextDraft("a1")));
  EXPECT_EQ(Taken<PublishTo>().size(), 1u);
}

TEST_F(SessionTest, ARequestFindsItsReply) {
  Ready();
  const std::string id = session().NewRequestId();
  ASSERT_TRUE(session().Request("rooms.list", id, R"({"requestId":")" + id + R"("})"));
  EXPECT_EQ(Taken<PublishTo>().at(0).topic, "chat/v1/requests/rooms.list/json");
  session().OnMessage(kReplies, R"({"requestId":")" + id + R"(","code":"NOT_FOUND"})");
  const auto done = Taken<RequestDone>();
  ASSERT_EQ(done.size(), 1u);
  EXPECT_EQ(done[0].request_id, id);
}

TEST_F(SessionTest, AdminCommandsGoToTheControlTopic) {
  config_.admin = true;
  Ready();
  ASSERT_TRUE(session().Control(1, {R"({"command":"stats"})"}));
  EXPECT_EQ(Taken<PublishTo>().at(0).topic, "$CONTROL/parley/v1");
  session().OnMessage(kControl, R"({"responses":[{"command":"stats","correlationData":"1.0"}]})");
  EXPECT_EQ(Taken<ControlDone>().size(), 1u);
}

TEST_F(SessionTest, WhatCannotBeReadIsANoticeNotACrash) {
  config_.stream.rooms = StreamConfig::Rooms::kAll;
  Ready();
  Taken<Notice>();
  for (const char* topic : {kAcks, kMine}) {
    session().OnMessage(topic, "{");
    session().OnMessage(topic, "\xff");
    session().OnMessage(topic, R"({"unknown":1})");
  }
  session().OnMessage(kReplies, "[[");
  session().OnMessage("elsewhere", "x");
  EXPECT_EQ(Taken<Notice>().size(), 6u);
}

TEST_F(SessionTest, FollowingNothingAsksForNothing) {
  Ready();
  EXPECT_THAT(Taken<PublishTo>(), IsEmpty());
}

}  // namespace
}  // namespace parley::client
