#include "bridge/presence/presence_methods.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "bridge/presence/limits.h"
#include "bridge/presence/memberships.h"
#include "bridge/service/visible_room.h"
#include "parley/v1/request.pb.h"

namespace parley::bridge {
namespace {

Error Invalid(std::string reason) {
  return {Code::INVALID_ARGUMENT, std::move(reason)};
}

// May the caller, who reads `rooms`, see this user?
Result<bool> IsSeen(const store::StoreView& view, const std::vector<RoomOfPerson>& rooms,
                    std::string_view user) {
  const Result<std::optional<domain::UserRecord>> record = view.User(user);
  if (!record) return record.error();
  if (!*record) return false;
  return IsReaderOfAny(view, rooms, Uid{(*record)->uid()});
}

Status AddUsers(const v1::PresenceGetRequest& request, const store::StoreView& view, const Caller& caller,
                const PresenceService& presence, v1::PresenceGetReply& reply) {
  if (request.users_size() > limits::kPresenceUsersMax) {
    return Invalid("users: at most " + std::to_string(limits::kPresenceUsersMax));
  }
  const Result<std::optional<MembershipsOf>> own = ReadMemberships(view, caller.user.str());
  if (!own) return own.error();
  if (!*own) return Error{Code::PERMISSION_DENIED, "no user " + caller.user.str()};
  for (const std::string& user : request.users()) {
    if (Result<UserId> name = ParseUserId(user); !name) return std::move(name).error().Within("users");
    const bool self = user == caller.user.str();
    const Result<bool> seen = self ? Result<bool>(true) : IsSeen(view, (*own)->rooms, user);
    if (!seen) return seen.error();
    if (!*seen) continue;
    Result<v1::Presence> one = presence.Get(user, self);
    if (!one) return std::move(one).error();
    *reply.add_presences() = *std::move(one);
  }
  return {};
}

Status AddRoom(const v1::PresenceGetRequest& request, const store::StoreView& view, const Caller& caller,
               const PresenceService& presence, v1::PresenceGetReply& reply) {
  const Result<VisibleRoom> room = OpenRoom(view, caller, request.room());
  if (!room) return room.error();
  const Result<bool> big = IsBig(view, room->rid());
  if (!big) return big.error();
  Result<v1::RoomPresence> described = presence.GetRoom(room->rid(), request.room(), *big);
  if (!described) return std::move(described).error();
  *reply.mutable_room_presence() = *std::move(described);
  return {};
}

Result<v1::PresenceGetReply> PresenceGet(const v1::PresenceGetRequest& request, const store::StoreView& view,
                                         const Caller& caller, const PresenceService& presence) {
  if (const Result<domain::UserRecord> asking = FindCaller(view, caller); !asking) return asking.error();
  v1::PresenceGetReply reply;
  if (request.users_size() == 0 && request.room().empty()) {
    Result<v1::Presence> own = presence.Get(caller.user.str(), true);
    if (!own) return std::move(own).error();
    *reply.add_presences() = *std::move(own);
    return reply;
  }
  if (Status added = AddUsers(request, view, caller, presence, reply); !added)
    return std::move(added).error();
  if (request.room().empty()) return reply;
  if (Status added = AddRoom(request, view, caller, presence, reply); !added) return std::move(added).error();
  return reply;
}

Result<v1::PresenceSetReply> PresenceSet(const v1::PresenceSetRequest& request, const store::StoreView& view,
                                         const Caller& caller, PresenceService& presence) {
  if (const Result<domain::UserRecord> asking = FindCaller(view, caller); !asking) return asking.error();
  if (!request.has_state() && !request.has_status_text()) {
    return Invalid("state or status_text: what is to change?");
  }
  std::optional<v1::Presence::State> state;
  if (request.has_state()) {
    if (request.state() == v1::Presence::OFFLINE) {
      return Invalid("state: ONLINE, AWAY, DND or INVISIBLE; who has no session is OFFLINE");
    }
    if (!v1::Presence::State_IsValid(request.state())) return Invalid("state: there is no such state");
    state = request.state();
  }
  std::optional<std::string> status_text;
  if (request.has_status_text()) {
    if (request.status_text().size() > limits::kStatusTextBytesMax) {
      return Invalid("status_text: at most " + std::to_string(limits::kStatusTextBytesMax) + " bytes");
    }
    status_text = request.status_text();
  }
  Result<v1::Presence> set = presence.Set(caller.user.str(), state, status_text);
  if (!set) return std::move(set).error();
  v1::PresenceSetReply reply;
  *reply.mutable_presence() = *std::move(set);
  return reply;
}

}  // namespace

void AddPresenceMethods(Registry& registry, PresenceService& presence) {
  registry.AddMethod("presence.get",
                     std::make_unique<TypedMethod<v1::PresenceGetRequest, v1::PresenceGetReply>>(
                         [&presence](const v1::PresenceGetRequest& request, const store::StoreView& view,
                                     const Caller& caller,
                                     Budget) { return PresenceGet(request, view, caller, presence); }));
  registry.AddMethod("presence.set",
                     std::make_unique<TypedMethod<v1::PresenceSetRequest, v1::PresenceSetReply>>(
                         [&presence](const v1::PresenceSetRequest& request, const store::StoreView& view,
                                     const Caller& caller,
                                     Budget) { return PresenceSet(request, view, caller, presence); }));
}

}  // namespace parley::bridge
