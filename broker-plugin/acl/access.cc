#include "broker-plugin/acl/access.h"

#include <algorithm>
#include <string>

#include "core/domain/permissions.h"
#include "schemas/topic.h"

namespace parley::plugin {
namespace {

bool StartsWith(std::string_view text, std::string_view prefix) {
  return text.substr(0, prefix.size()) == prefix;
}

bool HasWildcard(std::string_view text) {
  return text.find_first_of("+#") != std::string_view::npos;
}

// True when `filter` can match `prefix` ("chat/v1/") without its last slash, or some topic below.
bool CanReach(std::string_view filter, std::string_view prefix) {
  while (true) {
    const size_t slash = prefix.find('/');
    if (slash == std::string_view::npos) return true;  // every level of the prefix is matched
    const size_t filter_slash = filter.find('/');
    const std::string_view level = filter.substr(0, filter_slash);
    if (level == "#") return true;
    if (level != "+" && level != prefix.substr(0, slash)) return false;
    if (filter_slash == std::string_view::npos) return slash + 1 == prefix.size();  // chat/v1 itself
    filter.remove_prefix(filter_slash + 1);
    prefix.remove_prefix(slash + 1);
  }
}

// A filter of one's own space: chat/v1/{branch}/{name}/… with nothing but that name on its level.
bool IsUnder(std::string_view filter, std::string_view branch, std::string_view name) {
  const std::string root = std::string(kRoot).append(branch).append("/").append(name).append("/");
  return !name.empty() && StartsWith(filter, root);
}

Access Allowed(bool allowed) {
  return allowed ? Access::kAllow : Access::kDeny;
}

// chat/v1/rooms/{room}/events/{pb,json,+}
bool IsRoomEventsFilter(std::string_view filter, std::string_view& room) {
  std::string_view levels[6];
  size_t count = 0;
  ForEachLevel(filter, [&](std::string_view level) {
    if (count < 6) levels[count] = level;
    return ++count <= 6;
  });
  if (count != 6 || levels[2] != "rooms" || levels[4] != "events") return false;
  if (levels[5] != "json" && levels[5] != "pb" && levels[5] != "+") return false;
  room = levels[3];
  return !HasWildcard(room);
}

// False for what only the server publishes: events, receipts, presence, and all of users/ and clients/.
bool IsForClients(std::string_view topic) {
  const Result<ChatTopic> parsed = ParseChatTopic(topic);
  if (!parsed) return true;  // received by nobody
  if (const auto* room = std::get_if<RoomTopic>(&*parsed)) {
    return room->aspect == RoomTopic::Aspect::kCursor || room->aspect == RoomTopic::Aspect::kSignals;
  }
  return std::holds_alternative<SendTopic>(*parsed) || std::holds_alternative<RequestTopic>(*parsed);
}

Access MaySubscribeChat(const domain::Directory& view, const Identity& who, std::string_view filter) {
  if (IsUnder(filter, "users", who.user) || IsUnder(filter, "clients", who.client)) return Access::kAllow;
  std::string_view room;
  if (IsRoomEventsFilter(filter, room)) {
    return Allowed(ParseRoomId(room) && domain::MayReceive(view, room, who.user));
  }
  return Access::kDeny;
}

}  // namespace

bool IsAdmin(const domain::Directory& view, std::string_view user) {
  const domain::User* known = view.FindUser(user);
  if (known == nullptr || known->record.disabled()) return false;
  const auto& roles = known->record.roles();
  return std::find(roles.begin(), roles.end(), "admin") != roles.end();
}

Access MaySubscribe(const domain::Directory& view, const Identity& who, std::string_view filter) {
  const Result<std::string_view> plain = WithoutShare(filter);
  if (!plain) return Access::kDeny;
  if (StartsWith(*plain, kInternalRoot)) {
    return Allowed(who.bridge && *plain == filter &&
                   (filter == kBridgeRequestTopic || filter == kCommittedTopic));
  }
  if (who.bridge) return Access::kDeny;
  if (IsAdmin(view, who.user)) {  // what an admin receives is decided topic by topic
    if (CanReach(*plain, kRoot) || StartsWith(*plain, "$CONTROL") || StartsWith(*plain, "$SYS"))
      return Access::kAllow;
    return Access::kNotOurs;
  }
  if (StartsWith(*plain, "$CONTROL") || StartsWith(*plain, "$SYS")) return Access::kDeny;
  if (!CanReach(*plain, kRoot)) return Access::kNotOurs;
  if (!StartsWith(*plain, kRoot)) return Access::kDeny;
  return MaySubscribeChat(view, who, *plain);
}

Access MayReceive(const domain::Directory& view, const Identity& who, std::string_view topic) {
  if (StartsWith(topic, kInternalRoot)) return Allowed(who.bridge);
  if (StartsWith(topic, "$SYS")) return Allowed(IsAdmin(view, who.user));
  if (StartsWith(topic, "$CONTROL")) return Access::kDeny;  // responses go to the asking client directly
  if (!IsChat(topic)) return who.bridge ? Access::kDeny : Access::kNotOurs;
  const Result<ChatTopic> parsed = ParseChatTopic(topic);
  if (!parsed) return Access::kDeny;
  struct Visitor {
    const domain::Directory& view;
    const Identity& who;
    bool operator()(const SendTopic&) { return false; }
    bool operator()(const RequestTopic&) { return false; }
    bool operator()(const RewindTopic&) { return false; }
    bool operator()(const RoomTopic& room) {
      return room.aspect == RoomTopic::Aspect::kEvents && domain::MayReceive(view, room.room, who.user);
    }
    bool operator()(const UserTopic& user) {
      const domain::User* known = view.FindUser(who.user);
      return user.user == who.user && known != nullptr && !known->record.disabled();
    }
    bool operator()(const ClientTopic& client) { return client.client == who.client; }
  };
  return Allowed(std::visit(Visitor{view, who}, *parsed));
}

Access MayPublish(const domain::Directory& view, const Identity& who, std::string_view topic) {
  if (StartsWith(topic, kInternalRoot)) return Allowed(who.bridge && topic == kBridgeReplyTopic);
  if (StartsWith(topic, "$SYS")) return Access::kDeny;
  if (StartsWith(topic, "$CONTROL")) return Allowed(topic == kControlTopic && IsAdmin(view, who.user));
  if (IsChat(topic)) return Allowed(!who.bridge && IsForClients(topic));
  return who.bridge ? Access::kDeny : Access::kNotOurs;
}

}  // namespace parley::plugin
