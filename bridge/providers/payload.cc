#include "bridge/providers/payload.h"

#include <algorithm>

#include <nlohmann/json.hpp>

namespace parley::bridge {
namespace {

using Json = nlohmann::ordered_json;

const char* TypeOf(PushNotification::Kind kind) {
  switch (kind) {
    case PushNotification::Kind::kMessage:
      return "message";
    case PushNotification::Kind::kWithdraw:
      return "withdraw";
    case PushNotification::Kind::kTest:
      return "test";
  }
  return "";
}

// Malformed UTF-8 cannot be said in JSON, and is replaced.
std::string Dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

void AddText(Json& json, const char* name, const std::string& value) {
  if (!value.empty()) json[name] = value;
}

Json JsonOf(const PushNotification& notification) {
  using Kind = PushNotification::Kind;
  Json json = {{"type", TypeOf(notification.kind)}, {"id", notification.id}};
  json["user"] = notification.user;
  json["device"] = notification.device;
  if (notification.kind != Kind::kTest) {
    AddText(json, "room", notification.room);
    json["seq"] = std::to_string(notification.seq);
  }
  if (notification.kind == Kind::kWithdraw) return json;
  json["tsMs"] = std::to_string(notification.ts_ms);
  if (notification.kind == Kind::kMessage) {
    AddText(json, "roomTitle", notification.room_title);
    json["roomKind"] = v1::Room::Kind_Name(notification.room_kind);
    AddText(json, "sender", notification.sender);
    AddText(json, "senderName", notification.sender_name);
    json["mention"] = notification.mention;
    json["urgent"] = notification.urgent;
    json["badge"] = notification.badge;
    json["unread"] = notification.unread;
  }
  AddText(json, "text", notification.text);
  return json;
}

bool IsInside(char byte) {
  return (static_cast<unsigned char>(byte) & 0xC0U) == 0x80U;
}

// The longest beginning of `text`, ending between two characters, whose JSON has at least `less` bytes less.
std::string ShortenedBy(const std::string& text, size_t less) {
  size_t end = text.size();
  while (end > 0 && less > 0) {
    const size_t before = end;
    do {
      --end;
    } while (end > 0 && IsInside(text[end]));
    const size_t saved = Dump(text.substr(end, before - end)).size() - 2;  // without the quotes
    less -= std::min(less, saved);
  }
  return text.substr(0, end);
}

}  // namespace

Result<std::string> PayloadOf(const PushNotification& notification, size_t bytes_max) {
  Json json = JsonOf(notification);
  std::string payload = Dump(json);
  if (payload.size() > bytes_max && json.contains("text")) {
    const std::string text = ShortenedBy(notification.text, payload.size() - bytes_max);
    json.erase("text");
    AddText(json, "text", text);
    payload = Dump(json);
  }
  for (const char* name : {"roomTitle", "senderName"}) {
    if (payload.size() <= bytes_max) break;
    json.erase(name);
    payload = Dump(json);
  }
  if (payload.size() > bytes_max) {
    return Error{Code::INVALID_ARGUMENT, "the notification does not fit into " + std::to_string(bytes_max) +
                                             " bytes, even without its text"};
  }
  return payload;
}

}  // namespace parley::bridge
