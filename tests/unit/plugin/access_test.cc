#include "broker-plugin/acl/access.h"

#include <gmock/gmock.h>

#include "schemas/topic.h"
#include "tests/unit/plugin/chat_world.h"

namespace parley::plugin {
namespace {

class AccessTest : public testing::Test {
 protected:
  AccessTest() {
    world_.CreateUser("root", {"admin"});
    for (const char* user : {"me", "reader", "banned", "former", "stranger", "gone"}) world_.CreateUser(user);
    world_.CreateRoom("lobby", {{"me", v1::Member::MEMBER},
                                {"reader", v1::Member::READER},
                                {"banned", v1::Member::BANNED},
                                {"former", v1::Member::MEMBER}});
    world_.CreateRoom("vault", {{"stranger", v1::Member::OWNER}});
    world_.RemoveMember("lobby", "former");
    world_.DeleteUser("gone");
    view_ = world_.Copy();
  }
  Access Subscribe(const std::string& user, std::string_view filter) {
    return MaySubscribe(view_, {user, user + "-1", false}, filter).access;
  }
  Access Receive(const std::string& user, std::string_view topic) {
    return MayReceive(view_, {user, user + "-1", false}, topic).access;
  }
  Access Publish(const std::string& user, std::string_view topic) {
    return MayPublish(view_, {user, user + "-1", false}, topic).access;
  }

