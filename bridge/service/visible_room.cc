#include "bridge/service/visible_room.h"

#include <algorithm>
#include <string>

#include "core/store/unread.h"

namespace parley::bridge {
namespace {

Error Damaged(const std::string& what) {
  return {Code::INTERNAL, "the store is damaged: " + what};
}

Error NotAMember(const Caller& caller, std::string_view room) {
  return {Code::PERMISSION_DENIED, caller.user.str() + " is not a member of " + std::string(room)};
}

void See(VisibleRoom& room, std::string_view name, std::string_view user) {
  std::optional<domain::Role> role;
  if (room.member) role = room.member->role();
  room.visibility =
      domain::VisibilityOf(name, user, role, room.member ? room.member->visible_from() : 0, room.head);
}

Status FindEnd(const store::StoreView& view, VisibleRoom& room) {
  const Result<store::RoomEnd> end = view.End(room.rid());
  if (!end) return end.error();
  room.head = end->head;
  room.ordinal = end->ordinal;
  room.feed = end->feed;
  return {};
}

// A direct room exists for its two users as soon as both exist.
Status CheckDirectRoom(const store::StoreView& view, const Caller& caller, std::string_view room) {
  if (!domain::IsDirectMember(room, caller.user.str())) return NotAMember(caller, room);
  const DirectPair pair = DirectUsers(room);
  for (const std::string_view name : {pair.a, pair.b}) {
    const Result<std::optional<domain::UserRecord>> user = view.User(name);
    if (!user) return user.error();
    if (!*user) return Error{Code::NOT_FOUND, "no user " + std::string(name)};
  }
  return {};
}

}  // namespace

Seq VisibleRoom::First() const {
  const Seq first{std::max<uint64_t>(visibility.visible_from, 1)};
  return visibility.member && first <= head ? first : Seq{};
}

Result<domain::UserRecord> FindCaller(const store::StoreView& view, const Caller& caller) {
  Result<std::optional<domain::UserRecord>> user = view.User(caller.user.str());
  if (!user) return std::move(user).error();
  if (!*user) return Error{Code::PERMISSION_DENIED, "there is no user " + caller.user.str()};
  if ((*user)->disabled()) return Error{Code::PERMISSION_DENIED, caller.user.str() + " is disabled"};
  return **std::move(user);
}

Result<VisibleRoom> OpenRoom(const store::StoreView& view, const Caller& caller, std::string_view name) {
  if (name.empty()) return Error{Code::INVALID_ARGUMENT, "room is missing"};
  if (Result<RoomId> parsed = ParseRoomId(name); !parsed) return std::move(parsed).error().Within("room");
  const Result<domain::UserRecord> user = FindCaller(view, caller);
  if (!user) return user.error();
  const bool direct = IsDirect(name);
  if (direct) {
    if (Status may = CheckDirectRoom(view, caller, name); !may) return std::move(may).error();
  }
  Result<std::optional<domain::RoomRecord>> record = view.Room(name);
  if (!record) return std::move(record).error();

  VisibleRoom room;
  room.uid = Uid{user->uid()};
  if (*record) {
    room.record = **std::move(record);
    Result<std::optional<domain::MemberRecord>> member = view.Member(room.rid(), room.uid);
    if (!member) return std::move(member).error();
    room.member = *std::move(member);
    if (Status ended = FindEnd(view, room); !ended) return std::move(ended).error();
  } else if (direct) {
    room.record.set_room(std::string(name));
    room.record.set_kind(v1::Room::DIRECT);
  } else {
    return Error{Code::NOT_FOUND, "no room " + std::string(name)};
  }
  See(room, name, caller.user.str());
  if (!room.visibility.member) return NotAMember(caller, name);
  return room;
}

Result<VisibleRoom> RoomOfMember(const store::StoreView& view, const domain::UserRecord& user,
                                 const store::RoomOfUser& of) {
  VisibleRoom room;
  room.uid = Uid{user.uid()};
  Result<std::optional<domain::RoomRecord>> record = view.Room(of.room);
  if (!record) return std::move(record).error();
  if (!*record || (*record)->rid() != of.rid.value) return Damaged("a membership of no room");
  room.record = **std::move(record);
  Result<std::optional<domain::MemberRecord>> member = view.Member(of.rid, room.uid);
  if (!member) return std::move(member).error();
  if (!*member) return Damaged("a membership without its record");
  room.member = *std::move(member);
  if (Status ended = FindEnd(view, room); !ended) return std::move(ended).error();
  See(room, of.room, user.username());
  return room;
}

Result<v1::RoomState> DescribeRoom(const store::StoreView& view, const VisibleRoom& room,
                                   size_t last_event_bytes_max) {
  v1::RoomState state;
  state.set_room(room.record.room());
  state.set_kind(room.record.kind());
  state.set_title(room.record.title());
  state.set_role(room.member ? room.member->role() : v1::Member::MEMBER);
  state.set_head(room.head.value);
  state.set_first(room.First().value);
  if (room.member) {
    const Result<store::Unread> unread =
        store::UnreadOf(view, room.rid(), room.uid, *room.member, {room.head, room.ordinal, room.feed});
    if (!unread) return unread.error();
    state.set_read(room.member->read());
    state.set_unread(unread->unread);
    state.set_mentions(unread->mentions);
  }
  if (room.First().value == 0) return state;
  Result<v1::Event> last = RequireEvent(view, room.rid(), room.head);
  if (!last) return std::move(last).error();
  if (last->ByteSizeLong() <= last_event_bytes_max) *state.mutable_last_event() = *std::move(last);
  return state;
}

Result<v1::Event> ParseEvent(const store::StoredEvent& stored) {
  v1::Event event;
  if (!event.ParseFromString(stored.bytes) || event.seq() != stored.seq.value) {
    return Damaged("event " + std::to_string(stored.seq.value));
  }
  return event;
}

Result<v1::Event> RequireEvent(const store::StoreView& view, Rid rid, Seq seq) {
  const Result<std::optional<store::StoredEvent>> stored = view.EventAt(rid, seq);
  if (!stored) return stored.error();
  if (!*stored) return Damaged("no event " + std::to_string(seq.value));
  return ParseEvent(**stored);
}

}  // namespace parley::bridge
