#include "broker-plugin/acl/access.h"

#include <algorithm>
#include <optional>
#include <string>

#include "core/domain/permissions.h"
#include "core/domain/state_machine.h"
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

Decision Allowed(bool allowed, Because because) {
  return {allowed ? Access::kAllow : Access::kDeny, because};
}

Decision ByRule(const domain::RuleHit& hit) {
  if (hit.rule == nullptr) return {Access::kNotOurs, Because::kNoRule};
  return {hit.allows() ? Access::kAllow : Access::kDeny, Because::kRule, hit};
}

// The user, unless disabled.
const domain::User* ActiveUser(const domain::Directory& view, std::string_view name) {
  const domain::User* user = view.FindUser(name);
  return user == nullptr || user->disabled ? nullptr : user;
}

// chat/v1/{rooms,users}/{name}/{aspect}/{pb,json,+}: the name, of a filter of this branch and aspect.
std::optional<std::string_view> NameIn(std::string_view filter, std::string_view branch,
                                       std::string_view aspect) {
  std::string_view levels[6];
  size_t count = 0;
  ForEachLevel(filter, [&](std::string_view level) {
    if (count < 6) levels[count] = level;
    return ++count <= 6;
  });
  if (count != 6 || levels[2] != branch || levels[4] != aspect || HasWildcard(levels[3])) return std::nullopt;
  if (levels[5] != "json" && levels[5] != "pb" && levels[5] != "+") return std::nullopt;
  return levels[3];
}

// What members of a room are told of it.
std::optional<std::string_view> RoomIn(std::string_view filter) {
  for (const std::string_view aspect : {"events", "receipts", "signals", "presence"}) {
    if (const auto room = NameIn(filter, "rooms", aspect)) return room;
  }
  return std::nullopt;
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

bool IsToldToMembers(const RoomTopic& room) {
  return room.aspect == RoomTopic::Aspect::kEvents || room.aspect == RoomTopic::Aspect::kReceipts ||
         room.aspect == RoomTopic::Aspect::kSignals || room.aspect == RoomTopic::Aspect::kPresence;
}

Decision MaySubscribeChat(const domain::Directory& view, const Identity& who, std::string_view filter) {
  if (IsUnder(filter, "users", who.user) || IsUnder(filter, "clients", who.client)) {
    return {Access::kAllow, Because::kOwn};
  }
  if (const std::optional<std::string_view> room = RoomIn(filter)) {
    return Allowed(ParseRoomId(*room) && domain::MayReceive(view, *room, who.user), Because::kMembership);
  }
  if (const std::optional<std::string_view> user = NameIn(filter, "users", "presence")) {
    return Allowed(domain::ShareRoom(view, who.user, *user), Because::kSharedRoom);
  }
  return {Access::kDeny, HasWildcard(filter) ? Because::kTooWide : Because::kForeign};
}

}  // namespace

bool IsPresenceTopic(std::string_view topic) {
  const Result<ChatTopic> parsed = ParseChatTopic(topic);
  if (!parsed) return false;
  if (const auto* room = std::get_if<RoomTopic>(&*parsed))
    return room->aspect == RoomTopic::Aspect::kPresence;
  const auto* user = std::get_if<UserTopic>(&*parsed);
  return user != nullptr && user->aspect == UserTopic::Aspect::kPresence;
}

bool IsAdmin(const domain::Directory& view, std::string_view user) {
  const domain::User* known = view.FindUser(user);
  return known != nullptr && domain::IsAdminRecord(known->record);
}

Decision MaySubscribe(const domain::Directory& view, const Identity& who, std::string_view filter) {
  const Result<std::string_view> plain = WithoutShare(filter);
  if (!plain || plain->empty()) return {Access::kDeny, Because::kMalformed};
  if (StartsWith(*plain, kInternalRoot)) {
    const bool own = filter == kBridgeRequestTopic || filter == kCommittedTopic || filter == kSessionsTopic ||
                     filter == kStatsTopic;
    return Allowed(who.bridge && own, who.bridge ? Because::kBridge : Because::kInternal);
  }
  if (who.bridge) return {Access::kDeny, Because::kBridge};
  const domain::User* user = ActiveUser(view, who.user);
  if (user == nullptr) return {Access::kDeny, Because::kUnknownUser};
  if (domain::IsAdminRecord(user->record)) return {Access::kAllow, Because::kAdminSubscribes};
  if (StartsWith(*plain, "$CONTROL") || StartsWith(*plain, "$SYS"))
    return {Access::kDeny, Because::kForAdmins};
  if (!CanReach(*plain, kRoot))
    return ByRule(domain::DecideFilter(view, *user, {who.user, who.client}, *plain));
  if (!StartsWith(*plain, kRoot)) return {Access::kDeny, Because::kTooWide};
  return MaySubscribeChat(view, who, *plain);
}

