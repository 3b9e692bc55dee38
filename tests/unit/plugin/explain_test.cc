#include "broker-plugin/acl/explain.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "schemas/filter.h"
#include "schemas/topic.h"
#include "tests/support/seed.h"
#include "tests/unit/plugin/chat_world.h"

namespace parley::plugin {
namespace {

using Kind = Question::Kind;
using ::testing::HasSubstr;

internal::v1::AclRule Rule(internal::v1::AclRule::Type type, const std::string& topic, bool allow,
                           int priority) {
  internal::v1::AclRule rule;
  rule.set_type(type);
  rule.set_topic(topic);
  rule.set_allow(allow);
  rule.set_priority(priority);
  return rule;
}

class ExplainTest : public ::testing::Test {
 protected:
  ExplainTest() {
    for (const char* user : {"ann", "ben", "cat"}) world_.CreateUser(user);
    world_.CreateUser("root", {"admin"});
    world_.CreateRoom("lobby",
                      {{"ann", v1::Member::OWNER}, {"ben", v1::Member::READER}, {"cat", v1::Member::BANNED}});
  }
  void AddRule(const std::string& role, const std::string& user, const internal::v1::AclRule& rule) {
    domain::Command command = world_.Command("root");
    command.mutable_add_acl()->set_role(role);
    command.mutable_add_acl()->set_username(user);
    *command.mutable_add_acl()->mutable_rule() = rule;
    world_.Apply(command);
  }
  Explanation Ask(const std::string& user, Kind kind, const std::string& topic, bool will = false) {
    view_ = world_.Copy();
    return Explain(view_, {.user = user, .client = user + "-1", .topic = topic, .kind = kind, .will = will});
  }

