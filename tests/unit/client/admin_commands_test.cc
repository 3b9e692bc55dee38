#include "client/cli/admin_commands.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace parley::client {
namespace {

using testing::ElementsAre;

AdminOptions OptionsOf(std::string subcommand, std::vector<std::string> arguments = {}) {
  AdminOptions options;
  options.subcommand = std::move(subcommand);
  options.arguments = std::move(arguments);
  return options;
}

TEST(AdminCommand, EverySubcommandHasItsJson) {
  EXPECT_EQ(*AdminCommand(OptionsOf("delete-user", {"bob"})), R"({"command":"deleteUser","username":"bob"})");
  EXPECT_EQ(*AdminCommand(OptionsOf("list-users")), R"({"command":"listUsers"})");
  EXPECT_EQ(*AdminCommand(OptionsOf("list-rooms")), R"({"command":"listRooms"})");
  EXPECT_EQ(*AdminCommand(OptionsOf("stats")), R"({"command":"stats"})");
  EXPECT_EQ(*AdminCommand(OptionsOf("get-room", {"r"})), R"({"command":"getRoom","room":"r"})");
  EXPECT_EQ(*AdminCommand(OptionsOf("add-member", {"r", "u"})),
            R"({"command":"addMember","room":"r","user":"u","role":"member"})");
  EXPECT_EQ(*AdminCommand(OptionsOf("remove-member", {"r", "u"})),
            R"({"command":"removeMember","room":"r","user":"u"})");
  EXPECT_EQ(*AdminCommand(OptionsOf("set-role", {"r", "u", "reader"})),
            R"({"command":"setMemberRole","room":"r","user":"u","role":"reader"})");
}

TEST(AdminCommand, TheFeedAndItsDeadLetters) {
  EXPECT_EQ(*AdminCommand(OptionsOf("feed")), R"({"command":"listFeedConsumers"})");
  EXPECT_EQ(*AdminCommand(OptionsOf("dead-letters", {"list"})), R"({"command":"listDeadLetters"})");
  EXPECT_EQ(*AdminCommand(OptionsOf("dead-letters", {"list", "totals"})),
            R"({"command":"listDeadLetters","consumer":"totals"})");
  EXPECT_EQ(*AdminCommand(OptionsOf("dead-letters", {"replay", "totals"})),
            R"({"command":"replayDeadLetters","consumer":"totals"})");
  EXPECT_EQ(*AdminCommand(OptionsOf("dead-letters", {"replay", "totals", "17"})),
            R"({"command":"replayDeadLetter","consumer":"totals","index":"17"})");
  EXPECT_EQ(*AdminCommand(OptionsOf("dead-letters", {"drop", "totals", "17"})),
            R"({"command":"dropDeadLetter","consumer":"totals","index":"17"})");
  EXPECT_FALSE(AdminCommand(OptionsOf("dead-letters")));
  EXPECT_FALSE(AdminCommand(OptionsOf("dead-letters", {"drop"})));
  EXPECT_FALSE(AdminCommand(OptionsOf("dead-letters", {"list", "totals", "17"})));
  EXPECT_FALSE(AdminCommand(OptionsOf("dead-letters", {"bury", "totals"})));
}

TEST(AdminCommand, Webhooks) {
  EXPECT_EQ(*AdminCommand(OptionsOf("webhooks", {"list"})), R"({"command":"listWebhooks"})");
  EXPECT_EQ(*AdminCommand(OptionsOf("webhooks", {"show", "h"})), R"({"command":"getWebhook","webhook":"h"})");
  EXPECT_EQ(*AdminCommand(OptionsOf("webhooks", {"pause", "h"})),
            R"({"command":"pauseWebhook","webhook":"h"})");
  EXPECT_EQ(*AdminCommand(OptionsOf("webhooks", {"resume", "h"})),
            R"({"command":"resumeWebhook","webhook":"h"})");
  EXPECT_EQ(*AdminCommand(OptionsOf("webhooks", {"test", "h"})),
            R"({"command":"testWebhook","webhook":"h"})");
  EXPECT_EQ(*AdminCommand(OptionsOf("webhooks", {"delete", "h"})),
            R"({"command":"deleteWebhook","webhook":"h"})");
  AdminOptions create = OptionsOf("webhooks", {"create", "h", "https://example.org/in"});
  EXPECT_EQ(*AdminCommand(create),
            R"({"command":"createWebhook","webhook":"h","url":"https://example.org/in"})");
  create.values = {{"room", {"lobby"}}, {"event", {"text", "membership"}}};
  EXPECT_EQ(*AdminCommand(create),
            R"({"command":"createWebhook","webhook":"h","url":"https://example.org/in",)"
            R"("room":"lobby","events":["text","membership"]})");
  AdminOptions update = OptionsOf("webhooks", {"update", "h"});
  EXPECT_FALSE(AdminCommand(update)) << "changes nothing";
  update.values = {{"event", {"all"}}, {"disable", {}}, {"new-secret", {}}};
  EXPECT_EQ(*AdminCommand(update),
            R"({"command":"updateWebhook","webhook":"h","events":[],"newSecret":true,"disabled":true})");
  update.values = {{"enable", {}}};
  EXPECT_EQ(*AdminCommand(update), R"({"command":"updateWebhook","webhook":"h","disabled":false})");
  update.values = {{"enable", {}}, {"disable", {}}};
  EXPECT_FALSE(AdminCommand(update));
  EXPECT_FALSE(AdminCommand(OptionsOf("webhooks", {"create", "h"})));
  const Result<std::string> none = AdminCommand(OptionsOf("webhooks"));
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().reason, "usage: webhooks list|show|create|update|delete|pause|resume|test");
}

TEST(AdminCommand, ExplainsAMessage) {
  EXPECT_EQ(*AdminCommand(OptionsOf("push-devices", {"bob"})), R"({"command":"listPush","username":"bob"})");
  EXPECT_EQ(*AdminCommand(OptionsOf("explain", {"lobby", "7"})),
            R"({"command":"explainMessage","room":"lobby","seq":"7"})");
  EXPECT_FALSE(AdminCommand(OptionsOf("explain", {"lobby"})));
}

TEST(AdminCommand, RolesBindingsAndTheRest) {
  AdminOptions rule = OptionsOf("add-role-acl", {"sensors", "publish", "sensors/%u/#"});
  EXPECT_EQ(*AdminCommand(rule), R"({"command":"addRoleAcl","role":"sensors","acltype":"publish",)"
                                 R"("topic":"sensors/%u/#","allow":true,"priority":0})");
  rule.values = {{"deny", {}}, {"priority", {"-5"}}};
  EXPECT_EQ(*AdminCommand(rule), R"({"command":"addRoleAcl","role":"sensors","acltype":"publish",)"
                                 R"("topic":"sensors/%u/#","allow":false,"priority":-5})");
  rule.values = {{"priority", {"high"}}};
  EXPECT_FALSE(AdminCommand(rule));
  AdminOptions bind = OptionsOf("bind-topic", {"sensors/#", "lab"});
  bind.values = {{"content-type", {"text/plain"}}};
  EXPECT_EQ(*AdminCommand(bind),
            R"({"command":"bindTopic","filter":"sensors/#","room":"lab","content_type":"text/plain"})");
  EXPECT_EQ(*AdminCommand(OptionsOf("set-config", {"roomsPerUser", "7"})),
            R"({"command":"setConfig","roomsPerUser":7})");
  EXPECT_EQ(*AdminCommand(OptionsOf("set-config", {"name", "text"})),
            R"({"command":"setConfig","name":"text"})");
  EXPECT_EQ(*AdminCommand(OptionsOf("kick", {"bob"})), R"({"command":"kick","username":"bob"})");
  AdminOptions kick = OptionsOf("kick");
  EXPECT_FALSE(AdminCommand(kick));
  kick.values = {{"client", {"c1"}}};
  EXPECT_EQ(*AdminCommand(kick), R"({"command":"kick","client":"c1"})");
  EXPECT_EQ(*AdminCommand(OptionsOf("backup", {"/b"})), R"({"command":"backup","path":"/b"})");
  EXPECT_EQ(*AdminCommand(OptionsOf("remove-user-role", {"bob", "r"})),
            R"({"command":"removeUserRole","username":"bob","role":"r"})");
}

TEST(AdminCommand, EverySubcommandOfTheHelpIsOne) {
  for (const SubcommandHelp& subcommand : AdminSubcommands()) {
    if (subcommand.name == "batch" || subcommand.name == "import") continue;  // make many commands
    const Result<std::string> without = AdminCommand(OptionsOf(subcommand.name));
    EXPECT_TRUE(without || without.error().reason.find("no such") == std::string::npos) << subcommand.name;
  }
}

TEST(AdminCommand, AUserWithPasswordRolesAndKind) {
  AdminOptions options = OptionsOf("create-user", {"bob"});
  options.new_password = "p\"w";
  options.values["role"] = {"admin"};
  options.values["kind"] = {"bot"};
  EXPECT_EQ(*AdminCommand(options),
            R"({"command":"createUser","username":"bob","roles":["admin"],"kind":"bot","password":"p\"w"})");
}

TEST(AdminCommand, ARoomWithMembers) {
  AdminOptions options = OptionsOf("create-room", {"lobby"});
  options.values["title"] = {"Lobby"};
  options.values["member"] = {"alice:owner", "bob"};
  EXPECT_EQ(*AdminCommand(options),
            R"({"command":"createRoom","room":"lobby","kind":"group","title":"Lobby",)"
            R"("members":[{"user":"alice","role":"owner"},{"user":"bob","role":"member"}]})");
}

TEST(AdminCommand, TooFewTooManyAndForeignOptionsAreRefused) {
  EXPECT_FALSE(AdminCommand(OptionsOf("")));
  EXPECT_FALSE(AdminCommand(OptionsOf("frob")));
  EXPECT_FALSE(AdminCommand(OptionsOf("create-user")));
  EXPECT_FALSE(AdminCommand(OptionsOf("create-user", {"a", "b"})));
  EXPECT_FALSE(AdminCommand(OptionsOf("set-role", {"r", "u"})));
  AdminOptions options = OptionsOf("stats");
  options.new_password = "x";
  EXPECT_FALSE(AdminCommand(options));
  options = OptionsOf("create-user", {"bob"});
  options.values["member"] = {"alice"};
  EXPECT_FALSE(AdminCommand(options));
}

TEST(ListCommand, CarriesTheOffset) {
  EXPECT_EQ(ListCommand(R"({"command":"listUsers"})", 1'000), R"({"command":"listUsers","offset":1000})");
}

TEST(ReadAnswer, Success) {
  const AdminAnswer answer = ReadAnswer(R"({"command":"createUser"})", false);
  EXPECT_TRUE(answer.status);
  EXPECT_THAT(answer.lines, ElementsAre("createUser: ok"));
  EXPECT_THAT(ReadAnswer(R"({"command":"createUser"})", true).lines,
              ElementsAre(R"({"command":"createUser"})"));
}

TEST(ReadAnswer, AnErrorHasItsCode) {
  const AdminAnswer answer =
      ReadAnswer(R"({"command":"createUser","error":"user bob exists","code":"ALREADY_EXISTS"})", false);
  ASSERT_FALSE(answer.status);
  EXPECT_EQ(answer.status.error().code, Code::ALREADY_EXISTS);
  EXPECT_THAT(answer.lines, ElementsAre("createUser: ALREADY_EXISTS: user bob exists"));
}

TEST(ReadAnswer, AListIsALineForEach) {
  const std::string response = R"({"command":"listUsers","data":{"totalCount":5,"users":[)"
                               R"({"username":"admin","kind":"person","roles":["admin"],"disabled":false},)"
                               R"({"username":"bob","kind":"bot","roles":[],"disabled":true}]}})";
  const AdminAnswer answer = ReadAnswer(response, false);
  EXPECT_EQ(answer.items, 2u);
  EXPECT_EQ(answer.total, 5u);
  EXPECT_THAT(answer.lines, ElementsAre("admin person admin", "bob bot disabled"));
  EXPECT_EQ(ReadAnswer(response, true).lines.size(), 2u);
}

TEST(ReadAnswer, ARoomAndStats) {
  EXPECT_THAT(ReadAnswer(R"({"command":"getRoom","data":{"room":{"room":"lobby","kind":"group","title":"L",)"
                         R"("members":[{"user":"alice","role":"owner"}]}}})",
                         false)
                  .lines,
              ElementsAre("lobby group \"L\"", "  alice owner"));
  EXPECT_THAT(ReadAnswer(R"({"command":"stats","data":{"users":3,"mode":"x"}})", false).lines,
              ElementsAre("users: 3", "mode: x"));
}

TEST(ReadAnswer, RolesAndTheirRules) {
  EXPECT_THAT(
      ReadAnswer(R"({"command":"getRole","data":{"acls":[{"acltype":"publish","allow":true,"priority":5,)"
                 R"("topic":"s/%u/#"}],"role":"sensors","users":["bob"]}})",
                 false)
          .lines,
      ElementsAre("sensors", "  acls:", "    publish allow s/%u/# priority 5", "  users:", "    bob"));
  EXPECT_THAT(ReadAnswer(R"({"command":"listUsers","data":{"totalCount":1,"users":[{"username":"bob",)"
                         R"("roles":[{"role":"sensors","priority":0}]}]}})",
                         false)
                  .lines,
              ElementsAre("bob sensors"));
}

TEST(ReadAnswer, NonsenseIsNoCrash) {
  for (const char* text : {"", "7", "[]", "{}", R"({"command":7,"data":[1,{"a":[2]}]})",
                           R"({"command":"x","data":{"users":[1,null,"\u001b"]}})", R"({"error":{}})"}) {
    for (const bool json : {false, true}) {
      for (const std::string& line : ReadAnswer(text, json).lines) {
        EXPECT_EQ(line.find('\x1b'), std::string::npos) << text;
      }
    }
  }
}

}  // namespace
}  // namespace parley::client
