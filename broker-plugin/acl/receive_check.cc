#include "broker-plugin/acl/receive_check.h"

#include <functional>
#include <variant>

#include "core/domain/permissions.h"
#include "schemas/topic.h"

namespace parley::plugin {

Decision ReceiveCheck::operator()(const Identity& who, std::string_view topic) {
  Known& known = known_[std::hash<std::string_view>()(topic) % kKnown];
  if (known.room == nullptr || known.version != view_.version() || known.topic != topic) {
    const Decision decision = MayReceive(view_, who, topic);
    if (decision.because != Because::kMembership) return decision;
    const Result<ChatTopic> parsed = ParseChatTopic(topic);
    const domain::Room* room = parsed ? view_.FindRoom(std::get<RoomTopic>(*parsed).room) : nullptr;
    if (room != nullptr && !IsDirect(room->record.room()))
      known = {room, view_.version(), std::string(topic)};
    return decision;
  }
  if (who.bridge) return {Access::kDeny, Because::kBridge};
  const domain::User* user = view_.FindUser(who.user);
  if (user == nullptr || user->disabled) return {Access::kDeny, Because::kUnknownUser};
  const bool reads = domain::MayReceive(view_, *known.room, *user);
  return {reads ? Access::kAllow : Access::kDeny, Because::kMembership};
}

}  // namespace parley::plugin
