#include "broker-plugin/acl/receive_check.h"

#include <functional>
#include <variant>

#include "core/domain/permissions.h"
#include "schemas/topic.h"

namespace parley::plugin {

Decision ReceiveCheck::operator()(const Identity& who, std::string_view topic) {
  Known& known = known_[std::hash<std::string_view>()(topic) % kKnown];
  if (!known.Is(topic, view_.version())) {
    const Decision decision = MayReceive(view_, who, topic);
    if (decision.because == Because::kMembership) Learn(known, topic);
    return decision;
  }
  if (who.bridge) return {Access::kDeny, Because::kBridge};
  const domain::User* user = view_.FindUser(who.user);
  if (user == nullptr || user->disabled) return {Access::kDeny, Because::kUnknownUser};
  const bool reads = known.room != nullptr ? domain::MayReceive(view_, *known.room, *user)
                                           : domain::MayReceive(view_, known.direct, *user);
  return {reads ? Access::kAllow : Access::kDeny, Because::kMembership};
}

void ReceiveCheck::Learn(Known& known, std::string_view topic) const {
  const Result<ChatTopic> parsed = ParseChatTopic(topic);
  const auto* named = parsed ? std::get_if<RoomTopic>(&*parsed) : nullptr;
  if (named == nullptr) return;
  const bool direct = IsDirect(named->room);
  const domain::Room* room = direct ? nullptr : view_.FindRoom(named->room);
  if (!direct && room == nullptr) return;
  known = {room, direct ? std::string(named->room) : "", view_.version(), std::string(topic)};
}

}  // namespace parley::plugin
