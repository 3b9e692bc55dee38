#include "schemas/hot_json.h"

#include <random>
#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "schemas/json.h"
#include "tests/support/seed.h"

namespace parley {
namespace {

using nlohmann::json;
using namespace std::string_literals;

class Chance {
 public:
  explicit Chance(uint64_t seed) : engine_(seed) {}
  uint64_t Below(uint64_t limit) { return engine_() % limit; }
  uint64_t Number() { return Below(3) == 0 ? 0 : engine_() >> Below(64); }
  // Text in which everything that JSON treats specially turns up.
  std::string Text() {
    static const std::string kPieces[] = {
        "a",    "hello ", "\"",     "\\",   "/",    "\n",         "\t", "\x01",   "\x1F",         "\x7F",
        "<b>&", "'",      "\u00e9", "שלום", "สวัสดี", "\U0001F44D", "你", "\u2028", "\xEF\xBF\xBF", "}"};
    std::string text;
    for (uint64_t i = Below(8); i > 0; --i) text += kPieces[Below(std::size(kPieces))];
    return text;
  }

 private:
  std::mt19937_64 engine_;
};

v1::Event RandomEvent(Chance& chance) {
  v1::Event event;
  event.set_room(chance.Text());
  event.set_seq(chance.Number());
  event.set_feed(chance.Number());
  event.set_ts_ms(chance.Number());
  event.set_sender(chance.Text());
  event.set_client(chance.Text());
  event.set_id(chance.Text());
  event.set_topic(chance.Text());
  if (chance.Below(8) == 0) {
    event.mutable_custom()->set_content_type(chance.Text());
    event.mutable_custom()->set_data(chance.Text());
  } else {
    event.mutable_text()->set_text(chance.Text());
    event.mutable_text()->set_format(chance.Below(2) == 0 ? v1::Text::PLAIN : v1::Text::MARKDOWN);
  }
  event.set_reply_to(chance.Number());
  event.set_thread(chance.Number());
  for (uint64_t i = chance.Below(3); i > 0; --i) event.add_mentions(chance.Text());
  event.set_expires_in_s(static_cast<uint32_t>(chance.Number()));
  return event;
}

TEST(HotJson, AnEventIsPrintedAsProtobufDoes) {
  const uint64_t seed = parley::testing::Seed();
  SCOPED_TRACE(parley::testing::SeedNote(seed));
  Chance chance(seed);
  for (int i = 0; i < 5000; ++i) {
    const v1::Event event = RandomEvent(chance);
    const std::string printed = EventToJson(event);
    ASSERT_EQ(json::parse(printed), json::parse(ToJson(event))) << printed;
  }
}

TEST(HotJson, AnAckIsPrintedAsProtobufDoes) {
  const uint64_t seed = parley::testing::Seed();
  SCOPED_TRACE(parley::testing::SeedNote(seed));
  Chance chance(seed);
  for (int i = 0; i < 5000; ++i) {
    v1::Ack ack;
    ack.set_id(chance.Text());
    ack.set_room(chance.Text());
    ack.set_seq(chance.Number());
    ack.set_feed(chance.Number());
    ack.set_ts_ms(chance.Number());
    ack.set_code(chance.Below(2) == 0 ? v1::OK : v1::PERMISSION_DENIED);
    ack.set_reason(chance.Text());
    ack.set_duplicate(chance.Below(2) == 0);
    ack.set_durability(chance.Below(2) == 0 ? v1::Ack::NONE : v1::Ack::FSYNCED);
    const std::string printed = AckToJson(ack);
    ASSERT_EQ(json::parse(printed), json::parse(ToJson(ack))) << printed;
  }
}

// Whatever the fast reader takes, protobuf takes, and reads as the same.
void ExpectAsProtobuf(const std::string& text) {
  v1::Draft fast;
  if (!ReadCommonDraft(text, fast)) return;
  v1::Draft slow;
  ASSERT_TRUE(FromJson(text, slow)) << text;
  ASSERT_EQ(fast.SerializeAsString(), slow.SerializeAsString()) << text;
}

TEST(HotJson, TheCommonDraftIsTaken) {
  for (const char* text :
       {R"({"id":"i","text":{"text":"hello"}})",
        R"( { "text" : { "format":"MARKDOWN", "text":"\u05e9\n\ud83d\udc4d" } } )",
        R"({"id":"i","text":{"text":"x"},"mentions":["bob","carol"]})", R"({"text":{}})"}) {
    v1::Draft draft;
    EXPECT_TRUE(ReadCommonDraft(text, draft)) << text;
    ExpectAsProtobuf(text);
  }
}

TEST(HotJson, WhatIsRareOrWrongIsLeftToProtobuf) {
  for (const std::string& text : {R"({"id":"i","custom":{"contentType":"a/b","data":"AA=="}})"s,
                                  R"({"id":"i","id":"j"})"s,
                                  R"({"id":null})"s,
                                  R"({"id":7})"s,
                                  R"({"text":"hello"})"s,
                                  R"({"text":{"text":{"text":"x"}}})"s,
                                  R"({"mentions":"bob"})"s,
                                  R"({"mentions":[["bob"]]})"s,
                                  R"({"id":["i"]})"s,
                                  R"({"reply_to":"4"})"s,
                                  R"({"text":{"text":"x","format":"plain"}})"s,
                                  R"({"text":{"text":"\ud83d"}})"s,
                                  R"({"text":{"text":"\udc4d"}})"s,
                                  "{\"id\":\"\xC3\"}"s,
                                  R"({"id":"i"} x)"s,
                                  "{\"id\":\"i\"}\0x"s,
                                  R"({"id":"i",})"s,
                                  R"({'id':'i'})"s,
                                  "[]"s,
                                  ""s,
                                  "{"s,
                                  R"({"unknown":1})"s}) {
    v1::Draft draft;
    EXPECT_FALSE(ReadCommonDraft(text, draft)) << text;
  }
}

TEST(HotJson, DamagedDraftsAreNeverReadAsSomethingElse) {
  const uint64_t seed = parley::testing::Seed();
  SCOPED_TRACE(parley::testing::SeedNote(seed));
  Chance chance(seed);
  for (int i = 0; i < 20'000; ++i) {
    v1::Draft draft;
    draft.set_id(chance.Text());
    draft.mutable_text()->set_text(chance.Text());
    if (chance.Below(2) == 0) draft.add_mentions(chance.Text());
    std::string text = ToJson(draft);
    if (chance.Below(2) == 0)
      text = json{{"id", draft.id()}, {"text", {{"text", draft.text().text()}}}}.dump();
    for (uint64_t k = chance.Below(3); k > 0 && !text.empty(); --k) {
      const size_t at = chance.Below(text.size());
      switch (chance.Below(3)) {
        case 0:
          text.erase(at, 1);
          break;
        case 1:
          text[at] = static_cast<char>(chance.Below(256));
          break;
        default:
          text.insert(at, chance.Text());
      }
    }
    ExpectAsProtobuf(text);
  }
}

}  // namespace
}  // namespace parley
