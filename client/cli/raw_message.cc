#include "client/cli/raw_message.h"

#include <memory>
#include <variant>

#include "client/cli/render.h"
#include "client/cli/render_json.h"
#include "parley/v1/request.pb.h"
#include "schemas/base64.h"
#include "schemas/json.h"
#include "schemas/topic.h"

namespace parley::client {
namespace {

using Json = nlohmann::ordered_json;

constexpr size_t kHexBytesShown = 32;

enum class ChatKind { kOther, kEvent, kAck, kReply };

ChatKind KindOf(std::string_view topic) {
  const Result<ChatTopic> parsed = ParseChatTopic(topic);
  if (!parsed) return ChatKind::kOther;
  if (const auto* room = std::get_if<RoomTopic>(&*parsed)) {
    return room->aspect == RoomTopic::Aspect::kEvents ? ChatKind::kEvent : ChatKind::kOther;
  }
  if (const auto* user = std::get_if<UserTopic>(&*parsed)) {
    return user->aspect == UserTopic::Aspect::kEvents ? ChatKind::kEvent : ChatKind::kOther;
  }
  if (const auto* client = std::get_if<ClientTopic>(&*parsed)) {
    if (client->aspect == ClientTopic::Aspect::kAcks) return ChatKind::kAck;
    if (client->aspect == ClientTopic::Aspect::kReplies) return ChatKind::kReply;
  }
  return ChatKind::kOther;
}

bool IsPb(std::string_view topic) {
  return topic.size() > 3 && topic.substr(topic.size() - 3) == "/pb";
}

// False when the payload is no such message.
bool Decode(const MqttMessage& message, google::protobuf::Message& decoded) {
  if (IsPb(message.topic)) return decoded.ParseFromString(message.payload);
  return static_cast<bool>(FromJson(message.payload, decoded));
}

// Line breaks stay out: one message is one line, unless an event's text has some.
std::string ShownPayload(const std::string& payload) {
  if (IsUtf8(payload)) return Printable(payload, payload.size());
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string text = "[" + std::to_string(payload.size()) + " bytes]";
  for (size_t i = 0; i < payload.size() && i < kHexBytesShown; ++i) {
    const auto byte = static_cast<unsigned char>(payload[i]);
    text += {' ', kHex[byte >> 4U], kHex[byte & 15U]};
  }
  return payload.size() > kHexBytesShown ? text + " …" : text;
}

// A reply as JSON: in pb its method is not known here, so only what all replies have.
std::string ReplyText(const MqttMessage& message) {
  if (!IsPb(message.topic)) return ShownPayload(message.payload);
  v1::Reply head;
  if (!head.ParseFromString(message.payload)) return ShownPayload(message.payload);
  return ToJsonLine(head) + " [" + std::to_string(message.payload.size()) + " bytes]";
}

std::string Content(const MqttMessage& message) {
  const ChatKind kind = KindOf(message.topic);
  v1::Event event;
  if (kind == ChatKind::kEvent && Decode(message, event)) return RenderEvent(event);
  v1::Ack ack;
  if (kind == ChatKind::kAck && Decode(message, ack)) {
    return RenderAck(ack) + (ack.id().empty() ? "" : " (id " + Printable(ack.id()) + ")");
  }
  return kind == ChatKind::kReply ? ReplyText(message) : ShownPayload(message.payload);
}

// The decoded message as JSON, or nothing.
Json Decoded(const MqttMessage& message) {
  v1::Event event;
  v1::Ack ack;
  v1::Reply head;
  std::string text;
  switch (KindOf(message.topic)) {
    case ChatKind::kEvent:
      if (Decode(message, event)) text = ToJson(event);
      break;
    case ChatKind::kAck:
      if (Decode(message, ack)) text = ToJson(ack);
      break;
    case ChatKind::kReply:
      if (!IsPb(message.topic)) text = message.payload;
      if (IsPb(message.topic) && Decode(message, head)) text = ToJson(head);
      break;
    case ChatKind::kOther:
      break;
  }
  const Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  return json.is_object() ? json : Json();
}

}  // namespace

std::string RenderMessage(const MqttMessage& message) {
  return Printable(message.topic, message.topic.size()) + (message.retained ? " (retained)" : "") + " " +
         Content(message);
}

std::string MessageJson(const MqttMessage& message) {
  Json json = {{"topic", message.topic}, {"qos", message.qos}, {"retained", message.retained}};
  if (IsUtf8(message.payload)) {
    json["payload"] = message.payload;
  } else {
    json["payloadBase64"] = ToBase64(message.payload);
  }
  if (Json decoded = Decoded(message); !decoded.is_null()) json["message"] = std::move(decoded);
  return DumpJson(json);
}

std::string AnswerFilter(std::string_view topic, std::string_view client_id) {
  if (topic == kControlTopic) return std::string(kControlResponseTopic);
  if (!IsChat(topic)) return "";
  const Result<ChatTopic> parsed = ParseChatTopic(topic);
  if (!parsed) return AcksTopic(client_id, Encoding::kJson);
  if (const auto* send = std::get_if<SendTopic>(&*parsed)) {
    return AcksTopic(client_id, AnswerEncoding(send->encoding));
  }
  if (const auto* request = std::get_if<RequestTopic>(&*parsed)) {
    return RepliesTopic(client_id, request->encoding);
  }
  return "";  // cursors and signals are answered only when they are refused
}

Code AnswerCode(const MqttMessage& answer) {
  v1::Ack ack;
  v1::Reply head;
  if (KindOf(answer.topic) == ChatKind::kAck) return Decode(answer, ack) ? ack.code() : Code::INTERNAL;
  if (KindOf(answer.topic) == ChatKind::kReply && IsPb(answer.topic)) {
    return Decode(answer, head) ? head.code() : Code::INTERNAL;
  }
  const Json json = Json::parse(answer.payload, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return Code::INTERNAL;
  if (!json.contains("responses")) return CodeNamed(FieldText(json, "code"));
  for (const Json& response : json["responses"]) {
    if (response.is_object() && response.contains("error")) return CodeNamed(FieldText(response, "code"));
  }
  return Code::OK;
}

}  // namespace parley::client
