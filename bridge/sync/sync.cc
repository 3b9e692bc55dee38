#include "bridge/sync/sync.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "bridge/service/limits.h"
#include "bridge/service/visible_room.h"
#include "bridge/sync/cursor.h"
#include "bridge/sync/room_delta.h"
#include "schemas/limits.h"

namespace parley::bridge {
namespace {

constexpr size_t kReplyFrameBytes = 256;
constexpr size_t kRoomFrameBytes = 8;

// Frame of an inbox item in the reply; items that one read of the store returns.
constexpr size_t kItemFrameBytes = 4;
constexpr size_t kItemsPerRead = 64;
// Who knows nothing is given the end of the inbox: rooms and cursors have their state above it.
constexpr uint64_t kNewestItems = parley::limits::kPageDefault;

// One page of a sync, filled room by room in order of rid, then with the inbox.
class SyncPage {
 public:
  SyncPage(const store::StoreView& view, const domain::UserRecord& user, const SyncCursor& cursor,
           const v1::SyncRequest& request, Budget budget)
      : view_(view),
        user_(user),
        since_(cursor.since),
        target_(cursor.progress ? cursor.progress->target : view.applied()),
        done_(cursor.progress ? cursor.progress->last : Rid{}),
        inbox_(cursor.progress ? cursor.progress->inbox : std::nullopt),
        rooms_max_(static_cast<int>(parley::limits::PageLimit(request.limit()))),
        room_limits_{.events_max = parley::limits::PageLimit(request.events_per_room()),
                     .bytes_max = budget.bytes_max - std::min(budget.bytes_max, kReplyFrameBytes)} {}

  Status Fill() {
    if (!inbox_) {
      if (Status filled = FillRooms(); !filled || more_) return filled;
    }
    return FillInbox();
  }

  v1::SyncReply Reply() && {
    reply_.set_more(more_);
    SyncCursor next{target_, std::nullopt};
    if (more_) next = {since_, SyncCursor::Progress{target_, done_, inbox_}};
    reply_.set_cursor(FormatCursor(next));
    return std::move(reply_);
  }

 private:
  Status FillRooms() {
    while (true) {
      const Result<std::vector<store::RoomOfUser>> rooms =
          view_.RoomsOf(Uid{user_.uid()}, done_, limits::kMembershipsPerRead);
      if (!rooms) return rooms.error();
      for (const store::RoomOfUser& room : *rooms) {
        const Result<bool> added = Add(room);
        if (!added) return added.error();
        if (!*added) return {};
        done_ = room.rid;
      }
      if (rooms->size() < limits::kMembershipsPerRead) return {};
    }
  }

  // Items that the client has: up to its cursor, or all but the newest ones for a client without.
  Result<uint64_t> InboxBehind() const {
    const LogIndex known = since_.value == 0 ? target_ : since_;
    Result<uint64_t> behind = view_.InboxUpTo(Uid{user_.uid()}, known);
    if (!behind || since_.value != 0) return behind;
    return *behind - std::min(*behind, kNewestItems);
  }

  // The items after the cursor, up to where this sync ends.
  Status FillInbox() {
    if (!inbox_) {
      const Result<uint64_t> behind = InboxBehind();
      if (!behind) return behind.error();
      inbox_ = *behind;
    }
    while (true) {
      const Result<std::vector<store::StoredInboxItem>> items =
          view_.Inbox(Uid{user_.uid()}, *inbox_, kItemsPerRead);
      if (!items) return items.error();
      for (const store::StoredInboxItem& stored : *items) {
        v1::InboxItem item;
        if (!item.ParseFromString(stored.bytes)) {
          return Error{Code::INTERNAL, "the store is damaged: inbox item " + std::to_string(stored.useq)};
        }
        if (item.feed() > target_.value) return {};
        bytes_ += stored.bytes.size() + kItemFrameBytes;
        const bool first = reply_.rooms_size() == 0 && reply_.inbox_size() == 0;
        more_ = !first && bytes_ > room_limits_.bytes_max;
        if (more_) return {};
        *reply_.add_inbox() = std::move(item);
        inbox_ = stored.useq;
      }
      if (items->size() < kItemsPerRead) return {};
    }
  }

  Result<std::optional<v1::RoomState>> DeltaOf(const store::RoomOfUser& of) const {
    if (of.deleted_at.value != 0) return DeletedRoomDelta(of, since_);
    const Result<VisibleRoom> room = RoomOfMember(view_, user_, of);
    if (!room) return room.error();
    return RoomDelta(view_, *room, since_, room_limits_);
  }

  // False, and `more_`, when the room has news that belong on the next page.
  Result<bool> Add(const store::RoomOfUser& of) {
    Result<std::optional<v1::RoomState>> delta = DeltaOf(of);
    if (!delta) return std::move(delta).error();
    if (!*delta) return true;
    const size_t size = (*delta)->ByteSizeLong() + kRoomFrameBytes;
    const bool full = reply_.rooms_size() >= rooms_max_ ||
                      (reply_.rooms_size() > 0 && bytes_ + size > room_limits_.bytes_max);
    if (full) {
      more_ = true;
      return false;
    }
    bytes_ += size;
    *reply_.add_rooms() = **std::move(delta);
    return true;
  }

  const store::StoreView& view_;
  const domain::UserRecord& user_;
  const LogIndex since_;
  const LogIndex target_;
  Rid done_;
  std::optional<uint64_t> inbox_;  // set once the rooms are done
  const int rooms_max_;
  const DeltaLimits room_limits_;
  size_t bytes_ = 0;
  bool more_ = false;
  v1::SyncReply reply_;
};

}  // namespace

Result<v1::SyncReply> Sync(const v1::SyncRequest& request, const store::StoreView& view, const Caller& caller,
                           Budget budget) {
  const Result<domain::UserRecord> user = FindCaller(view, caller);
  if (!user) return user.error();
  const std::optional<SyncCursor> cursor = ParseCursor(request.cursor(), view.applied());
  SyncPage page(view, *user, cursor.value_or(SyncCursor{}), request, budget);
  if (Status filled = page.Fill(); !filled) return std::move(filled).error();
  v1::SyncReply reply = std::move(page).Reply();
  reply.set_reset(!cursor);
  return reply;
}

}  // namespace parley::bridge
