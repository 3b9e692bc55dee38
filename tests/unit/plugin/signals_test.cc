#include "broker-plugin/gate/signals.h"

#include <gmock/gmock.h>

#include "schemas/json.h"
#include "tests/unit/plugin/plugin_world.h"

namespace parley::plugin {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

const std::string kTopic = RoomSignalsTopic("lobby", Encoding::kJson);
const std::string kPbTopic = RoomSignalsTopic("lobby", Encoding::kPb);

// The whole plugin, with a typing time that a test can wait for.
class SignalsTest : public PluginWorld {
 protected:
  void SetUp() override {
    options_.typing_timeout_ms = 300;
    Start();
    MakeUsers({"alice", "bob", "carol", "mallory"});
    MakeRoom("lobby", {"alice", "bob", "carol"});
    alice_ = Connect("alice", "a1");
    bob_ = Connect("bob", "b1");
    EXPECT_EQ(Subscribe(*bob_, kTopic), AccessVerdict::kAllow);
  }

  static std::vector<std::string> Kinds(const FakeClient& client) {
    std::vector<std::string> kinds;
    for (const std::string& payload : client.On(kTopic)) kinds.push_back(json::parse(payload)["kind"]);
    return kinds;
  }
  Gate::Verdict Type(FakeClient& client) { return Publish(client, kTopic, R"({"kind":"TYPING_START"})", 0); }
  void Command(const json& command) {
    const json answers = Control(Admin(), json::array({command}));
    ASSERT_FALSE(answers[0].contains("error")) << answers;
  }

