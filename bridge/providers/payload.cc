#include "bridge/providers/payload.h"

#include <utility>

#include <nlohmann/json.hpp>

#include "bridge/providers/notification_form.h"

namespace parley::bridge {
namespace {

using Kind = PushNotification::Kind;

nlohmann::json JsonOf(const PushNotification& notification) {
  nlohmann::json json = FieldsOf(notification);
  if (notification.kind == Kind::kMessage) {
    json["roomTitle"] = notification.room_title;
    json["senderName"] = notification.sender_name;
    json["mention"] = notification.mention;
    json["urgent"] = notification.urgent;
    json["badge"] = notification.badge;
    json["unread"] = notification.unread;
  }
  if (notification.kind == Kind::kTest) {
    for (const char* name : {"room", "roomKind", "seq", "sender", "mention", "urgent", "badge", "unread"}) {
      json.erase(name);
    }
  }
  if (notification.kind != Kind::kWithdraw) json["text"] = notification.text;
  for (const char* name : {"room", "roomTitle", "sender", "senderName", "text"}) {
    if (const auto found = json.find(name);
        found != json.end() && found->get_ref<const std::string&>().empty())
      json.erase(found);
  }
  return json;
}

}  // namespace

Result<std::string> PayloadOf(const PushNotification& notification, size_t bytes_max) {
  Result<nlohmann::json> json = FitText(notification, bytes_max, &JsonOf);
  if (json) return Dump(*json);
  PushNotification nameless = notification;
  nameless.text.clear();
  nameless.room_title.clear();
  nameless.sender_name.clear();
  json = FitText(std::move(nameless), bytes_max, &JsonOf);
  if (!json) return std::move(json).error();
  return Dump(*json);
}

}  // namespace parley::bridge
