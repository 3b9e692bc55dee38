#include "bridge/rooms/rooms_get.h"

#include <vector>

#include "bridge/service/limits.h"
#include "bridge/service/visible_room.h"

namespace parley::bridge {
namespace {

Result<uint32_t> CountMembers(const store::StoreView& view, const VisibleRoom& room) {
  if (room.rid().value == 0) return uint32_t{2};  // a direct room before its first message
  uint32_t count = 0;
  Uid done;
  while (true) {
    const Result<std::vector<store::MemberOfRoom>> members =
        view.MembersOf(room.rid(), done, limits::kMembershipsPerRead);
    if (!members) return members.error();
    for (const store::MemberOfRoom& member : *members) {
      if (domain::IsReader(member.record.role())) ++count;
      done = member.uid;
    }
    if (members->size() < limits::kMembershipsPerRead) return count;
  }
}

}  // namespace

Result<v1::RoomsGetReply> RoomsGet(const v1::RoomsGetRequest& request, const store::StoreView& view,
                                   const Caller& caller, Budget) {
  const Result<VisibleRoom> room = OpenRoom(view, caller, request.room());
  if (!room) return room.error();
  const Result<uint32_t> members = CountMembers(view, *room);
  if (!members) return members.error();
  v1::RoomsGetReply reply;
  reply.set_room(room->record.room());
  reply.set_kind(room->record.kind());
  reply.set_title(room->record.title());
  reply.set_history(room->record.history());
  reply.set_role(room->member ? room->member->role() : v1::Member::MEMBER);
  reply.set_head(room->head.value);
  reply.set_first(room->First().value);
  reply.set_members(*members);
  reply.set_retention_days(room->record.retention_days());
  reply.set_max_message_bytes(room->record.max_message_bytes());
  reply.set_created_ms(room->record.created_ms());
  return reply;
}

}  // namespace parley::bridge