  ChatWorld world_;
  domain::Directory view_;
};

TEST_F(ExplainTest, PresenceNeedsARoomInCommon) {
  const Explanation yes = Ask("ann", Kind::kReceive, "chat/v1/users/ben/presence/json");
  EXPECT_TRUE(yes.allowed);
  EXPECT_EQ(yes.reason, "both are members of a room");
  const Explanation no = Ask("ann", Kind::kSubscribe, "chat/v1/users/cat/presence/json");
  EXPECT_FALSE(no.allowed);
  EXPECT_EQ(no.reason, "they are members of no common room");
  EXPECT_THAT(no.change, HasSubstr("addMember"));
  EXPECT_TRUE(Ask("ben", Kind::kReceive, "chat/v1/rooms/lobby/presence/pb").allowed);
  EXPECT_FALSE(Ask("root", Kind::kReceive, "chat/v1/rooms/lobby/presence/pb").allowed);
}

TEST_F(ExplainTest, NamesTheRuleThatDecidesAndWhatWouldHaveToChange) {
  AddRule("everyone", "", Rule(domain::AclRule::PUBLISH, "s/#", true, 1));
  AddRule("", "ben", Rule(domain::AclRule::PUBLISH, "s/x", false, 2));
  const Explanation yes = Ask("ann", Kind::kPublish, "s/x");
  EXPECT_TRUE(yes.allowed);
  EXPECT_EQ(yes.reason, "allow publish s/# (priority 1) of role everyone");
  EXPECT_EQ(yes.change, "");
  const Explanation no = Ask("ben", Kind::kPublish, "s/x");
  EXPECT_FALSE(no.allowed);
  EXPECT_EQ(no.reason, "deny publish s/x (priority 2) of the user alone");
  EXPECT_THAT(no.change, HasSubstr("remove that rule"));
  const Explanation none = Ask("ann", Kind::kReceive, "s/x");
  EXPECT_THAT(none.reason, HasSubstr("no rule speaks of it"));
  EXPECT_THAT(none.change, HasSubstr("acltype subscribe that allows s/x"));
}

TEST_F(ExplainTest, ChatTopicsAreDecidedByMembership) {
  EXPECT_THAT(Ask("ann", Kind::kPublish, "chat/v1/rooms/lobby/send/json").reason,
              HasSubstr("ann may send in lobby"));
  EXPECT_THAT(Ask("ben", Kind::kPublish, "chat/v1/rooms/lobby/send/json").reason,
              HasSubstr("ben may only read lobby"));
  EXPECT_THAT(Ask("cat", Kind::kSubscribe, "chat/v1/rooms/lobby/events/json").reason,
              HasSubstr("cat is banned from lobby"));
  EXPECT_THAT(Ask("root", Kind::kReceive, "chat/v1/rooms/lobby/events/json").reason,
              HasSubstr("not a member"));
  EXPECT_THAT(Ask("ann", Kind::kPublish, "chat/v1/rooms/nowhere/send/json").reason,
              HasSubstr("no room nowhere"));
  EXPECT_THAT(Ask("ann", Kind::kReceive, "chat/v1/clients/ben-1/acks/json").reason,
              HasSubstr("another user or client"));
  EXPECT_TRUE(Ask("ann", Kind::kReceive, "chat/v1/clients/ann-1/acks/json").allowed);
  EXPECT_THAT(Ask("ann", Kind::kSubscribe, "#").reason, HasSubstr("can match chat topics"));
  EXPECT_TRUE(Ask("root", Kind::kSubscribe, "#").allowed);
  EXPECT_THAT(Ask("ann", Kind::kPublish, "$CONTROL/parley/v1").reason, HasSubstr("only admins"));
  EXPECT_THAT(Ask("nobody", Kind::kPublish, "x").reason, HasSubstr("no such user"));
}

TEST_F(ExplainTest, AWillMayNotBeAChatMessage) {
  AddRule("everyone", "", Rule(domain::AclRule::PUBLISH, "gone/#", true, 1));
  EXPECT_TRUE(Ask("ann", Kind::kPublish, "gone/ann", true).allowed);
  EXPECT_FALSE(Ask("ann", Kind::kPublish, "chat/v1/rooms/lobby/send/json", true).allowed);
  EXPECT_FALSE(Ask("root", Kind::kPublish, "$CONTROL/parley/v1", true).allowed);
}

// In random worlds: what is explained is what is decided, by the broker's questions and, for a message to a
// room, by the state machine.
TEST_F(ExplainTest, ExplainsWhatIsDecided) {
  const uint64_t seed = parley::testing::Seed();
  SCOPED_TRACE(parley::testing::SeedNote(seed));
  parley::testing::Random random(seed);
  const auto one_of = [&random](const std::vector<std::string>& words) {
    return words[random.Below(words.size())];
  };
  const std::vector<std::string> users = {"ann", "ben", "cat", "root", "nobody", "bridge"};
  const std::vector<std::string> words = {"a", "b", "%u", "+", "#", "chat", "v1"};
  for (int round = 0; round < 150; ++round) {
    for (int i = 0; i < 3; ++i) {
      std::string filter = one_of(words);
      while (random.OneIn(2)) filter += "/" + one_of(words);
      const auto type = random.OneIn(2) ? domain::AclRule::PUBLISH : domain::AclRule::SUBSCRIBE;
      const auto rule = Rule(type, filter, random.OneIn(2), static_cast<int>(random.Below(3)));
      const bool role = random.OneIn(2);
      AddRule(role ? one_of({"everyone", "admin"}) : "", role ? "" : one_of({"ann", "ben", "root"}), rule);
    }
    world_.SetRole("lobby", one_of({"ann", "ben", "cat"}), static_cast<domain::Role>(1 + random.Below(5)));
    if (random.OneIn(4)) world_.RemoveMember("lobby", one_of({"ann", "ben"}));
    if (random.OneIn(3)) world_.AddMember("lobby", one_of({"ann", "ben"}));
    view_ = world_.Copy();
    for (int question = 0; question < 60; ++question) {
      const std::string user = one_of(users);
      const std::string client = user + "-1";
      std::string topic =
          one_of({"a", "b", "chat/v1/rooms/lobby/send/json", "chat/v1/rooms/lobby/events/json",
                  "chat/v1/users/ann/events/pb", "chat/v1/clients/ben-1/acks/json", "$SYS/x",
                  "$CONTROL/parley/v1", "$parley/requests", "chat/v1/requests/sync/json", "chat",
                  "chat/v1/rooms/dm:ann:ben/send/text/1", "chat/v1/rooms/lobby/send/text/x"});
      while (random.OneIn(3)) topic += "/" + one_of({"a", "b", "ann"});
      const Identity who{user, client, user == kBridgeUser};
      const auto explained = [&](Kind kind, const std::string& what, bool will = false) {
        return Explain(view_, {.user = user, .client = client, .topic = what, .kind = kind, .will = will})
            .allowed;
      };
      EXPECT_EQ(explained(Kind::kReceive, topic), MayReceive(view_, who, topic).access == Access::kAllow)
          << user << topic;
      EXPECT_EQ(explained(Kind::kPublish, topic, true),
                MayPublishWill(view_, who, topic).access == Access::kAllow);
      const std::string filter = random.OneIn(2) ? topic : topic + "/#";
      EXPECT_EQ(explained(Kind::kSubscribe, filter),
                MaySubscribe(view_, who, filter).access == Access::kAllow);
      bool may_publish = MayPublish(view_, who, topic).access == Access::kAllow;
      const Result<ChatTopic> parsed = ParseChatTopic(topic);
      if (may_publish && parsed && std::holds_alternative<SendTopic>(*parsed) && !who.bridge) {
        ChatWorld copy = world_;
        may_publish =
            copy.Send(user, std::string(std::get<SendTopic>(*parsed).room), "").ack->code() == Code::OK;
      }
      EXPECT_EQ(explained(Kind::kPublish, topic), may_publish) << user << " " << topic;
    }
  }
}

}  // namespace
}  // namespace parley::plugin
