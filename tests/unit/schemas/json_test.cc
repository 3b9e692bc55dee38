#include "schemas/json.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "parley/v1/message.pb.h"
#include "parley/v1/request.pb.h"

namespace parley {
namespace {

using namespace std::string_literals;

TEST(ToJson, PrintsScalarsAlsoWhenZero) {
  v1::Ack ack;
  ack.set_id("01J9Z");
  EXPECT_EQ(ToJson(ack), R"({"id":"01J9Z","room":"","seq":"0","feed":"0","tsMs":"0","code":"OK","reason":"",)"
                         R"("duplicate":false,"durability":"NONE"})");
}

TEST(ToJson, Prints64BitNumbersAsStrings) {
  v1::Ack ack;
  ack.set_seq(UINT64_MAX);
  EXPECT_NE(ToJson(ack).find(R"("seq":"18446744073709551615")"), std::string::npos);
}

TEST(ToJson, NamesEnumsInUpperCase) {
  v1::Event event;
  auto* change = event.mutable_membership()->add_changes();
  change->set_user("carol");
  change->set_change(v1::MembershipChange::ADDED);
  change->set_role(v1::Member::MEMBER);
  change->set_by("alice");
  EXPECT_NE(
      ToJson(event).find(
          R"("membership":{"changes":[{"user":"carol","change":"ADDED","role":"MEMBER","by":"alice"}]})"),
      std::string::npos)
      << ToJson(event);
}

TEST(FromJson, TakesBothCases) {
  for (const char* json : {R"({"requestId":"r","eventsPerRoom":7,"cursor":"9"})",
                           R"({"request_id":"r","events_per_room":7,"cursor":"9"})"}) {
    v1::SyncRequest request;
    ASSERT_TRUE(FromJson(json, request)) << json;
    EXPECT_EQ(request.request_id(), "r");
    EXPECT_EQ(request.events_per_room(), 7u);
  }
}

TEST(FromJson, Takes64BitNumbersAsStringsAndAsNumbers) {
  for (const char* json : {R"({"before":"8"})", R"({"before":8})"}) {
    v1::HistoryPageRequest request;
    ASSERT_TRUE(FromJson(json, request)) << json;
    EXPECT_EQ(request.before(), 8u);
  }
  v1::HistoryPageRequest request;
  ASSERT_TRUE(FromJson(R"({"before":"18446744073709551615"})", request));
  EXPECT_EQ(request.before(), UINT64_MAX);
}

TEST(FromJson, TellsAnAbsentPositionFromZero) {
  v1::HistoryPageRequest request;
  ASSERT_TRUE(FromJson(R"({"room":"lobby"})", request));
  EXPECT_FALSE(request.has_before());
  ASSERT_TRUE(FromJson(R"({"room":"lobby","before":"0"})", request));
  EXPECT_TRUE(request.has_before());
}

TEST(FromJson, ReplacesWhatWasThere) {
  v1::SyncRequest request;
  request.set_cursor("5");
  ASSERT_TRUE(FromJson("{}", request));
  EXPECT_EQ(request.cursor(), "");
}

TEST(FromJson, RefusesWhatIsNoSuchMessage) {
  for (const std::string& json : {""s,
                                  " "s,
                                  "{"s,
                                  "}"s,
                                  "{not json"s,
                                  "null"s,
                                  "[]"s,
                                  "7"s,
                                  "\"x\""s,
                                  "{} {}"s,
                                  "{}x"s,
                                  R"({"before":"-5"})"s,
                                  R"({"before":-5})"s,
                                  R"({"before":"x"})"s,
                                  R"({"before":"99999999999999999999999"})"s,
                                  R"({"before":1.5})"s,
                                  R"({"limit":-1})"s,
                                  R"({"limit":4294967296})"s,
                                  R"({"limit":"many"})"s,
                                  R"({"room":7})"s,
                                  R"({"room":{}})"s,
                                  R"({"room":["a"]})"s,
                                  R"({"fold":"perhaps"})"s,
                                  R"({"fold":1})"s,
                                  R"({"unknown":1})"s,
                                  R"({"ROOM":"a"})"s,
                                  "{\"room\":\"\xff\"}"s,
                                  "{\"room\":\"\xed\xa0\x80\"}"s,
                                  "{\"room\":\"a\0b\"}"s,
                                  std::string(1, '\0')}) {
    v1::HistoryPageRequest request;
    const Status status = FromJson(json, request);
    EXPECT_FALSE(status) << json;
    if (!status) {
      EXPECT_EQ(status.error().code, Code::INVALID_ARGUMENT);
      EXPECT_EQ(Printable(status.error().reason, 1000), status.error().reason) << "safe to show";
    }
  }
}

TEST(FromJson, BoundsItsDepth) {
  std::string json;
  for (int i = 0; i < 100'000; ++i) json += R"({"text":)";
  v1::Draft draft;
  EXPECT_FALSE(FromJson(json, draft));
}

TEST(FromJson, ReadsWhatToJsonWrote) {
  v1::Event event;
  event.set_room("lobby");
  event.set_seq(7);
  event.set_ts_ms(1'790'000'000'123);
  event.set_sender("alice");
  event.mutable_text()->set_text("\xF0\x9F\x91\x8D \xD7\xA9 \" \\ \n \t </script> \xE2\x80\xA8");
  event.add_mentions("bob");
  v1::Event read;
  ASSERT_TRUE(FromJson(ToJson(event), read));
  EXPECT_EQ(read.SerializeAsString(), event.SerializeAsString());
}

TEST(IsUtf8, AcceptsWellFormedTextOnly) {
  for (const std::string& text :
       {""s, "a"s, "\x7f"s, "\xC2\x80"s, "\xDF\xBF"s, "\xE0\xA0\x80"s, "\xED\x9F\xBF"s, "\xEE\x80\x80"s,
        "\xEF\xBF\xBF"s, "\xF0\x90\x80\x80"s, "\xF4\x8F\xBF\xBF"s}) {
    EXPECT_TRUE(IsUtf8(text)) << testing::PrintToString(text);
  }
  for (const std::string& text :
       {"\0"s, "a\0"s, "\x80"s, "\xBF"s, "\xC0\x80"s, "\xC1\xBF"s, "\xC2"s, "\xC2\x41"s, "\xE0\x9F\xBF"s,
        "\xE0\xA0"s, "\xED\xA0\x80"s, "\xED\xBF\xBF"s, "\xF0\x8F\xBF\xBF"s, "\xF4\x90\x80\x80"s,
        "\xF5\x80\x80\x80"s, "\xFE"s, "\xFF"s, "\xF0\x90\x80"s, "ok\xE2\x82"s}) {
    EXPECT_FALSE(IsUtf8(text)) << testing::PrintToString(text);
  }
}

TEST(Printable, ReplacesWhatATerminalWouldObey) {
  EXPECT_EQ(Printable("plain \xC3\xA9"), "plain \xC3\xA9");
  EXPECT_EQ(Printable("\x1b[31mred"), "?[31mred");
  EXPECT_EQ(Printable("a\nb\tc\rd\x7f"), "a?b?c?d?");
  EXPECT_EQ(Printable("a\0b"s), "a?b");
  EXPECT_EQ(Printable("\xC2\x9B"
                      "31m"),
            "?31m");
  EXPECT_EQ(Printable("\xff\xfe"), "??");
  EXPECT_EQ(Printable(""), "");
}

TEST(Printable, CutsBetweenCharacters) {
  EXPECT_EQ(Printable("abc", 2), "ab");
  EXPECT_EQ(Printable("\xC3\xA9\xC3\xA9", 3), "\xC3\xA9");
  EXPECT_EQ(Printable(std::string(1000, 'x')).size(), 256u);
}

}  // namespace
}  // namespace parley
