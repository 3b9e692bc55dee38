#include "bridge/presence/memberships.h"

#include <algorithm>
#include <utility>

#include "bridge/presence/limits.h"
#include "bridge/service/limits.h"
#include "core/domain/permissions.h"

namespace parley::bridge {
namespace {

// Calls `visit` with every room of which there is a membership record, by rid, until it returns false.
template <typename Visitor>
Status ForEachRoomOf(const store::StoreView& view, Uid uid, Visitor visit) {
  Rid done;
  while (true) {
    const Result<std::vector<store::RoomOfUser>> rooms = view.RoomsOf(uid, done, limits::kMembershipsPerRead);
    if (!rooms) return rooms.error();
    for (const store::RoomOfUser& room : *rooms) {
      done = room.rid;
      if (room.deleted_at.value != 0) continue;
      const Result<bool> more = visit(room);
      if (!more) return more.error();
      if (!*more) return {};
    }
    if (rooms->size() < limits::kMembershipsPerRead) return {};
  }
}

}  // namespace

Result<bool> IsReaderOf(const store::StoreView& view, Rid rid, Uid uid) {
  const Result<std::optional<domain::MemberRecord>> member = view.Member(rid, uid);
  if (!member) return member.error();
  return *member && domain::IsReader((*member)->role());
}

Result<std::optional<MembershipsOf>> ReadMemberships(const store::StoreView& view, std::string_view user) {
  const Result<std::optional<domain::UserRecord>> record = view.User(user);
  if (!record) return record.error();
  if (!*record) return std::optional<MembershipsOf>();
  MembershipsOf memberships;
  memberships.uid = (*record)->uid();
  const Uid uid{memberships.uid};
  Status read = ForEachRoomOf(view, uid, [&](const store::RoomOfUser& room) -> Result<bool> {
    const Result<bool> reader = IsReaderOf(view, room.rid, uid);
    if (!reader) return reader.error();
    if (*reader) memberships.rooms.push_back({room.rid, room.room});
    return true;
  });
  if (!read) return std::move(read).error();
  return std::optional<MembershipsOf>(std::move(memberships));
}

Result<bool> IsBig(const store::StoreView& view, Rid rid) {
  size_t readers = 0;
  Uid done;
  for (int page = 0; page < limits::kPresenceMemberPagesMax; ++page) {
    const Result<std::vector<store::MemberOfRoom>> members =
        view.MembersOf(rid, done, limits::kMembershipsPerRead);
    if (!members) return members.error();
    for (const store::MemberOfRoom& member : *members) {
      if (domain::IsReader(member.record.role())) ++readers;
      done = member.uid;
    }
    if (readers > limits::kPresenceMembersMax) return true;
    if (members->size() < limits::kMembershipsPerRead) return false;
  }
  return true;
}

Result<bool> IsReaderOfAny(const store::StoreView& view, const std::vector<RoomOfPerson>& rooms, Uid other) {
  bool shares = false;
  Status read = ForEachRoomOf(view, other, [&](const store::RoomOfUser& room) -> Result<bool> {
    const auto place = std::lower_bound(rooms.begin(), rooms.end(), room.rid,
                                        [](const RoomOfPerson& own, Rid rid) { return own.rid < rid; });
    if (place == rooms.end() || place->rid != room.rid) return true;
    const Result<bool> reader = IsReaderOf(view, room.rid, other);
    if (!reader) return reader.error();
    shares = *reader;
    return !shares;
  });
  if (!read) return std::move(read).error();
  return shares;
}

}  // namespace parley::bridge