  ChatWorld world_;
  domain::Directory view_;
  const Identity bridge_{"bridge", "parley-bridge", true};
};

TEST_F(AccessTest, FiltersThatMatchOnlyWhatIsOnesOwnAreGranted) {
  for (const char* filter :
       {"chat/v1/users/me/#", "chat/v1/users/me/events/json", "chat/v1/users/me/events/+",
        "chat/v1/users/me/+/pb", "chat/v1/clients/me-1/#", "chat/v1/clients/me-1/acks/json",
        "chat/v1/clients/me-1/+/+", "chat/v1/rooms/lobby/events/json", "chat/v1/rooms/lobby/events/pb",
        "chat/v1/rooms/lobby/events/+", "$share/g/chat/v1/rooms/lobby/events/pb",
        "$share/g/chat/v1/users/me/events/pb", "chat/v1/rooms/dm:me:stranger/events/json"}) {
    EXPECT_EQ(Subscribe("me", filter), Access::kAllow) << filter;
  }
}

TEST_F(AccessTest, FiltersThatCouldMatchAnythingElseAreDenied) {
  for (const char* filter : {"#",
                             "+/#",
                             "chat/#",
                             "chat/+/#",
                             "+/v1/#",
                             "chat/v1/#",
                             "chat/v1/+/#",
                             "+/v1/rooms/lobby/events/json",
                             "chat/+/rooms/lobby/events/json",
                             "chat/v1/+/me/events/json",
                             "chat/v1/users/#",
                             "chat/v1/users/+/#",
                             "chat/v1/users/+/events/json",
                             "chat/v1/users/stranger/events/json",
                             "chat/v1/users/stranger/#",
                             "chat/v1/users/me",
                             "chat/v1/users/mea/#",
                             "chat/v1/clients/+/acks/json",
                             "chat/v1/clients/#",
                             "chat/v1/clients/me-2/acks/json",
                             "chat/v1/clients/me-1",
                             "chat/v1/clients/",
                             "chat/v1/users/",
                             "chat/v1/rooms/+/events/json",
                             "chat/v1/rooms/#",
                             "chat/v1/rooms/lobby/#",
                             "chat/v1/rooms/lobby/+/json",
                             "chat/v1/rooms/lobby/events/#",
                             "chat/v1/rooms/lobby/events",
                             "chat/v1/rooms/lobby/events/",
                             "chat/v1/rooms/lobby/events/json/",
                             "chat/v1/rooms/lobby/events/json/#",
                             "chat/v1/rooms/lobby/events/text",
                             "chat/v1/rooms//events/json",
                             "chat/v1/rooms/vault/events/json",
                             "chat/v1/rooms/nowhere/events/json",
                             "chat/v1/rooms/vault/receipts/json",
                             "chat/v1/rooms/lobby/receipts/text",
                             "chat/v1/rooms/lobby/send/json",
                             "chat/v1/rooms/lobby/cursor/json",
                             "chat/v1/requests/sync/json",
                             "chat/v1/requests/#",
                             "chat/v1//",
                             "chat/v1/",
                             "chat/v1",
                             "chat/v1/rooms/dm:me:stranger/#",
                             "chat/v1/rooms/dm:reader:stranger/events/json",
                             "chat/v1/rooms/dm:stranger:me/events/json",
                             "chat/v1/rooms/dm:me:me/events/json",
                             "chat/v1/rooms/dm:me/events/json",
                             "chat/v1/rooms/dm::me/events/json",
                             "$SYS/#",
                             "$SYS/broker/uptime",
                             "$CONTROL/#",
                             "$CONTROL/parley/v1",
                             "$CONTROL/parley/v1/response",
                             "$parley/#",
                             "$parley/requests",
                             "$parley/barrier",
                             "$parley/committed",
                             "$parley/stats",
                             "$parley/sessions",
                             "$parley/+",
                             "$share/g/#",
                             "$share/g/$parley/requests",
                             "$share/g/$SYS/#",
                             "$share/g/$CONTROL/#",
                             "$share/g/chat/v1/rooms/vault/events/pb",
                             "$share/g/chat/v1/rooms/+/events/pb",
                             "$share//x",
                             "$share/g",
                             "$share/g/",
                             "$share/",
                             "$share/+/x",
                             "$share/g#/x",
                             "$share//chat/v1/users/me/#"}) {
    EXPECT_EQ(Subscribe("me", filter), Access::kDeny) << filter;
  }
}

TEST_F(AccessTest, FiltersOutsideTheChatAreForOtherRules) {
  for (const char* filter : {"a", "a/#", "+", "+/b", "chat", "chat/v2/#", "chat/v10/#", "chats/v1/#", "/#",
                             "/chat/v1/#", "$share/g/a", "$other/x"}) {
    EXPECT_EQ(Subscribe("me", filter), Access::kNotOurs) << filter;
  }
}

TEST_F(AccessTest, HugeFiltersAreDecided) {
  std::string levels = "chat/v1/rooms";
  for (int i = 0; i < 20'000; ++i) levels += "/+";
  EXPECT_EQ(Subscribe("me", levels), Access::kDeny);
  EXPECT_EQ(Subscribe("me", std::string(65'535, '/')), Access::kNotOurs);
  EXPECT_EQ(Subscribe("me", "chat/v1/users/me/" + std::string(65'000, 'x')), Access::kAllow);
}

TEST_F(AccessTest, OnlyReadersOfARoomSubscribeAndReceive) {
  for (const char* topic : {"chat/v1/rooms/lobby/events/json", "chat/v1/rooms/lobby/events/pb"}) {
    for (const char* user : {"me", "reader"}) {
      EXPECT_EQ(Subscribe(user, topic), Access::kAllow) << user;
      EXPECT_EQ(Receive(user, topic), Access::kAllow) << user;
    }
    for (const char* user : {"banned", "former", "stranger", "gone", "nobody", ""}) {
      EXPECT_EQ(Subscribe(user, topic), Access::kDeny) << user;
      EXPECT_EQ(Receive(user, topic), Access::kDeny) << user;
    }
    EXPECT_EQ(Receive("root", topic), Access::kDeny) << "an admin is no member";
  }
}

TEST_F(AccessTest, AnAdminSubscribesToAnythingButInternalTopics) {
  for (const char* filter : {"#", "chat/#", "chat/v1/rooms/+/events/json", "chat/v1/clients/+/acks/json",
                             "$SYS/#", "$CONTROL/#", "$share/g/chat/v1/#"}) {
    EXPECT_EQ(Subscribe("root", filter), Access::kAllow) << filter;
  }
  for (const char* filter :
       {"$parley/#", "$parley/requests", "$share/g/$parley/#", "$share/g", "$share//#"}) {
    EXPECT_EQ(Subscribe("root", filter), Access::kDeny) << filter;
  }
}

TEST_F(AccessTest, NobodyReceivesWhatIsNotTheirs) {
  const char* const foreign[] = {
      "chat/v1/rooms/lobby/send/json",
      "chat/v1/rooms/lobby/send/text/1",
      "chat/v1/rooms/lobby/cursor/json",
      "chat/v1/rooms/vault/signals/json",
      "chat/v1/rooms/lobby/rewind/9/json",
      "chat/v1/requests/sync/json",
      "chat/v1/clients/other/acks/json",
      "chat/v1/clients/other/anything/at/all",
      "chat/v1/users/stranger/events/json",
      "chat/v1/users/stranger/inbox/json",
      "chat/v1/rooms/vault/events/json",
      "chat/v1/rooms/vault/receipts/json",
      "chat/v1/rooms/dm:reader:stranger/events/pb",
      "chat/v1/rooms/lobby/events/text",
      "chat/v1/rooms/lobby/events/json/x",
      "chat/v1",
      "chat/v1/",
      "chat/v1/nonsense",
      "$parley/requests",
      "$parley/barrier",
      "$parley/committed",
      "$parley/stats",
      "$CONTROL/parley/v1",
      "$CONTROL/parley/v1/response",
  };
  for (const char* topic : foreign) {
    EXPECT_EQ(Receive("me", topic), Access::kDeny) << topic;
    EXPECT_EQ(Receive("root", topic), Access::kDeny) << topic;
  }
  EXPECT_EQ(Receive("me", "$SYS/broker/uptime"), Access::kDeny);
  EXPECT_EQ(Receive("root", "$SYS/broker/uptime"), Access::kAllow);
}

TEST_F(AccessTest, OnesOwnTopicsAreReceived) {
  for (const char* topic :
       {"chat/v1/rooms/lobby/signals/json", "chat/v1/users/me/events/json", "chat/v1/users/me/inbox/pb",
        "chat/v1/clients/me-1/acks/json", "chat/v1/clients/me-1/replies/pb",
        "chat/v1/rooms/dm:me:stranger/events/pb", "chat/v1/rooms/lobby/receipts/json"}) {
    EXPECT_EQ(Receive("me", topic), Access::kAllow) << topic;
  }
  EXPECT_EQ(Receive("gone", "chat/v1/users/gone/events/json"), Access::kDeny);
  EXPECT_EQ(Receive("gone", "chat/v1/rooms/dm:gone:me/events/json"), Access::kDeny);
  EXPECT_EQ(Receive("me", "plain/topic"), Access::kNotOurs);
}

TEST_F(AccessTest, PresenceIsForMembersAndForThoseWhoShareARoom) {
  const auto expect_both = [this](const std::string& user, const std::string& topic, Access access) {
    EXPECT_EQ(Subscribe(user, topic), access) << user << " subscribes " << topic;
    EXPECT_EQ(Receive(user, topic), access) << user << " receives " << topic;
  };
  for (const char* encoding : {"json", "pb"}) {
    const std::string room = std::string("chat/v1/rooms/lobby/presence/") + encoding;
    const std::string person = std::string("chat/v1/users/me/presence/") + encoding;
    for (const char* user : {"me", "reader"}) {
      expect_both(user, room, Access::kAllow);
      expect_both(user, person, Access::kAllow);
    }
    for (const char* user : {"banned", "former", "stranger", "gone", "nobody"}) {
      expect_both(user, room, Access::kDeny);
      expect_both(user, person, Access::kDeny);
    }
    EXPECT_EQ(Receive("root", room), Access::kDeny) << "an admin is no member";
    EXPECT_EQ(Receive("root", person), Access::kDeny);
    for (const char* other : {"banned", "former", "stranger", "gone", "nobody", ""}) {
      expect_both("me", std::string("chat/v1/users/") + other + "/presence/" + encoding, Access::kDeny);
    }
  }
  EXPECT_EQ(Subscribe("me", "chat/v1/users/reader/presence/+"), Access::kAllow);
  EXPECT_EQ(Subscribe("me", "chat/v1/rooms/lobby/presence/+"), Access::kAllow);
  for (const char* filter : {"chat/v1/users/+/presence/json", "chat/v1/users/reader/#",
                             "chat/v1/users/reader/+/json", "chat/v1/users/reader/inbox/json",
                             "chat/v1/users/reader/events/json", "chat/v1/rooms/+/presence/pb"}) {
    EXPECT_EQ(Subscribe("me", filter), Access::kDeny) << filter;
  }
  // A direct room is one in common from its first message on.
  EXPECT_EQ(Receive("me", "chat/v1/users/stranger/presence/pb"), Access::kDeny);
  world_.Send("stranger", "dm:me:stranger", "1");
  view_ = world_.Copy();
  EXPECT_EQ(Receive("me", "chat/v1/users/stranger/presence/pb"), Access::kAllow);
  EXPECT_EQ(Receive("stranger", "chat/v1/users/me/presence/pb"), Access::kAllow);
}

TEST_F(AccessTest, TheBridgePublishesPresenceAndNothingElseOfTheChat) {
  for (const char* topic :
       {"chat/v1/users/me/presence/json", "chat/v1/users/me/presence/pb", "chat/v1/rooms/lobby/presence/pb",
        "chat/v1/rooms/dm:me:stranger/presence/json"}) {
    EXPECT_EQ(MayPublish(view_, bridge_, topic).access, Access::kAllow) << topic;
    EXPECT_EQ(MayPublishWill(view_, bridge_, topic).access, Access::kDeny) << topic;
    EXPECT_EQ(Publish("me", topic), Access::kDeny) << topic;
    EXPECT_EQ(Publish("root", topic), Access::kDeny) << topic;
  }
  for (const char* topic :
       {"chat/v1/users/me/events/json", "chat/v1/rooms/lobby/events/pb", "chat/v1/rooms/lobby/send/pb",
        "chat/v1/rooms/lobby/presence/text", "chat/v1/users/me/presence", "chat/v1/users/me/inbox/pb"}) {
    EXPECT_EQ(MayPublish(view_, bridge_, topic).access, Access::kDeny) << topic;
  }
}

TEST_F(AccessTest, TheBridgeHasItsTopicsAndNoOthers) {
  for (const auto filter : {kBridgeRequestTopic, kCommittedTopic, kSessionsTopic, kStatsTopic}) {
    EXPECT_EQ(MaySubscribe(view_, bridge_, filter).access, Access::kAllow) << filter;
    EXPECT_EQ(MayReceive(view_, bridge_, filter).access, Access::kAllow) << filter;
  }
  for (const char* filter : {"#", "$parley/#", "$parley/+", "$parley/barrier", "$share/g/$parley/requests",
                             "chat/#", "chat/v1/users/bridge/#", "chat/v1/clients/parley-bridge/#", "a"}) {
    EXPECT_EQ(MaySubscribe(view_, bridge_, filter).access, Access::kDeny) << filter;
  }
  EXPECT_EQ(MayReceive(view_, bridge_, "chat/v1/rooms/lobby/events/json").access, Access::kDeny);
  EXPECT_EQ(MayReceive(view_, bridge_, "plain").access, Access::kDeny);
}

TEST_F(AccessTest, ClientsPublishToTheTopicsThatAreTheirsToSpeakOn) {
  for (const char* topic :
       {"chat/v1/rooms/lobby/send/json", "chat/v1/rooms/vault/send/text/1", "chat/v1/requests/sync/json",
        "chat/v1/rooms/lobby/cursor/pb", "chat/v1/rooms/lobby/signals/pb"}) {
    EXPECT_EQ(Publish("me", topic), Access::kAllow) << topic << ": the gate answers";
  }
  for (const char* topic :
       {"$parley/requests", "$parley/committed", "$parley/barrier", "$SYS/x", "$CONTROL/parley/v1",
        "$CONTROL/parley/v1/response", "$CONTROL/parley-doorbell/v1", "$CONTROL/dynamic-security/v1"}) {
    EXPECT_EQ(Publish("me", topic), Access::kDeny) << topic;
  }
  EXPECT_EQ(Publish("root", "$CONTROL/parley/v1"), Access::kAllow);
  EXPECT_EQ(MayPublish(view_, bridge_, "$CONTROL/parley/v1").access, Access::kAllow) << "control/ decides";
  EXPECT_EQ(MayPublish(view_, bridge_, "$CONTROL/parley/v1/response").access, Access::kDeny);
  EXPECT_EQ(MayPublishWill(view_, bridge_, "$CONTROL/parley/v1").access, Access::kDeny);
  EXPECT_EQ(Publish("root", "$CONTROL/parley-doorbell/v1"), Access::kDeny);
  EXPECT_EQ(Publish("root", "$CONTROL/parley/v1/response"), Access::kDeny);
  EXPECT_EQ(Publish("me", "plain/topic"), Access::kNotOurs);
  EXPECT_EQ(MayPublish(view_, bridge_, "plain/topic").access, Access::kDeny);
  EXPECT_EQ(MayPublish(view_, bridge_, "chat/v1/rooms/lobby/receipts/json").access, Access::kAllow);
  EXPECT_EQ(MayPublish(view_, bridge_, "chat/v1/rooms/lobby/events/json").access, Access::kDeny);
  EXPECT_EQ(MayPublishWill(view_, bridge_, "chat/v1/rooms/lobby/receipts/json").access, Access::kDeny);
  EXPECT_EQ(MayPublish(view_, bridge_, "chat/v1/clients/x/replies/json").access, Access::kDeny);
  EXPECT_EQ(MayPublish(view_, bridge_, kBridgeReplyTopic).access, Access::kAllow);
  EXPECT_EQ(MayPublish(view_, bridge_, kBridgeRequestTopic).access, Access::kDeny);
  EXPECT_EQ(MayPublish(view_, {"alice", "alice-1"}, kBridgeReplyTopic).access, Access::kDeny);
}

// The broker routes a will without asking the gate, so what only the server publishes is denied here already.
TEST_F(AccessTest, WhatTheServerPublishesIsDeniedToClients) {
  for (const char* topic :
       {"chat/v1/rooms/lobby/events/json", "chat/v1/rooms/lobby/events/pb",
        "chat/v1/rooms/lobby/receipts/json", "chat/v1/rooms/lobby/presence/json",
        "chat/v1/rooms/lobby/rewind/5/json", "chat/v1/users/me/events/json", "chat/v1/users/me/inbox/pb",
        "chat/v1/users/me/presence/json", "chat/v1/clients/me-1/acks/json", "chat/v1/clients/me-1/replies/pb",
        "chat/v1/clients/me-1/other"}) {
    for (const char* user : {"me", "root"}) EXPECT_EQ(Publish(user, topic), Access::kDeny) << topic;
  }
}

TEST_F(AccessTest, ADisabledAdminIsNone) {
  domain::UserRecord record = view_.FindUser("root")->record;
  record.set_disabled(true);
  view_.Apply(record);
  EXPECT_FALSE(IsAdmin(view_, "root"));
  EXPECT_FALSE(IsAdmin(view_, "nobody"));
  EXPECT_EQ(Publish("root", "$CONTROL/parley/v1"), Access::kDeny);
}

}  // namespace
}  // namespace parley::plugin
