#include "broker-plugin/control/control.h"

#include <gmock/gmock.h>

#include "schemas/limits.h"
#include "tests/unit/plugin/plugin_world.h"

namespace parley::plugin {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

class ControlTest : public PluginWorld {
 protected:
  void SetUp() override { Start(); }
  // The one answer to one command.
  json Ask(const json& command) { return Control(Admin(), json::array({command}))[0]; }
  std::string CodeOf(const json& command) { return Ask(command).value("code", "OK"); }
};

TEST_F(ControlTest, EveryCommandDoesWhatItSays) {
  EXPECT_EQ(CodeOf({{"command", "createUser"}, {"username", "alice"}, {"password", "a"}}), "OK");
  EXPECT_EQ(CodeOf({{"command", "createUser"}, {"username", "bob"}, {"kind", "bot"}, {"roles", {"admin"}}}),
            "OK");
  EXPECT_EQ(CodeOf({{"command", "createRoom"},
                    {"room", "lobby"},
                    {"title", "The Lobby"},
                    {"members", {{{"user", "alice"}, {"role", "owner"}}}}}),
            "OK");
  EXPECT_EQ(CodeOf({{"command", "addMember"}, {"room", "lobby"}, {"user", "bob"}}), "OK");
  EXPECT_EQ(CodeOf({{"command", "setMemberRole"}, {"room", "lobby"}, {"user", "bob"}, {"role", "reader"}}),
            "OK");
  const json room = Ask({{"command", "getRoom"}, {"room", "lobby"}})["data"]["room"];
  EXPECT_EQ(room["title"], "The Lobby");
  EXPECT_EQ(room["kind"], "group");
  EXPECT_EQ(room["members"],
            json::parse(R"([{"user":"alice","role":"owner"},{"user":"bob","role":"reader"}])"));
  EXPECT_EQ(CodeOf({{"command", "removeMember"}, {"room", "lobby"}, {"user", "bob"}}), "OK");
  EXPECT_EQ(Ask({{"command", "listRooms"}})["data"]["totalCount"], 1);
  const json users = Ask({{"command", "listUsers"}, {"offset", 1}, {"count", 1}})["data"];
  EXPECT_EQ(users["totalCount"], 4);
  EXPECT_EQ(users["users"][0]["username"], "alice");
  EXPECT_EQ(CodeOf({{"command", "deleteUser"}, {"username", "bob"}}), "OK");
  EXPECT_EQ(Ask({{"command", "stats"}})["data"]["users"], 3);
  EXPECT_NE(ConnectAs({.id = "a1", .user = "alice"}, "a"), nullptr);
}

TEST_F(ControlTest, WhatTheBridgeAnswersIsUnavailableWithoutOne) {
  const json answers = Control(Admin(), json::array({{{"command", "listFeedConsumers"}},
                                                     {{"command", "listDeadLetters"}},
                                                     {{"command", "stats"}}}));
  ASSERT_EQ(answers.size(), 3u);
  EXPECT_EQ(answers[0]["code"], "UNAVAILABLE");
  EXPECT_EQ(answers[1]["command"], "listDeadLetters");
  EXPECT_EQ(answers[1]["code"], "UNAVAILABLE");
  EXPECT_FALSE(answers[2].contains("error")) << "the list goes on";
}

TEST_F(ControlTest, EveryErrorHasItsCode) {
  MakeUsers({"alice"});
  MakeRoom("lobby", {"alice"});
  const std::pair<const char*, const char*> cases[] = {
      {R"({"command":"nonsense"})", "UNIMPLEMENTED"},
      {R"({"command":"createUser"})", "INVALID_ARGUMENT"},
      {R"({"command":"createUser","username":7})", "INVALID_ARGUMENT"},
      {R"({"command":"createUser","username":"Bob"})", "INVALID_ARGUMENT"},
      {R"({"command":"createUser","username":"alice"})", "ALREADY_EXISTS"},
      {R"({"command":"createUser","username":"alice","password":"x"})", "ALREADY_EXISTS"},
      {R"({"command":"createUser","username":"b","password":""})", "INVALID_ARGUMENT"},
      {R"({"command":"createUser","username":"b","password":null})", "INVALID_ARGUMENT"},
      {R"({"command":"createUser","username":"b","password":"a\u0000b"})", "INVALID_ARGUMENT"},
      {R"({"command":"createUser","username":"b","kind":"robot"})", "INVALID_ARGUMENT"},
      {R"({"command":"createUser","username":"b","kind":"Person"})", "INVALID_ARGUMENT"},
      {R"({"command":"createUser","username":"b","roles":["owner"]})", "NOT_FOUND"},
      {R"({"command":"createUser","username":"b","roles":"admin"})", "INVALID_ARGUMENT"},
      {R"({"command":"createUser","username":"b","roles":{"x":"admin"}})", "INVALID_ARGUMENT"},
      {R"({"command":"createUser","username":"b","roles":null})", "INVALID_ARGUMENT"},
      {R"({"command":"setUserPassword","username":"nobody","password":"x"})", "NOT_FOUND"},
      {R"({"command":"setUserPassword","username":"alice"})", "INVALID_ARGUMENT"},
      {R"({"command":"setUserPassword","username":"bridge","password":"x"})", "FAILED_PRECONDITION"},
      {R"({"command":"deleteUser","username":"nobody"})", "NOT_FOUND"},
      {R"({"command":"deleteUser","username":"admin"})", "FAILED_PRECONDITION"},
      {R"({"command":"deleteUser","username":"bridge"})", "FAILED_PRECONDITION"},
      {R"({"command":"listUsers","offset":-1})", "INVALID_ARGUMENT"},
      {R"({"command":"listUsers","count":1.5})", "INVALID_ARGUMENT"},
      {R"({"command":"listUsers","count":"1"})", "INVALID_ARGUMENT"},
      {R"({"command":"listUsers","offset":99999999999999999999})", "INVALID_ARGUMENT"},
      {R"({"command":"createRoom"})", "INVALID_ARGUMENT"},
      {R"({"command":"createRoom","room":"lobby"})", "ALREADY_EXISTS"},
      {R"({"command":"createRoom","room":"a/b"})", "INVALID_ARGUMENT"},
      {R"({"command":"createRoom","room":"dm:admin:alice"})", "FAILED_PRECONDITION"},
      {R"({"command":"createRoom","room":"r","kind":"direct"})", "FAILED_PRECONDITION"},
      {R"({"command":"createRoom","room":"r","kind":"secret"})", "INVALID_ARGUMENT"},
      {R"({"command":"createRoom","room":"r","retention_days":-1})", "INVALID_ARGUMENT"},
      {R"({"command":"createRoom","room":"r","max_message_bytes":65537})", "INVALID_ARGUMENT"},
      {R"({"command":"updateRoom","room":"lobby"})", "INVALID_ARGUMENT"},
      {R"({"command":"updateRoom","room":"none","title":"x"})", "NOT_FOUND"},
      {R"({"command":"deleteRoom","room":"none"})", "NOT_FOUND"},
      {R"({"command":"deleteRoom","room":"dm:admin:alice"})", "FAILED_PRECONDITION"},
      {R"({"command":"disableUser","username":"admin"})", "FAILED_PRECONDITION"},
      {R"({"command":"disableUser","username":"bridge"})", "FAILED_PRECONDITION"},
      {R"({"command":"enableUser","username":"alice"})", "ALREADY_EXISTS"},
      {R"({"command":"getUser","username":"nobody"})", "NOT_FOUND"},
      {R"({"command":"kick","username":"nobody"})", "NOT_FOUND"},
      {R"({"command":"kick"})", "INVALID_ARGUMENT"},
      {R"({"command":"setConfig"})", "INVALID_ARGUMENT"},
      {R"({"command":"setConfig","maxDraftBytes":7})", "INVALID_ARGUMENT"},
      {R"({"command":"setConfig","roomsPerUser":7,"roomPerUser":7})", "INVALID_ARGUMENT"},
      {R"({"command":"createRoom","room":"r","kind":"GROUP"})", "INVALID_ARGUMENT"},
      {R"({"command":"createRoom","room":"r","kind":"unspecified"})", "INVALID_ARGUMENT"},
      {R"({"command":"createRoom","room":"r","history":"since_joined"})", "INVALID_ARGUMENT"},
      {R"({"command":"createRoom","room":"r","title":"a\nb"})", "INVALID_ARGUMENT"},
      {R"({"command":"createRoom","room":"r","members":{}})", "INVALID_ARGUMENT"},
      {R"({"command":"createRoom","room":"r","members":["alice"]})", "INVALID_ARGUMENT"},
      {R"({"command":"createRoom","room":"r","members":[{"user":"nobody"}]})", "NOT_FOUND"},
      {R"({"command":"createRoom","room":"r","members":[{"user":"alice"},{"user":"alice"}]})",
       "INVALID_ARGUMENT"},
      {R"({"command":"createRoom","room":"r","members":[{"user":"alice","role":"boss"}]})",
       "INVALID_ARGUMENT"},
      {R"({"command":"addMember","room":"lobby","user":"alice"})", "ALREADY_EXISTS"},
      {R"({"command":"addMember","room":"none","user":"alice"})", "NOT_FOUND"},
      {R"({"command":"addMember","room":"lobby","user":"nobody"})", "NOT_FOUND"},
      {R"({"command":"addMember","room":"dm:admin:alice","user":"alice"})", "FAILED_PRECONDITION"},
      {R"({"command":"removeMember","room":"lobby","user":"admin"})", "NOT_FOUND"},
      {R"({"command":"setMemberRole","room":"lobby","user":"alice"})", "INVALID_ARGUMENT"},
      {R"({"command":"setMemberRole","room":"lobby","user":"alice","role":"member"})", "ALREADY_EXISTS"},
      {R"({"command":"setMemberRole","room":"lobby","user":"admin","role":"member"})", "NOT_FOUND"},
      {R"({"command":"getRoom","room":"none"})", "NOT_FOUND"},
      {R"({"command":7})", "INVALID_ARGUMENT"},
      {R"({})", "INVALID_ARGUMENT"},
      {R"("createUser")", "INVALID_ARGUMENT"},
      {"null", "INVALID_ARGUMENT"},
      {"[]", "INVALID_ARGUMENT"},
  };
  json commands = json::array();
  for (const auto& [command, code] : cases) commands.push_back(json::parse(command));
  const json answers = Control(Admin(), commands);
  ASSERT_THAT(answers, SizeIs(std::size(cases)));
  for (size_t i = 0; i < std::size(cases); ++i) {
    EXPECT_EQ(answers[i].value("code", "OK"), cases[i].second) << cases[i].first << " → " << answers[i];
    EXPECT_FALSE(answers[i].value("error", "").empty()) << cases[i].first;
  }
  EXPECT_EQ(Ask({{"command", "stats"}})["data"]["rooms"], 1) << "what was refused left no trace";
}

TEST_F(ControlTest, MalformedListsAreAnswered) {
  for (const std::string payload : {"", "{", "[]", "null", "7", R"({"commands":{}})", R"({"commands":null})",
                                    R"({"Commands":[]})", "\xff\xfe",
                                    R"({"commands":[{"command":")"
                                    "\xff"
                                    R"("}]})",
                                    R"({"commands":[)"}) {
    const json answers = ControlRaw(Admin(), payload);
    ASSERT_THAT(answers, SizeIs(1)) << payload;
    EXPECT_EQ(answers[0]["code"], "INVALID_ARGUMENT") << payload;
  }
  EXPECT_THAT(ControlRaw(Admin(), R"({"commands":[]})"), IsEmpty());
}

