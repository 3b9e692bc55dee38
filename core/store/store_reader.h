#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/domain/directory.h"
#include "core/store/feed_rows.h"
#include "schemas/names.h"
#include "schemas/result.h"

namespace parley::store {

// An event of the store, with the row's own facts.
struct StoredEvent {
  Seq seq;
  uint64_t ordinal = 0;      // countable events of the room up to here
  uint64_t own_ordinal = 0;  // countable events of this sender up to here, 0 = not countable
  std::string bytes;         // serialised v1::Event, as delivered
};

// The end of a room's log.
struct RoomEnd {
  Seq head;              // 0: no event
  uint64_t ordinal = 0;  // countable events of the room so far
  LogIndex feed{};       // of the newest event
};

struct StoredInboxItem {
  uint64_t useq;
  std::string bytes;  // serialised v1::InboxItem, as delivered
};

struct RoomOfUser {
  Rid rid;
  std::string room;
  LogIndex deleted_at;  // != 0: the room is no more since this log index
};

// Drawn when a store was made: another one has another.
using StoreId = std::array<char, 16>;

struct MemberOfRoom {
  Uid uid;
  domain::MemberRecord record;
};

// Everything that answers a query reads through this seam. One object is one unmoving view: two reads agree
// with each other. Every method: INTERNAL when the store cannot be read or a row is damaged (nothing is
// shortened silently). Not thread-safe unless an implementation says so.
class StoreView {
 public:
  virtual ~StoreView() = default;

  // The log index of the newest command that this view contains.
  virtual LogIndex applied() const = 0;

  virtual Result<std::optional<domain::UserRecord>> User(std::string_view username) const = 0;
  virtual Result<std::optional<domain::RoomRecord>> Room(std::string_view room) const = 0;
  // Former members included (role UNSPECIFIED).
  virtual Result<std::optional<domain::MemberRecord>> Member(Rid rid, Uid uid) const = 0;
  // Rooms with a membership record of this user, former and deleted ones included, in order of rid, those
  // with rid > `after`, at most `limit`.
  virtual Result<std::vector<RoomOfUser>> RoomsOf(Uid uid, Rid after, size_t limit) const = 0;

  // Membership records of a room, former members included, in order of uid, those with uid > `after`, at most
  // `limit`.
  virtual Result<std::vector<MemberOfRoom>> MembersOf(Rid rid, Uid after, size_t limit) const = 0;
  // Users (rooms) whose name is >= `from` and starts with `prefix`, in order of name, at most `limit`.
  virtual Result<std::vector<domain::UserRecord>> Users(std::string_view prefix, std::string_view from,
                                                        size_t limit) const = 0;
  virtual Result<std::vector<domain::RoomRecord>> Rooms(std::string_view from, size_t limit) const = 0;

  // seq 0 when the room has no event.
  virtual Result<Seq> Head(Rid rid) const = 0;
  virtual Result<RoomEnd> End(Rid rid) const = 0;
  virtual Result<std::optional<StoredEvent>> EventAt(Rid rid, Seq seq) const = 0;
  // Events with first ≤ seq ≤ last. `kOldest`: the first ones; `kNewest`: the last ones; ascending in both
  // cases. Stops at `limit` events or when the sum of bytes would pass `bytes_max` (at least one event is
  // returned if there is one).
  enum class Keep { kOldest, kNewest };
  struct Range {
    Seq first;
    Seq last;
    size_t limit;
    size_t bytes_max;
    Keep keep;
  };
  virtual Result<std::vector<StoredEvent>> Events(Rid rid, const Range& range) const = 0;

  virtual Result<StoreId> Id() const = 0;

  // The entries of the change feed with after < index ≤ last, in order, as far as `limit` entries and
  // `items_max` items go (at least one entry is returned if there is one). An entry whose row is damaged is
  // there, and says so. What an entry names may have been freed meanwhile (a deleted room, retention).
  struct FeedRange {
    LogIndex after;
    LogIndex last;
    size_t limit;
    size_t items_max;
  };
  virtual Result<std::vector<FeedEntry>> Feed(const FeedRange& range) const = 0;

  // Countable events that this user has sent in the room. (Unread: store/unread.h.)
  virtual Result<uint64_t> Sent(Rid rid, Uid uid) const = 0;
  // How many events after `after` mention this member; counts up to `limit`.
  virtual Result<uint64_t> Mentions(Rid rid, Uid uid, Seq after, size_t limit) const = 0;

  // A user's inbox: the newest kInboxItemsMax items (limits.h), useq without a gap. Items with useq >
  // `after_useq`, oldest first, at most `limit`.
  virtual Result<std::vector<StoredInboxItem>> Inbox(Uid uid, uint64_t after_useq, size_t limit) const = 0;
  // useq of the newest item, 0 = there never was one.
  virtual Result<uint64_t> InboxEnd(Uid uid) const = 0;
  // useq of the newest item that is not newer than this log index: what follows it has come since. 0: of all
  // that is kept, nothing is that old.
  virtual Result<uint64_t> InboxUpTo(Uid uid, LogIndex feed) const = 0;

  // The devices of a user that want notifications.
  virtual Result<std::optional<domain::PushRecord>> PushOf(Uid uid) const = 0;
  // All users that have such devices, in order of uid, those with uid > `after`, at most `limit`.
  virtual Result<std::vector<domain::PushRecord>> PushRecords(Uid after, size_t limit) const = 0;
  // Outgoing webhooks, in order of name, at most `limit`.
  virtual Result<std::vector<domain::WebhookRecord>> Webhooks(size_t limit) const = 0;
};

// A store that another process writes. Views hold it still; CatchUp() moves it.
class StoreReader {
 public:
  virtual ~StoreReader() = default;

  // A view that contains at least `at_least`; moves forward only when the present one does not. UNAVAILABLE
  // when the store cannot be opened or does not hold that index (yet). While a view is alive no other thread
  // moves the store: keep it for one query. Any thread.
  virtual Result<std::unique_ptr<StoreView>> View(LogIndex at_least) = 0;
};

}  // namespace parley::store