  FakeClient* alice_ = nullptr;
  FakeClient* bob_ = nullptr;
};

TEST_F(SignalsTest, TheServerSaysWhoSaysIt) {
  Subscribe(*bob_, kPbTopic);
  EXPECT_EQ(
      Publish(*alice_, kTopic,
              R"({"kind":"CUSTOM","sender":"carol","client":"c1","room":"vault","tsMs":"5","data":"aGk="})"),
      Gate::Verdict::kTaken);
  Pass();
  ASSERT_THAT(bob_->On(kTopic), SizeIs(1));
  v1::Signal signal;
  ASSERT_TRUE(FromJson(bob_->On(kTopic)[0], signal));
  EXPECT_EQ(signal.sender(), "alice");
  EXPECT_EQ(signal.client(), "a1");
  EXPECT_EQ(signal.room(), "lobby");
  EXPECT_GT(signal.ts_ms(), 1'000'000'000'000U);
  EXPECT_EQ(signal.data(), "hi");
  ASSERT_THAT(bob_->On(kPbTopic), ElementsAre(signal.SerializeAsString()));
}

TEST_F(SignalsTest, OnlyMembersSubscribeAndReceive) {
  FakeClient& mallory = *Connect("mallory", "m1");
  EXPECT_EQ(Subscribe(mallory, kTopic), AccessVerdict::kDeny);
  EXPECT_EQ(Subscribe(*bob_, "chat/v1/rooms/+/signals/json"), AccessVerdict::kDeny);
  FakeClient& admin = Admin();
  EXPECT_EQ(Subscribe(admin, "#"), AccessVerdict::kAllow);
  Type(*alice_);
  Pass();
  EXPECT_THAT(Kinds(*bob_), ElementsAre("TYPING_START"));
  EXPECT_THAT(admin.On(kTopic), IsEmpty()) << "an admin is no member";
}

TEST_F(SignalsTest, WhoIsNamedAloneReceives) {
  FakeClient& carol = *Connect("carol", "c1");
  Subscribe(carol, kTopic);
  Publish(*alice_, kTopic, R"({"kind":"CALL","to":["carol","mallory"]})");
  Pass();
  EXPECT_THAT(Kinds(*bob_), IsEmpty());
  EXPECT_THAT(Kinds(carol), ElementsAre("CALL"));
}

// A client's own publish is routed empty; the broker routes the will of a connected client at its end.
TEST_F(SignalsTest, WhatTheServerHasNotSaidIsReceivedByNobody) {
  for (const char* payload : {"", R"({"kind":"CALL","sender":"carol"})"}) {
    EXPECT_EQ(plugin_->OnReceive(ViewOf(*bob_), kTopic, payload), AccessVerdict::kDeny) << payload;
  }
  Type(*alice_);
  Pass();
  ASSERT_THAT(bob_->On(kTopic), SizeIs(1));
  for (int i = 0; i < 3; ++i) Pass();
  EXPECT_EQ(plugin_->OnReceive(ViewOf(*bob_), kTopic, bob_->On(kTopic)[0]), AccessVerdict::kDeny) << "once";
}

TEST_F(SignalsTest, ARemovedMemberReceivesNothing) {
  Command({{"command", "removeMember"}, {"room", "lobby"}, {"user", "bob"}});
  Type(*alice_);
  for (int i = 0; i < 3; ++i) Pass();
  EXPECT_THAT(Kinds(*bob_), IsEmpty());
}

TEST_F(SignalsTest, TypingEndsWhenNobodyRenewsIt) {
  Type(*alice_);
  Until([&] { return Kinds(*bob_).size() == 2; });
  EXPECT_THAT(Kinds(*bob_), ElementsAre("TYPING_START", "TYPING_STOP"));
  const json stop = json::parse(bob_->On(kTopic)[1]);
  EXPECT_EQ(stop["sender"], "alice");
  EXPECT_EQ(stop["client"], "a1");
}

TEST_F(SignalsTest, TypingThatWasStoppedIsNotStoppedAgain) {
  Type(*alice_);
  Publish(*alice_, kTopic, R"({"kind":"TYPING_STOP"})", 0);
  FakeClient& carol = *Connect("carol", "c1");
  Type(carol);  // ends later
  Until([&] { return Kinds(*bob_).size() == 4; });
  EXPECT_THAT(Kinds(*bob_), ElementsAre("TYPING_START", "TYPING_STOP", "TYPING_START", "TYPING_STOP"));
  EXPECT_EQ(json::parse(bob_->On(kTopic)[3])["sender"], "carol");
}

TEST_F(SignalsTest, TypingEndsWithTheConnectionAndWithTheMembership) {
  FakeClient& carol = *Connect("carol", "c1");
  Type(*alice_);
  Type(carol);
  Pass();
  broker_->Drop(*alice_);
  for (int i = 0; i < 3; ++i) Pass();
  ASSERT_THAT(Kinds(*bob_), ElementsAre("TYPING_START", "TYPING_START", "TYPING_STOP"));
  EXPECT_EQ(json::parse(bob_->On(kTopic)[2])["sender"], "alice");
  Command({{"command", "removeMember"}, {"room", "lobby"}, {"user", "carol"}});
  Until([&] { return Kinds(*bob_).size() == 4; });
  EXPECT_EQ(json::parse(bob_->On(kTopic)[3])["sender"], "carol");
}

TEST_F(SignalsTest, AFastTalkerIsRefused) {
  Subscribe(*alice_, "chat/v1/clients/a1/acks/json");
  int taken = 0;
  for (uint32_t i = 0; i < 3 * limits::kSignalsPerSecond; ++i) {
    if (Type(*alice_) == Gate::Verdict::kTaken) ++taken;
  }
  Pass();
  EXPECT_GE(taken, static_cast<int>(limits::kSignalsPerSecond));
  EXPECT_LT(taken, 2 * static_cast<int>(limits::kSignalsPerSecond));
  const auto acks = alice_->On("chat/v1/clients/a1/acks/json");
  ASSERT_FALSE(acks.empty());
  EXPECT_EQ(json::parse(acks[0])["code"], "RESOURCE_EXHAUSTED");
}

TEST_F(SignalsTest, ADirectRoomHasThemFromTheStart) {
  const std::string topic = "chat/v1/rooms/dm:alice:bob/signals/json";
  EXPECT_EQ(Subscribe(*bob_, topic), AccessVerdict::kAllow);
  EXPECT_EQ(Publish(*alice_, topic, R"({"kind":"TYPING_START"})", 0), Gate::Verdict::kTaken);
  Pass();
  EXPECT_THAT(bob_->On(topic), SizeIs(1));
}

}  // namespace
}  // namespace parley::plugin