TEST_F(ControlTest, ListsHaveABound) {
  json commands = json::array();
  for (size_t i = 0; i < limits::kControlCommandsMax; ++i) commands.push_back({{"command", "nonsense"}});
  EXPECT_THAT(Control(Admin(), commands), SizeIs(limits::kControlCommandsMax));
  commands.push_back({{"command", "nonsense"}});
  EXPECT_EQ(Control(Admin(), commands)[0]["code"], "INVALID_ARGUMENT");
}

TEST_F(ControlTest, DeepNestingIsRefusedAndHarmless) {
  constexpr size_t kDepth = 400'000;
  const std::string deep = std::string(kDepth, '[') + std::string(kDepth, ']');
  std::string objects;
  for (int i = 0; i < 200'000; ++i) objects += R"({"a":)";
  for (const std::string& payload :
       {R"({"commands":[{"command":"stats","correlationData":)" + deep + "}]}",
        R"({"commands":[{"command":"createUser","username":"x","roles":)" + deep + "}]}",
        R"({"commands":[{"command":"createRoom","room":"x","members":)" + deep + "}]}",
        R"({"commands":)" + deep + "}", R"({"commands":[)" + objects, deep, objects,
        std::string(kDepth, '[')}) {
    const json answers = ControlRaw(Admin(), payload);
    ASSERT_THAT(answers, SizeIs(1));
    EXPECT_EQ(answers[0]["code"], "INVALID_ARGUMENT");
  }
}

TEST_F(ControlTest, CorrelationDataComesBackWhateverItIs) {
  for (const char* data :
       {R"("x")", "7", "1.5", "true", "null", "[1,[2]]", R"({"a":{"b":"c"}})", R"("\u0000\ud83d\ude00")"}) {
    const json sent = json::parse(data);
    const json answer = Ask({{"command", "stats"}, {"correlationData", sent}});
    EXPECT_EQ(answer["correlationData"], sent) << data;
    EXPECT_EQ(answer["command"], "stats");
  }
  EXPECT_FALSE(Ask({{"command", "stats"}}).contains("correlationData"));
}

TEST_F(ControlTest, ALaterCommandWaitsForAnEarlierOne) {
  const json answers =
      Control(Admin(), json::parse(R"([{"command":"createUser","username":"alice","password":"a"},
                               {"command":"createRoom","room":"lobby","members":[{"user":"alice"}]},
                               {"command":"getRoom","room":"lobby"},
                               {"command":"deleteUser","username":"alice"},
                               {"command":"getRoom","room":"lobby"}])"));
  EXPECT_THAT(answers[2]["data"]["room"]["members"], SizeIs(1));
  EXPECT_THAT(answers[4]["data"]["room"]["members"], IsEmpty());
}

TEST_F(ControlTest, NobodyButAnAdminIsHeard) {
  MakeUsers({"alice"});
  FakeClient& alice = *Connect("alice", "a1");
  EXPECT_EQ(plugin_->OnPublish(ViewOf(alice), kControlTopic), AccessVerdict::kDeny);
  plugin_->OnControl(ViewOf(alice), kControlTopic,
                     R"({"commands":[{"command":"deleteUser","username":"admin"}]})");
  for (int i = 0; i < 5; ++i) Pass();
  EXPECT_THAT(alice.inbox, IsEmpty());
  EXPECT_EQ(Ask({{"command", "stats"}})["data"]["users"], 3);
}

TEST_F(ControlTest, AnAdminWhoIsDeletedMeanwhileDoesNoMore) {
  EXPECT_EQ(
      CodeOf({{"command", "createUser"}, {"username", "boss"}, {"password", "b"}, {"roles", {"admin"}}}),
      "OK");
  FakeClient& boss = *ConnectAs({.id = "boss-1", .user = "boss"}, "b");
  json commands = json::array();
  for (int i = 0; i < 5; ++i) {
    commands.push_back({{"command", "createUser"}, {"username", "u" + std::to_string(i)}, {"password", "x"}});
  }
  // The deletion is applied while the first password is being hashed.
  plugin_->OnControl(ViewOf(boss), kControlTopic, json{{"commands", commands}}.dump());
  EXPECT_EQ(CodeOf({{"command", "deleteUser"}, {"username", "boss"}}), "OK");
  Until([&] { return !boss.connected; });
  EXPECT_LT(Ask({{"command", "listUsers"}})["data"]["totalCount"], 2 + 5);
}

TEST_F(ControlTest, AServiceUserOfAnAdminCanBeDeleted) {
  EXPECT_EQ(CodeOf({{"command", "createUser"}, {"username", "hook"}, {"kind", "service"}}), "OK");
  EXPECT_EQ(CodeOf({{"command", "deleteUser"}, {"username", "hook"}}), "OK");
}

TEST_F(ControlTest, ResponsesHaveABound) {
  json members = json::array();
  json commands = json::array();
  for (int i = 0; i < 900; ++i) {
    const std::string user = "user-with-a-rather-long-name-" + std::to_string(i);
    commands.push_back({{"command", "createUser"}, {"username", user}});
    members.push_back({{"user", user}});
  }
  commands.push_back({{"command", "createRoom"}, {"room", "big"}, {"members", members}});
  for (const json& answer : Control(Admin(), commands)) ASSERT_FALSE(answer.contains("error")) << answer;
  json reads = json::array();
  for (int i = 0; i < 100; ++i) reads.push_back({{"command", "getRoom"}, {"room", "big"}});
  const json answers = Control(Admin(), reads);
  ASSERT_THAT(answers, SizeIs(100));
  EXPECT_TRUE(answers[0].contains("data"));
  EXPECT_EQ(answers[99].value("code", "OK"), "RESOURCE_EXHAUSTED");
  EXPECT_LT(answers.dump().size(), 2 * limits::kPacketBytesMax);
}

TEST_F(ControlTest, AListPageBeyondTheEndIsEmpty) {
  const json page = Ask({{"command", "listUsers"}, {"offset", 18446744073709551615ULL}})["data"];
  EXPECT_EQ(page["totalCount"], 2);
  EXPECT_THAT(page["users"], IsEmpty());
}

}  // namespace
}  // namespace parley::plugin
