#pragma once

#include <optional>
#include <string_view>

#include "bridge/service/query.h"
#include "core/domain/permissions.h"
#include "core/store/store_reader.h"
#include "parley/v1/request.pb.h"

namespace parley::bridge {

// One room as one user may see it. Which events those are is domain::VisibilityOf()'s answer alone.
struct VisibleRoom {
  domain::RoomRecord record;  // rid 0: a direct room before its first message
  std::optional<domain::MemberRecord> member;
  domain::Visibility visibility;
  Seq head;
  Uid uid;               // of the user
  uint64_t ordinal = 0;  // countable events up to the head
  LogIndex feed;         // of the head

  Rid rid() const { return Rid{record.rid()}; }
  // The first visible seq there is; 0 when there is none.
  Seq First() const;
};

// The caller's own record. PERMISSION_DENIED when there is no such user.
Result<domain::UserRecord> FindCaller(const store::StoreView& view, const Caller& caller);

// The room that a request names, for a caller who may query it. INVALID_ARGUMENT (the field is `room`),
// NOT_FOUND, PERMISSION_DENIED.
Result<VisibleRoom> OpenRoom(const store::StoreView& view, const Caller& caller, std::string_view room);

// A room of which `uid` has a membership record, `visibility.member` false for a former member.
// INTERNAL when the rows do not fit together.
Result<VisibleRoom> RoomOfMember(const store::StoreView& view, const domain::UserRecord& user,
                                 const store::RoomOfUser& room);

// What every listing says of a room: all but `events` and what depends on a sync's cursor. `last_event` only
// up to `last_event_bytes_max`.
Result<v1::RoomState> DescribeRoom(const store::StoreView& view, const VisibleRoom& room,
                                   size_t last_event_bytes_max);

// A stored event as a message. INTERNAL when the row is damaged.
Result<v1::Event> ParseEvent(const store::StoredEvent& stored);

// The event at a seq that must be there. INTERNAL when it is not.
Result<v1::Event> RequireEvent(const store::StoreView& view, Rid rid, Seq seq);

}  // namespace parley::bridge
