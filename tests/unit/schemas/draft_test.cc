#include "schemas/draft.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "schemas/limits.h"

namespace parley {
namespace {

using namespace std::string_literals;

v1::Draft TextDraft(const std::string& text) {
  v1::Draft draft;
  draft.mutable_text()->set_text(text);
  return draft;
}

Result<v1::Draft> Decode(Encoding encoding, std::string_view payload) {
  v1::Draft draft;
  if (Status decoded = DecodeDraft(encoding, payload, draft); !decoded) return decoded.error();
  return draft;
}

TEST(DecodeDraft, ReadsTheThreeEncodingsAlike) {
  v1::Draft expected = TextDraft("hello");
  expected.set_id("01J9Z");
  const Result<v1::Draft> json = Decode(Encoding::kJson, R"({"id":"01J9Z","text":{"text":"hello"}})");
  const Result<v1::Draft> pb = Decode(Encoding::kPb, expected.SerializeAsString());
  const Result<v1::Draft> text = Decode(Encoding::kText, "hello");
  ASSERT_TRUE(json);
  ASSERT_TRUE(pb);
  ASSERT_TRUE(text);
  EXPECT_EQ(json->SerializeAsString(), expected.SerializeAsString());
  EXPECT_EQ(pb->SerializeAsString(), expected.SerializeAsString());
  EXPECT_EQ(text->SerializeAsString(), TextDraft("hello").SerializeAsString());
}

TEST(DecodeDraft, DropsUnknownProtobufFields) {
  std::string payload = TextDraft("x").SerializeAsString();
  payload += "\xfa\x7f\x01z"s;  // field 2047, one byte
  const Result<v1::Draft> draft = Decode(Encoding::kPb, payload);
  ASSERT_TRUE(draft);
  EXPECT_EQ(draft->SerializeAsString(), TextDraft("x").SerializeAsString());
}

TEST(DecodeDraft, RefusesWhatCannotBeRead) {
  const std::vector<std::pair<Encoding, std::string>> bad = {
      {Encoding::kJson, ""},
      {Encoding::kJson, "{not json"},
      {Encoding::kJson, "[]"},
      {Encoding::kJson, R"({"sender":"bob","text":{"text":"x"}})"},
      {Encoding::kJson, R"({"text":"x"})"},
      {Encoding::kJson, R"({"text":{"text":"a"},"custom":{"contentType":"b"}})"},
      {Encoding::kJson, R"({"text":{"text":"a","format":"HTML"}})"},
      {Encoding::kJson, "{\"text\":{\"text\":\"\xff\"}}"},
      {Encoding::kPb, "\xff"},
      {Encoding::kPb,
       "\x0a\x05"
       "ab"},
      {Encoding::kPb, "\x12\x03\x0a\x01\xff"},  // text.text is not UTF-8
      {Encoding::kText, "\xff"},
      {Encoding::kText, "a\0b"s},
  };
  for (const auto& [encoding, payload] : bad) {
    const Result<v1::Draft> draft = Decode(encoding, payload);
    // Protobuf leaves UTF-8 to the check of the draft when it is not built to refuse it.
    if (draft && encoding == Encoding::kPb) {
      v1::Draft copy = *draft;
      EXPECT_FALSE(CheckDraft(std::nullopt, copy)) << testing::PrintToString(payload);
      continue;
    }
    ASSERT_FALSE(draft) << testing::PrintToString(payload);
    EXPECT_EQ(draft.error().code, Code::INVALID_ARGUMENT);
  }
}

TEST(CheckDraft, TakesTheIdOfTheTopic) {
  v1::Draft draft = TextDraft("x");
  ASSERT_TRUE(CheckDraft("t-1", draft));
  EXPECT_EQ(draft.id(), "t-1");
  draft.set_id("t-1");
  EXPECT_TRUE(CheckDraft("t-1", draft));
}

TEST(CheckDraft, TakesADraftWithoutAnyId) {
  v1::Draft draft = TextDraft("x");
  EXPECT_TRUE(CheckDraft(std::nullopt, draft));
  EXPECT_EQ(draft.id(), "");
}

TEST(CheckDraft, RefusesIdsThatDifferAndKeepsTheOneOfThePayload) {
  v1::Draft draft = TextDraft("x");
  draft.set_id("a");
  const Status status = CheckDraft("b", draft);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, Code::INVALID_ARGUMENT);
  EXPECT_EQ(draft.id(), "a");
}

TEST(CheckDraft, RefusesMalformedIds) {
  v1::Draft draft = TextDraft("x");
  draft.set_id("not an id");
  EXPECT_FALSE(CheckDraft(std::nullopt, draft));
  EXPECT_EQ(draft.id(), "");
  draft = TextDraft("x");
  EXPECT_FALSE(CheckDraft("", draft));
  EXPECT_FALSE(CheckDraft(std::string(65, 'a'), draft));
}

struct CheckCase {
  std::string json;
  Code expected;
};

TEST(CheckDraft, JudgesWhatCanBeSaidWithoutState) {
  const std::string long_type(limits::kContentTypeBytesMax + 1, 'a');
  std::string mentions;
  for (int i = 0; i <= limits::kMentionsMax; ++i) mentions += (i ? ",\"u" : "\"u") + std::to_string(i) + "\"";
  for (const CheckCase& c : std::vector<CheckCase>{
           {R"({"text":{"text":"x"}})", Code::OK},
           {R"({"text":{"text":"x","format":"MARKDOWN"},"mentions":["bob"],"replyTo":"7","thread":"3"})",
            Code::OK},
           {R"({"custom":{"contentType":"application/json","data":"e30="}})", Code::OK},
           {R"({"custom":{"contentType":"a"}})", Code::OK},
           {R"({})", Code::INVALID_ARGUMENT},
           {R"({"text":{}})", Code::INVALID_ARGUMENT},
           {R"({"text":{"text":""}})", Code::INVALID_ARGUMENT},
           {R"({"text":{"text":"a\u0000b"}})", Code::INVALID_ARGUMENT},
           {R"({"text":{"text":"x","format":7}})", Code::INVALID_ARGUMENT},
           {R"({"custom":{"data":"e30="}})", Code::INVALID_ARGUMENT},
           {R"({"custom":{"contentType":"a\u001bb"}})", Code::INVALID_ARGUMENT},
           {R"({"custom":{"contentType":")" + long_type + R"("}})", Code::INVALID_ARGUMENT},
           {R"({"text":{"text":"x"},"mentions":["Not A Name"]})", Code::INVALID_ARGUMENT},
           {R"({"text":{"text":"x"},"mentions":[""]})", Code::INVALID_ARGUMENT},
           {R"({"text":{"text":"x"},"mentions":[)" + mentions + "]}", Code::INVALID_ARGUMENT},
           {R"({"text":{"text":"x"},"expiresInS":5})", Code::UNIMPLEMENTED},
           {R"({"edit":{"targetSeq":"7","text":"x"}})", Code::UNIMPLEMENTED},
           {R"({"delete":{"targetSeq":"7"}})", Code::UNIMPLEMENTED},
           {R"({"reaction":{"targetSeq":"7","emoji":"x"}})", Code::UNIMPLEMENTED},
           {R"({"media":{"mediaId":"m"}})", Code::UNIMPLEMENTED},
           {R"({"call":{"callId":"c"}})", Code::UNIMPLEMENTED},
       }) {
    Result<v1::Draft> draft = Decode(Encoding::kJson, c.json);
    if (!draft) {
      EXPECT_EQ(draft.error().code, c.expected) << c.json;
      continue;
    }
    const Status status = CheckDraft("id-1", *draft);
    EXPECT_EQ(status ? Code::OK : status.error().code, c.expected) << c.json;
    EXPECT_EQ(draft->id(), "id-1") << "the Ack of a refusal needs it";
  }
}

TEST(BestKnownId, PrefersTheTopicAndLooksIntoJsonLeniently) {
  EXPECT_EQ(BestKnownId("t-1", Encoding::kJson, "{not json"), "t-1");
  EXPECT_EQ(BestKnownId("not ok", Encoding::kJson, R"({"id":"p-1"})"), "");
  EXPECT_EQ(BestKnownId(std::nullopt, Encoding::kJson, R"({"id":"p-1","unknown":1})"), "p-1");
  EXPECT_EQ(BestKnownId(std::nullopt, Encoding::kJson, R"({"id":"not ok"})"), "");
  EXPECT_EQ(BestKnownId(std::nullopt, Encoding::kJson, R"({"id":7})"), "");
  EXPECT_EQ(BestKnownId(std::nullopt, Encoding::kJson, R"(["id"])"), "");
  EXPECT_EQ(BestKnownId(std::nullopt, Encoding::kJson, ""), "");
  EXPECT_EQ(BestKnownId(std::nullopt, Encoding::kJson, "\xff"), "");
  EXPECT_EQ(BestKnownId(std::nullopt, Encoding::kText, "hello"), "");
  EXPECT_EQ(BestKnownId(std::nullopt, Encoding::kPb, "\xff"), "");
}

TEST(BestKnownRequestId, LooksIntoJsonLeniently) {
  EXPECT_EQ(BestKnownRequestId(Encoding::kJson, R"({"requestId":"r1","room":7})"), "r1");
  EXPECT_EQ(BestKnownRequestId(Encoding::kJson, R"({"request_id":"r1","unknown":7})"), "r1");
  EXPECT_EQ(BestKnownRequestId(Encoding::kJson, R"({"requestId":7})"), "");
  EXPECT_EQ(BestKnownRequestId(Encoding::kJson, "{not json"), "");
  EXPECT_EQ(BestKnownRequestId(Encoding::kJson, R"({"requestId":")" + std::string(65, 'x') + R"("})"), "");
}

TEST(CopyBody, CopiesEverythingButTheId) {
  const std::vector<std::string> bodies = {R"("text":{"text":"x","format":"MARKDOWN"})",
                                           R"("custom":{"contentType":"a","data":"AAE="})",
                                           R"("edit":{"targetSeq":"7","text":"y"})",
                                           R"("delete":{"targetSeq":"7"})",
                                           R"("reaction":{"targetSeq":"7","emoji":"z"})",
                                           R"("media":{"mediaId":"m","size":"9"})",
                                           R"("call":{"callId":"c"})"};
  for (const std::string& body : bodies) {
    const Result<v1::Draft> draft = Decode(
        Encoding::kJson, "{\"id\":\"secret\"," + body +
                             R"(,"replyTo":"3","thread":"2","mentions":["bob","carol"],"expiresInS":60})");
    ASSERT_TRUE(draft) << body;
    v1::Event event;
    CopyBody(*draft, event);
    EXPECT_EQ(event.id(), "");
    EXPECT_EQ(event.reply_to(), 3u);
    EXPECT_EQ(event.thread(), 2u);
    EXPECT_EQ(event.mentions_size(), 2);
    EXPECT_EQ(event.expires_in_s(), 60u);
    const auto* draft_body = v1::Draft::descriptor()->FindOneofByName("body");
    const auto* field = v1::Draft::GetReflection()->GetOneofFieldDescriptor(*draft, draft_body);
    const auto* event_body = v1::Event::descriptor()->FindOneofByName("body");
    const auto* copied = v1::Event::GetReflection()->GetOneofFieldDescriptor(event, event_body);
    ASSERT_NE(copied, nullptr) << body;
    EXPECT_EQ(copied->name(), field->name());
    EXPECT_EQ(v1::Event::GetReflection()->GetMessage(event, copied).SerializeAsString(),
              v1::Draft::GetReflection()->GetMessage(*draft, field).SerializeAsString());
  }
}

}  // namespace
}  // namespace parley
