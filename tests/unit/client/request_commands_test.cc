#include "client/cli/request_commands.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace parley::client {
namespace {

using testing::ElementsAre;
using Words = std::vector<std::string>;

struct Case {
  const RequestGroup* group;
  Words words;
  std::string method;
  std::string request;
  Repeat repeat;
};

Result<RequestCall> Call(const RequestGroup& group, const Words& words) {
  Result<RequestOptions> options = ParseRequestOptions(words, group.fields);
  if (!options) return options.error();
  return CallOf(group, *options);
}

TEST(RequestCommands, EverySubcommandHasItsRequest) {
  const RequestGroup& rooms = RoomRequests();
  const RequestGroup& members = MemberRequests();
  const RequestGroup& users = UserRequests();
  const std::vector<Case> cases = {
      {&rooms, {"show", "lobby"}, "rooms.get", R"({"room":"lobby"})", Repeat::kYes},
      {&rooms,
       {"create", "lobby", "--kind", "public", "--title", "L", "--history", "since-join", "--retention-days",
        "7", "--max-message-bytes", "1000", "--member", "bob:moderator", "--member", "carol"},
       "rooms.create",
       R"({"room":"lobby","kind":"PUBLIC","title":"L","history":"SINCE_JOIN","retention_days":7,)"
       R"("max_message_bytes":1000,"members":[{"user":"bob","role":"MODERATOR"},{"user":"carol","role":"MEMBER"}]})",
       Repeat::kNo},
      {&rooms, {"create", "x"}, "rooms.create", R"({"room":"x","kind":"GROUP","members":[]})", Repeat::kNo},
      {&rooms, {"update", "x", "--title", ""}, "rooms.update", R"({"room":"x","title":""})", Repeat::kNo},
      {&rooms, {"delete", "x"}, "rooms.delete", R"({"room":"x"})", Repeat::kNo},
      {&rooms, {"join", "x"}, "rooms.join", R"({"room":"x"})", Repeat::kNo},
      {&rooms, {"leave", "x"}, "rooms.leave", R"({"room":"x"})", Repeat::kNo},
      {&members, {"list", "x"}, "members.list", R"({"room":"x"})", Repeat::kYes},
      {&members,
       {"add", "x", "bob"},
       "members.add",
       R"({"room":"x","user":"bob","role":"MEMBER"})",
       Repeat::kNo},
      {&members,
       {"add", "x", "bob", "reader"},
       "members.add",
       R"({"room":"x","user":"bob","role":"READER"})",
       Repeat::kNo},
      {&members, {"remove", "x", "bob"}, "members.remove", R"({"room":"x","user":"bob"})", Repeat::kNo},
      {&members,
       {"set-role", "x", "bob", "owner"},
       "members.setRole",
       R"({"room":"x","user":"bob","role":"OWNER"})",
       Repeat::kNo},
      {&users, {"show", "bob"}, "users.get", R"({"user":"bob"})", Repeat::kYes},
      {&users, {"find", "bo"}, "users.find", R"({"prefix":"bo"})", Repeat::kYes},
      {&users, {"update", "--display-name", "Bob"}, "users.update", R"({"display_name":"Bob"})", Repeat::kNo},
      {&users, {"change-password"}, "users.changePassword", R"({})", Repeat::kNo},
  };
  for (const Case& c : cases) {
    const Result<RequestCall> call = Call(*c.group, c.words);
    ASSERT_TRUE(call) << call.error().reason;
    EXPECT_EQ(call->method, c.method);
    EXPECT_EQ(call->request, c.request);
    EXPECT_EQ(call->repeat, c.repeat) << c.method;
  }
}

TEST(RequestCommands, WhatMakesNoSenseIsRefused) {
  for (const Words& words :
       {Words{}, Words{"frob"}, Words{"show"}, Words{"show", "a", "b"}, Words{"update", "x"},
        Words{"join", "x", "--title", "t"}, Words{"create", "x", "--retention-days", "many"},
        Words{"create", "x", "--bogus"}}) {
    EXPECT_FALSE(Call(RoomRequests(), words)) << testing::PrintToString(words);
  }
  EXPECT_FALSE(Call(MemberRequests(), {"set-role", "x", "bob"}));
  EXPECT_FALSE(Call(UserRequests(), {"update"}));
}

TEST(RequestCommands, AListIsALineForEachAndGoesOnByPages) {
  const RequestCall call = *Call(MemberRequests(), {"list", "lobby"});
  const std::string reply =
      R"({"requestId":"r","code":"OK","reason":"","members":[)"
      R"({"user":"alice","role":"OWNER","displayName":""},)"
      R"({"user":"bob","role":"MEMBER","displayName":"Bob\u001b[2J"}],"page":"p1","more":true})";
  const ReplyLines read = ReadReply(call, reply, false);
  EXPECT_THAT(read.lines, ElementsAre("alice owner", "bob member displayName Bob?[2J"));
  EXPECT_EQ(read.page, "p1");
  EXPECT_EQ(NextPage(call, read.page).request, R"({"room":"lobby","page":"p1"})");
  EXPECT_EQ(ReadReply(call, R"({"code":"OK","members":[],"page":"p1","more":false})", true).page, "");
  EXPECT_EQ(ReadReply(call, reply, true).lines[0], R"({"user":"alice","role":"OWNER","displayName":""})");
}

TEST(RequestCommands, OneObjectIsShownAndNothingIsOk) {
  const RequestCall show = *Call(RoomRequests(), {"show", "lobby"});
  EXPECT_THAT(
      ReadReply(show,
                R"({"requestId":"r","code":"OK","reason":"","room":"lobby","kind":"GROUP","title":"L",)"
                R"("history":"ALL","role":"OWNER","head":"7"})",
                false)
          .lines,
      ElementsAre("lobby group owner \"L\" history all head 7"));
  const RequestCall leave = *Call(RoomRequests(), {"leave", "lobby"});
  EXPECT_THAT(ReadReply(leave, R"({"requestId":"r","code":"OK","reason":""})", false).lines,
              ElementsAre("rooms.leave: ok"));
  EXPECT_THAT(ReadReply(show, R"({"code":"OK","user":{"username":"bob","kind":"person"}})", false).lines,
              ElementsAre("bob person"));
  for (const char* nonsense : {"", "7", "[]", R"({"more":1})", R"({"members":[[]],"more":true})"}) {
    (void)ReadReply(show, nonsense, false);
    (void)ReadReply(show, nonsense, true);
  }
}

}  // namespace
}  // namespace parley::client
