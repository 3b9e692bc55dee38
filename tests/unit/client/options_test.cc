#include <array>
#include <cstdlib>
#include <ctime>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/cli/admin_options.h"
#include "client/cli/arguments.h"
#include "client/cli/history_options.h"
#include "client/cli/send_options.h"
#include "client/cli/tail_options.h"
#include "client/cli/times.h"

namespace parley::client {
namespace {

using testing::ElementsAre;
using Words = std::vector<std::string>;

TEST(TakeCommand, GlobalOptionsMayStandAnywhere) {
  const std::array<std::string, 1> kValueOptions = {"--host"};
  const Arguments taken =
      TakeCommand({"--host", "send", "--json", "--port=1", "send", "lobby", "--json"}, kValueOptions);
  EXPECT_EQ(taken.command, "send");
  EXPECT_EQ(taken.before, 4u);
  EXPECT_THAT(taken.words, ElementsAre("--host", "send", "--json", "--port=1", "lobby", "--json"));
  EXPECT_EQ(TakeCommand({"--help"}, kValueOptions).command, "");
  EXPECT_EQ(TakeCommand({"--", "send"}, kValueOptions).command, "");
}

TEST(SendOptions, OneMessage) {
  const Result<SendOptions> options =
      ParseSendOptions({"lobby", "hello, world", "--id", "a1", "--qos", "2", "--mention", "bob", "--mention",
                        "carol", "--reply-to", "7", "--thread", "3", "--json", "--host", "h"});
  ASSERT_TRUE(options) << options.error().reason;
  EXPECT_EQ(options->room, "lobby");
  EXPECT_EQ(options->text, "hello, world");
  EXPECT_EQ(options->qos, 2);
  EXPECT_EQ(options->draft.id(), "a1");
  EXPECT_THAT(options->draft.mentions(), ElementsAre("bob", "carol"));
  EXPECT_EQ(options->draft.reply_to(), 7u);
  EXPECT_EQ(options->draft.thread(), 3u);
  EXPECT_TRUE(options->global.json);
  EXPECT_EQ(options->global.settings.host, "h");
}

TEST(SendOptions, TextMayBeAnything) {
  EXPECT_EQ(ParseSendOptions({"lobby", ""})->text, "");
  EXPECT_EQ(ParseSendOptions({"lobby", " a\tb "})->text, " a\tb ");
  EXPECT_EQ(ParseSendOptions({"lobby", "--", "--id"})->text, "--id");
  EXPECT_FALSE(ParseSendOptions({"lobby", "-"})->text);
  EXPECT_FALSE(ParseSendOptions({"lobby"})->text);
}

TEST(SendOptions, WhatMakesNoSenseIsRefusedInOneLine) {
  for (const Words& words :
       {Words{}, Words{"lobby", "one", "two"}, Words{"lobby", "--qos", "3"}, Words{"lobby", "--qos", "-1"},
        Words{"lobby", "--bogus"}, Words{"lobby", "--id", "a"}, Words{"lobby", "text", "--from-file", "f"},
        Words{"lobby", "--lines", "--whole"}, Words{"lobby", "--window", "0"},
        Words{"lobby", "--timeout", "0"}, Words{"lobby", "--reply-to", "x"}, Words{"lobby", "--port", "0"},
        Words{"lobby", "--qo", "1"}, Words{"lobby", "--id"}}) {
    const Result<SendOptions> options = ParseSendOptions(words);
    ASSERT_FALSE(options) << testing::PrintToString(words);
    EXPECT_EQ(options.error().reason.find('\n'), std::string::npos);
  }
}

TEST(TailOptions, WithAndWithoutRooms) {
  const Result<TailOptions> all = ParseTailOptions({"-n", "5", "--count", "2", "--timeout", "1.5"});
  ASSERT_TRUE(all);
  EXPECT_EQ(all->stream.rooms, StreamConfig::Rooms::kAll);
  EXPECT_EQ(all->stream.start, StreamConfig::Start::kLast);
  EXPECT_EQ(all->stream.last, 5u);
  EXPECT_EQ(all->count, 2u);
  EXPECT_EQ(all->timeout_ms, 1'500);
  const Result<TailOptions> two = ParseTailOptions({"lobby", "dm:alice:bob"});
  ASSERT_TRUE(two);
  EXPECT_EQ(two->stream.rooms, StreamConfig::Rooms::kListed);
  EXPECT_THAT(two->stream.listed, ElementsAre("lobby", "dm:alice:bob"));
  EXPECT_EQ(two->stream.start, StreamConfig::Start::kNow);
  EXPECT_FALSE(ParseTailOptions({"Not A Room"}));
}

TEST(HistoryOptions, OnePosition) {
  EXPECT_EQ(ParseHistoryOptions({"lobby", "--before", "9"})->request.before(), 9u);
  EXPECT_EQ(ParseHistoryOptions({"lobby", "--after", "0"})->request.after(), 0u);
  EXPECT_TRUE(ParseHistoryOptions({"lobby", "--after", "0"})->request.has_after());
  EXPECT_EQ(ParseHistoryOptions({"lobby", "--around", "9", "--limit", "3", "--fold"})->request.limit(), 3u);
  for (const Words& words : {Words{}, Words{"lobby", "--before", "1", "--after", "1"},
                             Words{"lobby", "--limit", "0"}, Words{"lobby", "--limit", "1001"},
                             Words{"lobby", "--at", "yesterday"}, Words{"lobby", "--all", "--before", "3"}}) {
    EXPECT_FALSE(ParseHistoryOptions(words)) << testing::PrintToString(words);
  }
}

TEST(ParseTime, KnowsDatesTimesAndMilliseconds) {
  EXPECT_EQ(*ParseTime("1790000000123"), 1'790'000'000'123u);
  EXPECT_EQ(*ParseTime("2026-11-25T08:30:15Z"), 1'795'595'415'000u);
  EXPECT_EQ(*ParseTime("2026-11-25 08:30Z"), 1'795'595'400'000u);
  EXPECT_EQ(*ParseTime("1970-01-01Z"), 0u);
  for (const char* bad : {"", "soon", "2026-13-01", "2026-11-25T", "2026-11-25 08:30:15 +1", "-5"}) {
    EXPECT_FALSE(ParseTime(bad)) << bad;
  }
}

TEST(ParseDuration, IsANumberAndItsUnit) {
  EXPECT_EQ(*ParseDuration("90s"), 90'000u);
  EXPECT_EQ(*ParseDuration("30m"), 1'800'000u);
  EXPECT_EQ(*ParseDuration("2h"), 7'200'000u);
  EXPECT_EQ(*ParseDuration("7d"), 604'800'000u);
  for (const char* bad :
       {"", "2", "h", "0h", "-1h", "2 h", "2w", "1.5h", "9999999d", "99999999999999999999s"}) {
    EXPECT_FALSE(ParseDuration(bad)) << bad;
  }
}

TEST(AdminOptions, APasswordBehindCreateUserIsThatUsers) {
  const Result<AdminOptions> options =
      ParseAdminOptions({"--password", "mine", "create-user", "bob", "--password", "his", "--role", "admin"});
  ASSERT_TRUE(options) << options.error().reason;
  EXPECT_EQ(options->subcommand, "create-user");
  EXPECT_THAT(options->arguments, ElementsAre("bob"));
  EXPECT_EQ(options->global.settings.password, "mine");
  EXPECT_EQ(options->new_password, "his");
  EXPECT_THAT(options->values.at("role"), ElementsAre("admin"));
  EXPECT_EQ(ParseAdminOptions({"set-password", "bob", "--password=x"})->new_password, "x");
  EXPECT_EQ(ParseAdminOptions({"list-users", "--password", "mine"})->global.settings.password, "mine");
}

}  // namespace
}  // namespace parley::client
