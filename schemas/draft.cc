#include "schemas/draft.h"

#include <nlohmann/json.hpp>

#include "schemas/hot_json.h"
#include "schemas/json.h"
#include "schemas/limits.h"

namespace parley {
namespace {

Error Invalid(std::string reason) {
  return {Code::INVALID_ARGUMENT, std::move(reason)};
}

// The string under one of two spellings in a JSON object that a strict parser has refused.
std::string LenientField(std::string_view payload, const char* camel, const char* snake) {
  const auto json =
      nlohmann::json::parse(payload.begin(), payload.end(), nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return {};
  for (const char* name : {camel, snake}) {
    const auto field = json.find(name);
    if (field != json.end() && field->is_string()) return field->get<std::string>();
  }
  return {};
}

Status CheckBody(const v1::Draft& draft) {
  switch (draft.body_case()) {
    case v1::Draft::kText:
      if (draft.text().text().empty()) return Invalid("text.text is empty");
      if (!IsUtf8(draft.text().text())) return Invalid("text.text is not UTF-8, or holds U+0000");
      if (!v1::Text::Format_IsValid(draft.text().format()))
        return Invalid("text.format is PLAIN or MARKDOWN");
      return {};
    case v1::Draft::kCustom: {
      const std::string& type = draft.custom().content_type();
      if (type.empty()) return Invalid("custom.contentType is empty");
      if (type.size() > limits::kContentTypeBytesMax || Printable(type) != type) {
        return Invalid("custom.contentType is at most 128 printable characters");
      }
      return {};
    }
    case v1::Draft::BODY_NOT_SET:
      return Invalid("the draft has no body: give text or custom");
    default:
      return Error{Code::UNIMPLEMENTED, "this version takes the bodies text and custom"};
  }
}

}  // namespace

Status DecodeDraft(Encoding encoding, std::string_view payload, v1::Draft& draft) {
  draft.Clear();
  switch (encoding) {
    case Encoding::kText:
      if (!IsUtf8(payload)) return Invalid("the payload is not UTF-8, or holds U+0000");
      draft.mutable_text()->set_text(payload.data(), payload.size());
      return {};
    case Encoding::kPb:
      if (!draft.ParseFromArray(payload.data(), static_cast<int>(payload.size()))) {
        return Invalid("the payload is not a Draft in protobuf");
      }
      draft.DiscardUnknownFields();
      return {};
    case Encoding::kJson:
      break;
  }
  if (ReadCommonDraft(payload, draft)) return {};
  return FromJson(payload, draft);
}

Status CheckDraft(std::optional<std::string_view> topic_id, v1::Draft& draft) {
  if (!draft.id().empty() && !ParseMessageId(draft.id())) {
    draft.clear_id();
    return Invalid("id: " + ParseMessageId("").error().reason);
  }
  if (topic_id) {
    const Result<MessageId> id = ParseMessageId(*topic_id);
    if (!id) return Invalid("id in the topic: " + id.error().reason);
    if (!draft.id().empty() && draft.id() != *topic_id) return Invalid("the ids in topic and payload differ");
    draft.set_id(id->str());
  }
  if (Status body = CheckBody(draft); !body) return body;
  if (draft.expires_in_s() != 0) return Error{Code::UNIMPLEMENTED, "this version does not have expiresInS"};
  if (draft.mentions_size() > limits::kMentionsMax) return Invalid("at most 100 mentions");
  for (const std::string& user : draft.mentions()) {
    if (!ParseUserId(user)) return Invalid("mentions: " + ParseUserId("").error().reason);
  }
  return {};
}

std::string BestKnownId(std::optional<std::string_view> topic_id, Encoding encoding,
                        std::string_view payload) {
  if (topic_id) return ParseMessageId(*topic_id) ? std::string(*topic_id) : std::string();
  if (encoding != Encoding::kJson) return {};
  std::string id = LenientField(payload, "id", "id");
  return ParseMessageId(id) ? id : std::string();
}

void CopyBody(const v1::Draft& draft, v1::Event& event) {
  switch (draft.body_case()) {
    case v1::Draft::kText:
      *event.mutable_text() = draft.text();
      break;
    case v1::Draft::kMedia:
      *event.mutable_media() = draft.media();
      break;
    case v1::Draft::kEdit:
      *event.mutable_edit() = draft.edit();
      break;
    case v1::Draft::kDelete:
      *event.mutable_delete_() = draft.delete_();
      break;
    case v1::Draft::kReaction:
      *event.mutable_reaction() = draft.reaction();
      break;
    case v1::Draft::kCustom:
      *event.mutable_custom() = draft.custom();
      break;
    case v1::Draft::kCall:
      *event.mutable_call() = draft.call();
      break;
    case v1::Draft::BODY_NOT_SET:
      break;
  }
  event.set_reply_to(draft.reply_to());
  event.set_thread(draft.thread());
  *event.mutable_mentions() = draft.mentions();
  event.set_expires_in_s(draft.expires_in_s());
}

std::string BestKnownRequestId(Encoding encoding, std::string_view payload) {
  std::string id;
  if (encoding == Encoding::kJson) {
    id = LenientField(payload, "requestId", "request_id");
  }
  return id.size() <= limits::kRequestIdBytesMax && Printable(id) == id ? id : std::string();
}

}  // namespace parley
