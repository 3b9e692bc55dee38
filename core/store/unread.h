#pragma once

#include <cstdint>

#include "core/store/store_reader.h"

namespace parley::store {

struct Unread {
  uint64_t unread = 0;    // messages by others after `read` that the member may see
  uint64_t mentions = 0;  // of those that mention this member, counted up to limits::kMentionsCountedMax
};

// What a member has not read: a subtraction of ordinals (docs/formats/store.md), whatever the size of the
// room. `member`: the row of (rid, uid); who is no reader of the room has nothing unread. Three reads;
// INTERNAL as of StoreView.
Result<Unread> UnreadOf(const StoreView& view, Rid rid, Uid uid, const domain::MemberRecord& member);
// The same for a caller who knows where the room ends.
Result<Unread> UnreadOf(const StoreView& view, Rid rid, Uid uid, const domain::MemberRecord& member,
                        const RoomEnd& end);

}  // namespace parley::store