Decision MayReceive(const domain::Directory& view, const Identity& who, std::string_view topic) {
  if (StartsWith(topic, kInternalRoot)) {
    return Allowed(who.bridge, who.bridge ? Because::kBridge : Because::kInternal);
  }
  if (StartsWith(topic, "$SYS")) return Allowed(IsAdmin(view, who.user), Because::kForAdmins);
  if (StartsWith(topic, "$CONTROL")) {
    return {Access::kDeny, Because::kForNobody};  // responses go to the asking client directly
  }
  if (who.bridge) return {Access::kDeny, Because::kBridge};
  const domain::User* user = ActiveUser(view, who.user);
  if (user == nullptr) return {Access::kDeny, Because::kUnknownUser};
  if (!IsChat(topic)) {
    return ByRule(
        domain::DecideTopic(view, *user, {who.user, who.client}, domain::AclRule::SUBSCRIBE, topic));
  }
  const Result<ChatTopic> parsed = ParseChatTopic(topic);
  if (!parsed) return {Access::kDeny, Because::kMalformed};
  struct Visitor {
    const domain::Directory& view;
    const Identity& who;
    const domain::User& self;
    Decision operator()(const SendTopic&) { return {Access::kDeny, Because::kForNobody}; }
    Decision operator()(const RequestTopic&) { return {Access::kDeny, Because::kForNobody}; }
    Decision operator()(const RewindTopic&) { return {Access::kDeny, Because::kForNobody}; }
    Decision operator()(const RoomTopic& room) {
      if (!IsToldToMembers(room)) return {Access::kDeny, Because::kForNobody};
      return Allowed(domain::MayReceive(view, room.room, self), Because::kMembership);
    }
    Decision operator()(const UserTopic& user) {
      if (user.user == who.user) return {Access::kAllow, Because::kOwn};
      if (user.aspect != UserTopic::Aspect::kPresence) return {Access::kDeny, Because::kForeign};
      return Allowed(domain::ShareRoom(view, who.user, user.user), Because::kSharedRoom);
    }
    Decision operator()(const ClientTopic& client) {
      return !client.client.empty() && client.client == who.client
                 ? Decision{Access::kAllow, Because::kOwn}
                 : Decision{Access::kDeny, Because::kForeign};
    }
  };
  return std::visit(Visitor{view, who, *user}, *parsed);
}

Decision MayPublish(const domain::Directory& view, const Identity& who, std::string_view topic) {
  if (StartsWith(topic, kInternalRoot)) {
    if (who.bridge && topic == kBridgeReplyTopic) return {Access::kAllow, Because::kBridge};
    return {Access::kDeny, Because::kInternal};
  }
  if (StartsWith(topic, "$SYS")) return {Access::kDeny, Because::kServerOnly};
  if (StartsWith(topic, "$CONTROL")) {
    if (topic != kControlTopic) return {Access::kDeny, Because::kOtherControl};
    if (who.bridge) return {Access::kAllow, Because::kBridge};
    return Allowed(IsAdmin(view, who.user), Because::kForAdmins);
  }
  if (who.bridge) return Allowed(IsBridgeTopic(topic), Because::kBridge);
  const domain::User* user = ActiveUser(view, who.user);
  if (user == nullptr) return {Access::kDeny, Because::kUnknownUser};
  if (!IsChat(topic)) {
    return ByRule(domain::DecideTopic(view, *user, {who.user, who.client}, domain::AclRule::PUBLISH, topic));
  }
  const bool for_clients = IsForClients(topic);
  return Allowed(for_clients, for_clients ? Because::kGateDecides : Because::kServerOnly);
}

bool IsBridgeTopic(std::string_view topic) {
  const Result<ChatTopic> parsed = ParseChatTopic(topic);
  const auto* room = parsed ? std::get_if<RoomTopic>(&*parsed) : nullptr;
  return (room != nullptr && room->aspect == RoomTopic::Aspect::kReceipts) || IsPresenceTopic(topic);
}

Decision MayPublishWill(const domain::Directory& view, const Identity& who, std::string_view topic) {
  const Decision decision = MayPublish(view, who, topic);
  if (!IsChat(topic) && !StartsWith(topic, "$CONTROL")) return decision;
  return {Access::kDeny, Because::kForNobody};
}

Decision DecideUnknownUser(std::string_view topic_or_filter) {
  const Result<std::string_view> plain = WithoutShare(topic_or_filter);
  if (!plain || plain->empty()) return {Access::kDeny, Because::kMalformed};
  if (StartsWith(*plain, kInternalRoot)) return {Access::kDeny, Because::kInternal};
  if (StartsWith(*plain, "$CONTROL")) return {Access::kDeny, Because::kForAdmins};
  if (CanReach(*plain, kRoot)) return {Access::kDeny, Because::kUnknownUser};
  return {Access::kNotOurs, Because::kNoRule};
}

}  // namespace parley::plugin
