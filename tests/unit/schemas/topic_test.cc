#include "schemas/topic.h"

#include <string>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

namespace parley {
namespace {

TEST(IsChat, IsTheRootAndAllBelow) {
  for (const char* topic : {"chat/v1", "chat/v1/", "chat/v1/x", "chat/v1/#", "chat/v1/rooms/+/events/json"}) {
    EXPECT_TRUE(IsChat(topic)) << topic;
  }
  for (const char* topic :
       {"", "chat", "chat/", "chat/v", "chat/v10", "chat/v2/x", "Chat/v1/x", "/chat/v1/x", "#"}) {
    EXPECT_FALSE(IsChat(topic)) << topic;
  }
}

TEST(ParseChatTopic, TakesSendTopicsApart) {
  struct Case {
    const char* topic;
    const char* room;
    Encoding encoding;
    std::optional<std::string> id;
  };
  for (const Case& c : std::vector<Case>{
           {"chat/v1/rooms/lobby/send/json", "lobby", Encoding::kJson, {}},
           {"chat/v1/rooms/lobby/send/pb", "lobby", Encoding::kPb, {}},
           {"chat/v1/rooms/lobby/send/text", "lobby", Encoding::kText, {}},
           {"chat/v1/rooms/dm:alice:bob/send/text/01J9Z", "dm:alice:bob", Encoding::kText, "01J9Z"},
           {"chat/v1/rooms//send/json/", "", Encoding::kJson, ""},  // Names are checked by their own grammar.
           {"chat/v1/rooms/NOT ok/send/json/x", "NOT ok", Encoding::kJson, "x"},
       }) {
    const Result<ChatTopic> parsed = ParseChatTopic(c.topic);
    ASSERT_TRUE(parsed) << c.topic;
    const SendTopic* send = std::get_if<SendTopic>(&*parsed);
    ASSERT_NE(send, nullptr) << c.topic;
    EXPECT_EQ(send->room, c.room);
    EXPECT_EQ(send->encoding, c.encoding);
    EXPECT_EQ(send->id.value_or("none"), c.id.value_or("none")) << c.topic;
  }
}

TEST(ParseChatTopic, TakesRoomTopicsApart) {
  using Aspect = RoomTopic::Aspect;
  const std::vector<std::pair<std::string, Aspect>> aspects = {{"events", Aspect::kEvents},
                                                               {"cursor", Aspect::kCursor},
                                                               {"signals", Aspect::kSignals},
                                                               {"receipts", Aspect::kReceipts},
                                                               {"presence", Aspect::kPresence}};
  for (const auto& [level, aspect] : aspects) {
    for (const Encoding encoding : {Encoding::kJson, Encoding::kPb}) {
      const std::string topic = "chat/v1/rooms/lobby/" + level + "/" + std::string(LevelName(encoding));
      const Result<ChatTopic> parsed = ParseChatTopic(topic);
      ASSERT_TRUE(parsed) << topic;
      const RoomTopic* room = std::get_if<RoomTopic>(&*parsed);
      ASSERT_NE(room, nullptr) << topic;
      EXPECT_EQ(room->room, "lobby");
      EXPECT_EQ(room->aspect, aspect);
      EXPECT_EQ(room->encoding, encoding);
    }
  }
}

TEST(ParseChatTopic, TakesRewindApart) {
  const Result<ChatTopic> parsed = ParseChatTopic("chat/v1/rooms/lobby/rewind/20/pb");
  ASSERT_TRUE(parsed);
  const RewindTopic* rewind = std::get_if<RewindTopic>(&*parsed);
  ASSERT_NE(rewind, nullptr);
  EXPECT_EQ(rewind->room, "lobby");
  EXPECT_EQ(rewind->count, "20");
  EXPECT_EQ(rewind->encoding, Encoding::kPb);
}

TEST(ParseChatTopic, TakesUserTopicsApart) {
  using Aspect = UserTopic::Aspect;
  const std::vector<std::pair<std::string, Aspect>> aspects = {
      {"events", Aspect::kEvents}, {"presence", Aspect::kPresence}, {"inbox", Aspect::kInbox}};
  for (const auto& [level, aspect] : aspects) {
    const std::string topic = "chat/v1/users/alice/" + level + "/json";
    const Result<ChatTopic> parsed = ParseChatTopic(topic);
    ASSERT_TRUE(parsed) << topic;
    const UserTopic* user = std::get_if<UserTopic>(&*parsed);
    ASSERT_NE(user, nullptr);
    EXPECT_EQ(user->user, "alice");
    EXPECT_EQ(user->aspect, aspect);
  }
}

TEST(ParseChatTopic, TakesClientTopicsApart) {
  struct Case {
    const char* topic;
    ClientTopic::Aspect aspect;
    const char* rest;
  };
  for (const Case& c : std::vector<Case>{
           {"chat/v1/clients/phone-1/acks/json", ClientTopic::Aspect::kAcks, "acks/json"},
           {"chat/v1/clients/phone-1/replies/pb", ClientTopic::Aspect::kReplies, "replies/pb"},
           {"chat/v1/clients/phone-1/acks/text", ClientTopic::Aspect::kOther, "acks/text"},
           {"chat/v1/clients/phone-1/acks/json/x", ClientTopic::Aspect::kOther, "acks/json/x"},
           {"chat/v1/clients/phone-1/my/own/very/long/topic/x", ClientTopic::Aspect::kOther,
            "my/own/very/long/topic/x"},
           {"chat/v1/clients/phone-1/#", ClientTopic::Aspect::kOther, "#"},
       }) {
    const Result<ChatTopic> parsed = ParseChatTopic(c.topic);
    ASSERT_TRUE(parsed) << c.topic;
    const ClientTopic* client = std::get_if<ClientTopic>(&*parsed);
    ASSERT_NE(client, nullptr);
    EXPECT_EQ(client->client, "phone-1");
    EXPECT_EQ(client->aspect, c.aspect) << c.topic;
    EXPECT_EQ(client->rest, c.rest);
  }
}

TEST(ParseChatTopic, TakesRequestsApart) {
  const Result<ChatTopic> parsed = ParseChatTopic("chat/v1/requests/history.page/pb");
  ASSERT_TRUE(parsed);
  const RequestTopic* request = std::get_if<RequestTopic>(&*parsed);
  ASSERT_NE(request, nullptr);
  EXPECT_EQ(request->method, "history.page");
  EXPECT_EQ(request->encoding, Encoding::kPb);
}

TEST(ParseChatTopic, RefusesWhatTheProtocolDoesNotHave) {
  for (const char* topic : {
           "",
           "chat",
           "chat/v1",
           "chat/v1/",
           "chat/v1//",
           "chat/v1/rooms",
           "chat/v1/rooms/",
           "chat/v1/rooms/lobby",
           "chat/v1/rooms/lobby/",
           "chat/v1/rooms/lobby/send",
           "chat/v1/rooms/lobby/send/",
           "chat/v1/rooms/lobby/send/xml",
           "chat/v1/rooms/lobby/send/JSON",
           "chat/v1/rooms/lobby/send/json/id/more",
           "chat/v1/rooms/lobby/send/json/a/b/c/d/e/f/g",
           "chat/v1/rooms/lobby/events",
           "chat/v1/rooms/lobby/events/text",
           "chat/v1/rooms/lobby/events/json/x",
           "chat/v1/rooms/lobby/events/+",
           "chat/v1/rooms/lobby/#",
           "chat/v1/rooms/lobby/Events/json",
           "chat/v1/rooms/lobby/rewind/json",
           "chat/v1/rooms/lobby/rewind/5/text",
           "chat/v1/rooms/lobby/rewind/5/json/x",
           "chat/v1/rooms/lobby/nonsense/json",
           "chat/v1/users",
           "chat/v1/users/alice",
           "chat/v1/users/alice/events",
           "chat/v1/users/alice/events/text",
           "chat/v1/users/alice/events/json/x",
           "chat/v1/users/alice/receipts/json",
           "chat/v1/clients",
           "chat/v1/clients/phone-1",
           "chat/v1/requests",
           "chat/v1/requests/sync",
           "chat/v1/requests/sync/text",
           "chat/v1/requests/sync/json/x",
           "chat/v1/#",
           "chat/v1/+",
           "chat/v2/rooms/lobby/send/json",
           "$CONTROL/parley/v1",
       }) {
    const Result<ChatTopic> parsed = ParseChatTopic(topic);
    ASSERT_FALSE(parsed) << topic;
    EXPECT_EQ(parsed.error().code, Code::INVALID_ARGUMENT);
    EXPECT_FALSE(parsed.error().reason.empty());
  }
}

TEST(TopicMakers, MakeWhatTheParserReads) {
  for (const Encoding encoding : {Encoding::kJson, Encoding::kPb}) {
    const std::string level(LevelName(encoding));
    EXPECT_EQ(SendTopicOf("lobby", encoding), "chat/v1/rooms/lobby/send/" + level);
    EXPECT_EQ(SendTopicOf("lobby", encoding, "id-1"), "chat/v1/rooms/lobby/send/" + level + "/id-1");
    EXPECT_EQ(RoomEventsTopic("lobby", encoding), "chat/v1/rooms/lobby/events/" + level);
    EXPECT_EQ(UserEventsTopic("alice", encoding), "chat/v1/users/alice/events/" + level);
    EXPECT_EQ(AcksTopic("phone-1", encoding), "chat/v1/clients/phone-1/acks/" + level);
    EXPECT_EQ(RepliesTopic("phone-1", encoding), "chat/v1/clients/phone-1/replies/" + level);
    EXPECT_EQ(RequestTopicOf("sync", encoding), "chat/v1/requests/sync/" + level);
    for (const std::string& topic :
         {SendTopicOf("lobby", encoding, "id-1"), RoomEventsTopic("lobby", encoding),
          UserEventsTopic("alice", encoding), AcksTopic("c", encoding), RepliesTopic("c", encoding),
          RequestTopicOf("sync", encoding)}) {
      EXPECT_TRUE(ParseChatTopic(topic)) << topic;
    }
  }
}

TEST(AnswerEncoding, OfTextIsJson) {
  EXPECT_EQ(AnswerEncoding(Encoding::kText), Encoding::kJson);
  EXPECT_EQ(AnswerEncoding(Encoding::kJson), Encoding::kJson);
  EXPECT_EQ(AnswerEncoding(Encoding::kPb), Encoding::kPb);
}

struct FilterCase {
  const char* filter;
  const char* topic;
  bool expected;
};

TEST(FilterMatches, FollowsTheRulesOfMqtt) {
  for (const FilterCase& c : std::vector<FilterCase>{
           {"a/b", "a/b", true},       {"a/b", "a/c", false},      {"a/b", "a", false},
           {"a", "a/b", false},        {"a/+", "a/b", true},       {"a/+", "a/", true},
           {"a/+", "a", false},        {"a/+", "a/b/c", false},    {"+", "a", true},
           {"+", "a/b", false},        {"+/b", "a/b", true},       {"+/+", "/", true},
           {"/+", "/a", true},         {"+", "/a", false},         {"a/+/c", "a/b/c", true},
           {"a/+/c", "a/b/d", false},  {"#", "a", true},           {"#", "a/b/c", true},
           {"#", "/", true},           {"a/#", "a", true},         {"a/#", "a/b/c", true},
           {"a/#", "ab", false},       {"a/+/#", "a/b", true},     {"a/+/#", "a", false},
           {"a/b/#", "a/b", true},     {"#", "$SYS/x", false},     {"+/x", "$SYS/x", false},
           {"+/#", "$SYS/x", false},   {"$SYS/#", "$SYS/x", true}, {"$SYS/+", "$SYS/x", true},
           {"$SYS/x", "$SYS/x", true}, {"a/#", "a/$x", true},      {"a/+", "a/$x", true},
           {"A/b", "a/b", false},
       }) {
    EXPECT_EQ(FilterMatches(c.filter, c.topic), c.expected) << c.filter << " ~ " << c.topic;
  }
}

TEST(FilterCovers, IsTrueOnlyWhenNothingEscapes) {
  for (const FilterCase& c : std::vector<FilterCase>{
           {"a/b", "a/b", true},         {"a/+", "a/b", true},
           {"a/+", "a/+", true},         {"a/b", "a/+", false},
           {"a/#", "a/+", true},         {"a/#", "a/b/#", true},
           {"a/#", "a/#", true},         {"a/#", "a", true},
           {"a/+", "a/#", false},        {"a/+/#", "a/#", false},
           {"a/+/#", "a/b/#", true},     {"#", "#", true},
           {"#", "+/b", true},           {"+", "#", false},
           {"a/b/#", "a/+/c", false},    {"a/+/c", "a/+/+", false},
           {"a/+/+", "a/+/c", true},     {"a/#", "#", false},
           {"a", "a/#", false},          {"+/+", "+/b", true},
           {"#", "$SYS/#", false},       {"+/x", "$SYS/x", false},
           {"$SYS/#", "$SYS/x/#", true},
       }) {
    EXPECT_EQ(FilterCovers(c.filter, c.topic), c.expected) << c.filter << " over " << c.topic;
  }
}

// Random filters and topics over a tiny alphabet: what covers must match whatever the narrow one matches.
TEST(FilterCovers, AgreesWithFilterMatches) {
  const std::vector<std::string> levels = {"a", "b", "", "+", "$x"};
  std::vector<std::string> filters = {"#"};
  std::vector<std::string> topics;
  for (const std::string& one : levels) {
    filters.push_back(one);
    filters.push_back(one + "/#");
    if (one != "+") topics.push_back(one);
    for (const std::string& two : levels) {
      filters.push_back(one + "/" + two);
      filters.push_back(one + "/" + two + "/#");
      if (one != "+" && two != "+") topics.push_back(one + "/" + two);
      for (const std::string& three : levels) {
        if (one != "+" && two != "+" && three != "+") topics.push_back(one + "/" + two + "/" + three);
      }
    }
  }
  std::erase(topics, "");
  std::erase(filters, "");
  for (const std::string& wide : filters) {
    for (const std::string& narrow : filters) {
      if (!FilterCovers(wide, narrow)) continue;
      for (const std::string& topic : topics) {
        if (FilterMatches(narrow, topic)) {
          ASSERT_TRUE(FilterMatches(wide, topic)) << wide << " covers " << narrow << " but not " << topic;
        }
      }
    }
  }
}

TEST(WithoutShare, GivesTheFilterThatIsShared) {
  for (const auto& [filter, inner] : std::vector<std::pair<std::string, std::string>>{
           {"a/b", "a/b"},
           {"#", "#"},
           {"$share/g/a/b", "a/b"},
           {"$share/g/#", "#"},
           {"$share/g/$share/h/a", "$share/h/a"},
           {"$share/g//a", "/a"},
           {"$shared/g/a", "$shared/g/a"},
           {"$SYS/#", "$SYS/#"},
       }) {
    const Result<std::string_view> result = WithoutShare(filter);
    ASSERT_TRUE(result) << filter;
    EXPECT_EQ(*result, inner);
  }
}

TEST(WithoutShare, RefusesAMalformedShare) {
  for (const char* filter : {"$share/", "$share/g", "$share/g/", "$share//a", "$share/+/a", "$share/g#/a"}) {
    const Result<std::string_view> result = WithoutShare(filter);
    ASSERT_FALSE(result) << filter;
    EXPECT_EQ(result.error().code, Code::INVALID_ARGUMENT);
  }
}

TEST(ForEachLevel, VisitsEmptyLevelsAndStopsOnRequest) {
  std::vector<std::string> seen;
  ForEachLevel("a//b/", [&seen](std::string_view level) {
    seen.emplace_back(level);
    return true;
  });
  EXPECT_EQ(seen, (std::vector<std::string>{"a", "", "b", ""}));
  seen.clear();
  ForEachLevel("a/b/c", [&seen](std::string_view level) {
    seen.emplace_back(level);
    return level != "b";
  });
  EXPECT_EQ(seen, (std::vector<std::string>{"a", "b"}));
}

}  // namespace
}  // namespace parley
