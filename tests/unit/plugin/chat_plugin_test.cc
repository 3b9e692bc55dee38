#include "broker-plugin/app/chat_plugin.h"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include "tests/unit/plugin/plugin_world.h"

namespace parley::plugin {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

class ChatPluginTest : public PluginWorld {
 protected:
  void SetUp() override {
    Start();
    MakeUsers({"alice", "bob", "mallory"});
    MakeRoom("lobby", {"alice", "bob"});
  }
  const std::string room_ = RoomEventsTopic("lobby", Encoding::kJson);
};

TEST_F(ChatPluginTest, AMessageReachesTheMembersAndItsSenderIsAnswered) {
  FakeClient& alice = *Connect("alice", "a1");
  FakeClient& bob = *Connect("bob", "b1");
  FakeClient& mallory = *Connect("mallory", "m1");
  Subscribe(alice, "chat/v1/clients/a1/#");
  EXPECT_EQ(Subscribe(bob, room_), AccessVerdict::kAllow);
  EXPECT_EQ(Subscribe(mallory, room_), AccessVerdict::kDeny);
  EXPECT_EQ(Publish(alice, "chat/v1/rooms/lobby/send/text/m1", "hello"), Gate::Verdict::kTaken);
  Until([&] { return !alice.inbox.empty(); });
  const json ack = json::parse(alice.inbox[0].payload);
  EXPECT_EQ(ack["code"], "OK");
  EXPECT_EQ(ack["seq"], "2");
  ASSERT_THAT(bob.On(room_), SizeIs(1));
  EXPECT_EQ(json::parse(bob.inbox[0].payload)["text"]["text"], "hello");
}

TEST_F(ChatPluginTest, AWillOnAServersTopicIsDeniedWhileItsClientIsConnected) {
  FakeClient& mallory = *Connect("mallory", "m1");
  // At its end the broker sends the wills of clients that it has told nobody are gone.
  for (const char* topic : {"chat/v1/rooms/lobby/events/json", "chat/v1/users/alice/events/json",
                            "chat/v1/clients/a1/acks/json", "chat/v1/rooms/lobby/presence/json"}) {
    EXPECT_EQ(plugin_->OnPublish(ViewOf(mallory), topic), AccessVerdict::kDeny) << topic;
  }
}

TEST_F(ChatPluginTest, APublishToAServersTopicIsAnswered) {
  FakeClient& mallory = *Connect("mallory", "m1");
  Subscribe(mallory, "chat/v1/clients/m1/acks/json");
  EXPECT_EQ(Publish(mallory, "chat/v1/rooms/lobby/events/json", "{}"), Gate::Verdict::kRefuse);
  Pass();
  ASSERT_THAT(mallory.inbox, SizeIs(1));
  EXPECT_EQ(json::parse(mallory.inbox[0].payload)["code"], "PERMISSION_DENIED");
}

TEST_F(ChatPluginTest, AWillOfAClientThatIsGoneNeverReachesTheChat) {
  FakeClient& alice = *Connect("alice", "a1");
  broker_->Drop(alice);
  for (const char* topic : {"chat/v1/rooms/lobby/send/json", "chat/v1/rooms/lobby/events/json",
                            "$CONTROL/parley/v1", "$SYS/x", "chat/v1", "$parley/requests"}) {
    EXPECT_EQ(plugin_->OnPublish(ViewOf(alice), topic), AccessVerdict::kDeny) << topic;
  }
}

TEST_F(ChatPluginTest, AnAdminsOwnPasswordChangeIsAnsweredBeforeTheKick) {
  FakeClient& admin = Admin();
  const json answers = Control(
      admin,
      json::array({{{"command", "setUserPassword"}, {"username", "admin"}, {"password", "new-password"}}}));
  ASSERT_THAT(answers, SizeIs(1));
  EXPECT_FALSE(answers[0].contains("error")) << answers;
  Until([&] { return !admin.connected; });
  EXPECT_NE(ConnectAs({.id = "admin-new", .user = "admin"}, "new-password"), nullptr);
}

TEST_F(ChatPluginTest, AChangedPasswordEndsSessionsAndTheOldOneIsRefused) {
  FakeClient& alice = *Connect("alice", "a1");
  FakeClient& bob = *Connect("bob", "b1");
  Control(Admin(),
          json::array({{{"command", "setUserPassword"}, {"username", "alice"}, {"password", "other"}}}));
  Until([&] { return !alice.connected; });
  EXPECT_TRUE(bob.connected);
  EXPECT_EQ(Connect("alice", "a1"), nullptr);
  EXPECT_NE(ConnectAs({.id = "a1", .user = "alice"}, "other"), nullptr);
}

TEST_F(ChatPluginTest, WhoLogsInAnewBeforeTheKickIsNotKicked) {
  FakeClient& alice = *Connect("alice", "a1");
  Control(Admin(),
          json::array({{{"command", "setUserPassword"}, {"username", "alice"}, {"password", "other"}}}));
  FakeClient* again = ConnectAs({.id = "a1", .user = "alice"}, "other");
  ASSERT_NE(again, nullptr);
  for (int i = 0; i < 5; ++i) Pass();
  EXPECT_TRUE(again->connected);
  EXPECT_FALSE(alice.connected && broker_->Find("a1") == &alice);
}

TEST_F(ChatPluginTest, WhoIsKickedSaysNoMoreEvenIfItsConnectionLingers) {
  FakeClient& alice = *ConnectAs({.id = "a1", .user = "alice", .never_reads = true}, "pw-alice");
  Control(Admin(),
          json::array({{{"command", "setUserPassword"}, {"username", "alice"}, {"password", "other"}}}));
  Until([&] { return !broker_->kicks.empty(); });
  EXPECT_TRUE(alice.connected);
  EXPECT_EQ(Publish(alice, "chat/v1/rooms/lobby/send/text/m1", "x"), Gate::Verdict::kRefuse);
}

TEST_F(ChatPluginTest, ADeletedUserIsKickedAndGetsNothing) {
  FakeClient& bob = *Connect("bob", "b1");
  Subscribe(bob, room_);
  Subscribe(bob, "chat/v1/users/bob/#");
  Control(Admin(), json::array({{{"command", "deleteUser"}, {"username", "bob"}}}));
  Until([&] { return !bob.connected; });
  EXPECT_THAT(bob.inbox, IsEmpty());
  EXPECT_EQ(Connect("bob", "b1"), nullptr);
}

TEST_F(ChatPluginTest, ARememberedLoginKicksNobody) {
  FakeClient& alice = *Connect("alice", "a1");
  for (int i = 0; i < 10; ++i) Pass();
  EXPECT_TRUE(alice.connected);
  EXPECT_THAT(broker_->kicks, IsEmpty());
}

TEST_F(ChatPluginTest, NobodyTakesOverAClientIdOfAnother) {
  FakeClient& alice = *Connect("alice", "phone-1");
  EXPECT_EQ(Connect("mallory", "phone-1"), nullptr);
  EXPECT_TRUE(alice.connected);
  EXPECT_THAT(broker_->log(), Contains(HasSubstr("client id phone-1 belongs to alice")));
  broker_->Drop(alice);
  Pass();
  EXPECT_NE(Connect("mallory", "phone-1"), nullptr) << "the binding ends with the session";
}

TEST_F(ChatPluginTest, AnOfflineSessionKeepsItsClientId) {
  FakeClient* alice =
      ConnectAs({.id = "phone-1", .user = "alice", .clean = false, .keeps_session = true}, "pw-alice");
  broker_->Drop(*alice);
  Pass();
  EXPECT_EQ(Connect("mallory", "phone-1"), nullptr);
  EXPECT_NE(ConnectAs({.id = "phone-1", .user = "alice", .clean = false}, "pw-alice"), nullptr);
}

TEST_F(ChatPluginTest, ATakeOverKeepsTheNewConnection) {
  FakeClient& older = *Connect("alice", "a1");
  FakeClient& newer = *Connect("alice", "a1");
  Subscribe(newer, "chat/v1/clients/a1/#");
  EXPECT_EQ(Publish(newer, "chat/v1/rooms/lobby/send/text/m1", "x"), Gate::Verdict::kTaken);
  Until([&] { return !newer.inbox.empty(); });
  EXPECT_EQ(Publish(older, "chat/v1/rooms/lobby/send/text/m2", "x"), Gate::Verdict::kRefuse);
  EXPECT_EQ(plugin_->OnReceive(ViewOf(older), room_, ""), AccessVerdict::kDeny);
}

TEST_F(ChatPluginTest, RestoredOfflineSessionsAreTheirOwners) {
  FakeClient* alice =
      ConnectAs({.id = "phone-1", .user = "alice", .clean = false, .keeps_session = true}, "pw-alice");
  Subscribe(*alice, room_);
  ConnectAs({.id = "tablet-1", .user = "bob", .v5 = true, .clean = true, .keeps_session = true}, "pw-bob");
  Pass();
  plugin_.reset();
  admin_ = nullptr;
  Start();
  // The broker restores sessions from its own file: handles that nobody has logged in with.
  const FakeClient phone{.id = "phone-1", .user = "alice"};
  const FakeClient tablet{.id = "tablet-1", .user = "bob"};
  const FakeClient forged{.id = "phone-1", .user = "bob"};
  const FakeClient stranger{.id = "phone-2", .user = "alice"};
  EXPECT_EQ(plugin_->OnReceive(ViewOf(phone), room_, ""), AccessVerdict::kAllow);
  EXPECT_EQ(plugin_->OnReceive(ViewOf(tablet), room_, ""), AccessVerdict::kAllow)
      << "connected at shutdown: bound on the way down";
  EXPECT_EQ(plugin_->OnReceive(ViewOf(forged), room_, ""), AccessVerdict::kDeny);
  EXPECT_EQ(plugin_->OnReceive(ViewOf(stranger), room_, ""), AccessVerdict::kDeny);
  EXPECT_EQ(plugin_->OnPublish(ViewOf(phone), "chat/v1/rooms/lobby/send/json"), AccessVerdict::kDeny);
}

TEST_F(ChatPluginTest, OnAReloadTheBrokersSessionsStayAndNewConnectionsStillNeedTheirPassword) {
  FakeClient& online = *Connect("alice", "a1");
  FakeClient* offline =
      ConnectAs({.id = "phone-1", .user = "alice", .clean = false, .keeps_session = true}, "pw-alice");
  Subscribe(*offline, room_);
  broker_->Drop(*offline);
  Pass();
  plugin_->OnReload();
  EXPECT_EQ(plugin_->OnLogin(ViewOf(online), ""), LoginVerdict::kAccept);
  EXPECT_EQ(plugin_->OnLogin(ViewOf(*offline), ""), LoginVerdict::kAccept);
  // Web sockets are served in the same pass.
  const FakeClient thief{.id = "phone-1", .user = "alice", .clean = false};
  for (const char* password : {"", "wrong"}) {
    EXPECT_NE(plugin_->OnLogin(ViewOf(thief), password), LoginVerdict::kAccept);
  }
  Pass();
  EXPECT_NE(plugin_->OnLogin(ViewOf(*offline), ""), LoginVerdict::kAccept) << "the reload is over";
}

TEST_F(ChatPluginTest, TheDoorbellsNameIsNoWayIn) {
  for (const auto& [id, user] : {std::pair("$parley-doorbell", "$parley-doorbell"),
                                 {"x", "$parley-doorbell"},
                                 {"$parley-doorbell", "alice"},
                                 {"$parley-doorbell", "admin"}}) {
    for (const char* password : {"", "x", "pw-alice"}) {
      EXPECT_EQ(ConnectAs({.id = id, .user = user}, password), nullptr) << id << ' ' << user;
    }
  }
  plugin_->OnReload();
  EXPECT_EQ(ConnectAs({.id = "$parley-doorbell", .user = "$parley-doorbell"}, ""), nullptr);
}

TEST_F(ChatPluginTest, MalformedLoginsAreRefused) {
  for (const auto& [id, user] : {std::pair("a1", ""),
                                 {"a1", "Alice"},
                                 {"a1", "al/ice"},
                                 {"a1", "#"},
                                 {"a1", "alice\n"},
                                 {"", "alice"},
                                 {"a/1", "alice"},
                                 {"a+1", "alice"},
                                 {"a\x7f", "alice"},
                                 {"a1", "nobody"}}) {
    EXPECT_EQ(ConnectAs({.id = id, .user = user}, "pw-alice"), nullptr) << id << ' ' << user;
  }
  EXPECT_EQ(ConnectAs({.id = std::string(129, 'a'), .user = "alice"}, "pw-alice"), nullptr);
  EXPECT_EQ(ConnectAs({.id = "a1", .user = "alice"}, ""), nullptr);
  EXPECT_EQ(ConnectAs({.id = "a1", .user = "alice"}, std::string(257, 'x')), nullptr);
}

class ChatPluginBridgeTest : public ChatPluginTest {
 protected:
  FakeClient& Bridge(const std::string& id, bool keeps_session = false) {
    const auto credentials = ReadCredentials(folder_ / "data/bridge.credentials");
    FakeClient* bridge =
        ConnectAs({.id = id, .user = "bridge", .clean = !keeps_session, .keeps_session = keeps_session},
                  (*credentials)->password);
    Subscribe(*bridge, std::string(kBridgeRequestTopic));
    return *bridge;
  }
  // What a request of alice comes to: "" = handed to the bridge.
  std::string Request() {
    FakeClient& alice = *Connect("alice", "a1");
    Subscribe(alice, "chat/v1/clients/a1/#");
    EXPECT_EQ(Publish(alice, "chat/v1/requests/sync/json", "{}"), Gate::Verdict::kTaken);
    Pass();
    return alice.inbox.empty() ? "" : json::parse(alice.inbox[0].payload)["code"].get<std::string>();
  }
};

TEST_F(ChatPluginBridgeTest, RequestsGoToTheBridgeWhenItIsThere) {
  EXPECT_EQ(Request(), "UNAVAILABLE");
  FakeClient& bridge = Bridge("bridge-1");
  EXPECT_EQ(Request(), "");
  EXPECT_THAT(bridge.On(kBridgeRequestTopic), SizeIs(1));
  broker_->Drop(bridge);
  EXPECT_EQ(Request(), "UNAVAILABLE");
}

TEST_F(ChatPluginBridgeTest, AnotherConnectionOfTheBridgesUserThatEndsChangesNothing) {
  const auto credentials = ReadCredentials(folder_ / "data/bridge.credentials");
  FakeClient& bridge = Bridge("bridge-1");
  FakeClient& looker = *ConnectAs({.id = "looker", .user = "bridge"}, (*credentials)->password);
  broker_->Drop(looker);
  EXPECT_EQ(Request(), "");
  EXPECT_TRUE(bridge.connected);
}

TEST_F(ChatPluginBridgeTest, ABridgeThatTakesOverItsOwnSessionIsAwayUntilItSubscribes) {
  Bridge("bridge-1");
  const auto credentials = ReadCredentials(folder_ / "data/bridge.credentials");
  FakeClient& newer = *ConnectAs({.id = "bridge-1", .user = "bridge"}, (*credentials)->password);
  EXPECT_EQ(Request(), "UNAVAILABLE");
  Subscribe(newer, std::string(kBridgeRequestTopic));
  EXPECT_EQ(Request(), "");
}

TEST_F(ChatPluginBridgeTest, CheckingTheSubscriptionsOfAnOfflineBridgeDoesNotBringItBack) {
  FakeClient& bridge = Bridge("bridge-1", /*keeps_session=*/true);
  broker_->Drop(bridge);
  Pass();
  Subscribe(bridge, std::string(kBridgeRequestTopic));  // the broker asks again for stored subscriptions
  EXPECT_EQ(Request(), "UNAVAILABLE");
}

TEST_F(ChatPluginBridgeTest, TheBridgePublishesItsRepliesOnly) {
  FakeClient& bridge = Bridge("bridge-1");
  EXPECT_EQ(Publish(bridge, std::string(kBridgeReplyTopic), "no envelope"), Gate::Verdict::kTaken);
  for (const char* topic :
       {"chat/v1/clients/a1/replies/json", "chat/v1/rooms/lobby/events/json", "chat/v1/rooms/lobby/send/json",
        "plain", "chat/v1/requests/sync/json", "$CONTROL/parley/v1", "$parley/requests"}) {
    EXPECT_EQ(Publish(bridge, topic, "{}"), Gate::Verdict::kRefuse) << topic;
  }
}

TEST_F(ChatPluginBridgeTest, TheBridgeIsToldTheNumbers) {
  FakeClient& alice = *Connect("alice", "a1");
  FakeClient& bob = *Connect("bob", "b1");
  FakeClient& mallory = *Connect("mallory", "m1");
  EXPECT_EQ(ConnectAs({.id = "b2", .user = "bob"}, "not-his"), nullptr);
  Subscribe(alice, "chat/v1/clients/a1/acks/json");
  Subscribe(bob, room_);
  Publish(alice, "chat/v1/rooms/lobby/send/text/m1", "hello");
  Publish(mallory, "chat/v1/rooms/lobby/send/text/m2", "let me in");
  Publish(alice, "chat/v1/rooms/lobby/send/json", "{");
  Until([&] { return bob.inbox.size() == 1 && alice.inbox.size() == 2; });

  FakeClient& bridge = Bridge("bridge-1");
  EXPECT_EQ(Subscribe(alice, std::string(kStatsTopic)), AccessVerdict::kDeny);
  EXPECT_EQ(Subscribe(bridge, std::string(kStatsTopic)), AccessVerdict::kAllow);
  Until([&] { return !bridge.On(kStatsTopic).empty(); });
  internal::v1::MetricsNotice notice;
  ASSERT_TRUE(notice.ParseFromString(bridge.On(kStatsTopic)[0]));
  EXPECT_EQ(notice.users(), 5u);
  EXPECT_EQ(notice.rooms(), 1u);
  EXPECT_EQ(notice.sessions_connected(), 5u);  // and the admin, who made them
  EXPECT_EQ(notice.logins_accepted(), 5u);
  EXPECT_EQ(notice.logins_refused(), 1u);
  EXPECT_EQ(notice.events_published(), 1u);
  EXPECT_GE(notice.acks_published(), 2u);
  EXPECT_EQ(notice.deliveries(), 3u);
  EXPECT_GT(notice.commands_committed(), 6u);
  EXPECT_EQ(notice.commit_batch().sum(), notice.commands_committed());
  EXPECT_EQ(notice.delivery_waiting(), 0u);
  EXPECT_EQ(notice.committed(), notice.commands_committed());
  EXPECT_EQ(notice.journal_bytes(), options_.journal_bytes);
  ASSERT_EQ(notice.refusals_size(), 2);
  EXPECT_EQ(notice.refusals(0).code(), static_cast<uint32_t>(Code::INVALID_ARGUMENT));
  EXPECT_EQ(notice.refusals(1).code(), static_cast<uint32_t>(Code::PERMISSION_DENIED));
  EXPECT_EQ(notice.refusals(1).count(), 1u);
}

TEST_F(ChatPluginBridgeTest, TheNumbersComeOnceASecondHoweverBusyTheLoopIs) {
  FakeClient& bridge = Bridge("bridge-1");
  Subscribe(bridge, std::string(kStatsTopic));
  const auto begun = std::chrono::steady_clock::now();
  for (int i = 0; i < 200; ++i) Pass();
  const auto seconds = std::chrono::steady_clock::now() - begun;
  EXPECT_GE(bridge.On(kStatsTopic).size(), 1u);
  EXPECT_LE(bridge.On(kStatsTopic).size(), static_cast<size_t>(seconds / std::chrono::seconds(1)) + 2);
}

class ChatPluginDeferTest : public PluginWorld {
 protected:
  void SetUp() override {
    options_.defer_other_topics = true;
    Start();
    MakeUsers({"alice", "bob"});
  }
};

TEST_F(ChatPluginDeferTest, AWillOutsideTheChatIsForOtherRules) {
  FakeClient& alice = *Connect("alice", "a1");
  broker_->Drop(alice);
  EXPECT_EQ(plugin_->OnPublish(ViewOf(alice), "devices/a1/gone"), AccessVerdict::kDefer);
  EXPECT_EQ(plugin_->OnPublish(ViewOf(alice), "chat/v1/rooms/lobby/events/json"), AccessVerdict::kDeny);
}

TEST_F(ChatPluginDeferTest, AWillAtATakeOverAndADelayedOneAreForOtherRulesToo) {
  FakeClient& older = *Connect("alice", "a1");
  FakeClient& newer = broker_->Add({.id = "a1", .user = "alice"});
  ASSERT_EQ(plugin_->OnLogin(ViewOf(newer), "pw-alice"), LoginVerdict::kAccept);
  EXPECT_EQ(plugin_->OnPublish(ViewOf(older), "devices/a1/gone"), AccessVerdict::kDefer);

  FakeClient* offline = ConnectAs({.id = "b1", .user = "bob", .v5 = true, .keeps_session = true}, "pw-bob");
  broker_->Drop(*offline);
  Pass();
  plugin_->OnDisconnect(&older);
  EXPECT_EQ(plugin_->OnPublish(ViewOf(*offline), "devices/b1/gone"), AccessVerdict::kDefer);
}

TEST_F(ChatPluginDeferTest, AWillOfADeletedUserOrAStrangerIsDenied) {
  FakeClient& alice = *Connect("alice", "a1");
  Control(Admin(), json::array({{{"command", "deleteUser"}, {"username", "alice"}}}));
  Until([&] { return !alice.connected; });
  EXPECT_EQ(plugin_->OnPublish(ViewOf(alice), "devices/a1/gone"), AccessVerdict::kDeny);
  const FakeClient stranger{.id = "x", .user = "bob"};
  EXPECT_EQ(plugin_->OnPublish(ViewOf(stranger), "devices/x/gone"), AccessVerdict::kDeny);
}

class ChatPluginStartTest : public PluginWorld {
 protected:
  std::string Refusal() {
    FakeBroker broker;
    const auto plugin = ChatPlugin::Start(options_, broker);
    return plugin ? "" : plugin.error().reason;
  }
};

TEST_F(ChatPluginStartTest, MakesItsFolderAndItsFirstUsers) {
  Start();
  struct stat info {};
  for (const char* file : {"data/admin.credentials", "data/bridge.credentials"}) {
    ASSERT_EQ(::stat((folder_ / file).c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777, 0600U) << file;
  }
  ASSERT_EQ(::stat((folder_ / "data").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0700U);
  const std::string before = ReadFile(folder_ / "data/admin.credentials");
  plugin_.reset();
  Start();
  EXPECT_EQ(ReadFile(folder_ / "data/admin.credentials"), before);
  EXPECT_NE(&Admin(), nullptr);
}

TEST_F(ChatPluginStartTest, ACrashBetweenFileAndUserIsMadeGood) {
  std::filesystem::create_directories(folder_ / "data");
  ASSERT_TRUE(WriteCredentials(folder_ / "data/admin.credentials", {"admin", "from-the-file"}));
  Start();
  EXPECT_NE(ConnectAs({.id = "x", .user = "admin"}, "from-the-file"), nullptr);
}

TEST_F(ChatPluginStartTest, ALostBridgeFileGetsANewPassword) {
  Start();
  plugin_.reset();
  std::filesystem::remove(folder_ / "data/bridge.credentials");
  Start();
  const auto credentials = ReadCredentials(folder_ / "data/bridge.credentials");
  ASSERT_TRUE(credentials && *credentials);
  EXPECT_NE(ConnectAs({.id = "x", .user = "bridge"}, (*credentials)->password), nullptr);
}

TEST_F(ChatPluginStartTest, RefusesWithOneLineThatSaysWhy) {
  WriteFile(folder_ / "data", "a file");
  EXPECT_THAT(Refusal(), HasSubstr("is not a folder"));
  std::filesystem::remove(folder_ / "data");

  std::filesystem::create_directories(folder_ / "data/store");
  WriteFile(folder_ / "data/store/letters.txt", "somebody's");
  EXPECT_THAT(Refusal(), HasSubstr("no store of Parley"));
  EXPECT_EQ(ReadFile(folder_ / "data/store/letters.txt"), "somebody's");
  std::filesystem::remove_all(folder_ / "data");

  std::filesystem::create_directories(folder_ / "data");
  WriteFile(folder_ / "data/admin.credentials", "nonsense");
  EXPECT_THAT(Refusal(), HasSubstr("username="));
  std::filesystem::remove_all(folder_ / "data");

  std::filesystem::create_directories(folder_ / "data");
  WriteFile(folder_ / "data/journal", std::string(100'000, 'x'));
  EXPECT_THAT(Refusal(), HasSubstr("journal"));
  EXPECT_THAT(Refusal(), Not(HasSubstr("\n")));
}

TEST_F(ChatPluginStartTest, EndsInOrderWithADoorbellThatFindsNoBroker) {
  options_.doorbell = true;
  options_.doorbell_port = 1;  // nobody listens
  Start();
  MakeUsers({"alice"});
  plugin_.reset();
}

}  // namespace
}  // namespace parley::plugin
