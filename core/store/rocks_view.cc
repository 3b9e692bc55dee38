#include "core/store/rocks_view.h"

#include <algorithm>

#include <rocksdb/db.h>

#include "core/store/keys.h"
#include "parley/v1/message.pb.h"

namespace parley::store {
namespace {

Error Damaged(const std::string& what) {
  return {Code::INTERNAL, "the store is damaged: " + what};
}
Error Failed(const rocksdb::Status& status) {
  return {Code::INTERNAL, "read store: " + status.ToString()};
}

class RocksView final : public StoreView {
 public:
  RocksView(rocksdb::DB& db, const Families& families, LogIndex applied, std::shared_ptr<void> hold)
      : db_(db), families_(families), applied_(applied), hold_(std::move(hold)) {}

  LogIndex applied() const override { return applied_; }

  Result<std::optional<domain::UserRecord>> User(std::string_view username) const override {
    return Get<domain::UserRecord>(UserKey(username));
  }

  Result<std::optional<domain::RoomRecord>> Room(std::string_view room) const override {
    return Get<domain::RoomRecord>(RoomKey(room));
  }

  Result<std::optional<domain::MemberRecord>> Member(Rid rid, Uid uid) const override {
    return Get<domain::MemberRecord>(MemberKey(rid, uid));
  }

  Result<std::vector<RoomOfUser>> RoomsOf(Uid uid, Rid after, size_t limit) const override {
    std::vector<RoomOfUser> rooms;
    if (after.value == UINT64_MAX) return rooms;
    const Rid first{after.value + 1};
    Status read = ForEach(MembershipKey(uid, first), MembershipPrefix(uid), limit,
                          [&rooms](std::string_view key, std::string_view value) {
                            const std::optional<IdPair> ids = ParseIdPair(key);
                            if (ids) rooms.push_back({Rid{ids->second}, std::string(value), {}});
                            return ids.has_value();
                          });
    if (!read) return std::move(read).error();
    read = ForEach(GoneRoomKey(uid, first), GoneRoomPrefix(uid), limit,
                   [&rooms](std::string_view key, std::string_view value) {
                     const std::optional<IdPair> ids = ParseIdPair(key);
                     domain::MemberRecord left;
                     if (!ids || !left.ParseFromArray(value.data(), static_cast<int>(value.size())))
                       return false;
                     rooms.push_back({Rid{ids->second}, left.room(), LogIndex{left.left_feed()}});
                     return true;
                   });
    if (!read) return std::move(read).error();
    std::sort(rooms.begin(), rooms.end(),
              [](const RoomOfUser& a, const RoomOfUser& b) { return a.rid < b.rid; });
    if (rooms.size() > limit) rooms.resize(limit);
    return rooms;
  }

  Result<std::vector<MemberOfRoom>> MembersOf(Rid rid, Uid after, size_t limit) const override {
    std::vector<MemberOfRoom> members;
    if (after.value == UINT64_MAX) return members;
    std::string prefix = MemberKey(rid, Uid{0});
    prefix.resize(prefix.size() - sizeof(uint64_t));
    Status read = ForEach(MemberKey(rid, Uid{after.value + 1}), prefix, limit,
                          [&members](std::string_view key, std::string_view value) {
                            const std::optional<IdPair> ids = ParseIdPair(key);
                            if (!ids) return false;
                            MemberOfRoom& member = members.emplace_back();
                            member.uid = Uid{ids->second};
                            return member.record.ParseFromArray(value.data(), static_cast<int>(value.size()));
                          });
    if (!read) return std::move(read).error();
    return members;
  }

  Result<std::vector<domain::UserRecord>> Users(std::string_view prefix, std::string_view from,
                                                size_t limit) const override {
    return Named<domain::UserRecord>(UserKey(std::max(prefix, from)), UserKey(prefix), limit);
  }

  Result<std::vector<domain::RoomRecord>> Rooms(std::string_view from, size_t limit) const override {
    return Named<domain::RoomRecord>(RoomKey(from), RoomKey({}), limit);
  }

  Result<Seq> Head(Rid rid) const override {
    const Result<RoomEnd> end = End(rid);
    if (!end) return end.error();
    return end->head;
  }

  Result<RoomEnd> End(Rid rid) const override {
    // A sync asks this of hundreds of rooms: the view does not move, so one iterator serves all.
    if (!ends_) ends_ = Iterate(families_.events);
    ends_->SeekForPrev(EventKey(rid, Seq{UINT64_MAX}));
    if (!ends_->status().ok()) return Failed(ends_->status());
    if (!ends_->Valid()) return RoomEnd{};
    const std::optional<IdPair> ids = ParseEventKey(ends_->key().ToStringView());
    if (!ids) return Damaged("an event key");
    if (ids->first != rid.value) return RoomEnd{};
    const std::optional<EventRow> row = ParseEventRow(ends_->value().ToStringView());
    v1::Event event;
    const bool read = row && event.ParseFromArray(row->event.data(), static_cast<int>(row->event.size()));
    if (!read) return Damaged("event " + std::to_string(ids->second));
    return RoomEnd{Seq{ids->second}, row->ordinal, LogIndex{event.feed()}};
  }

  Result<std::optional<StoredEvent>> EventAt(Rid rid, Seq seq) const override {
    std::string bytes;
    const rocksdb::Status status = db_.Get({}, families_.events, EventKey(rid, seq), &bytes);
    if (status.IsNotFound()) return std::optional<StoredEvent>();
    if (!status.ok()) return Failed(status);
    Result<StoredEvent> event = Parse(seq, bytes);
    if (!event) return std::move(event).error();
    return std::optional<StoredEvent>(std::move(*event));
  }

  Result<std::vector<StoredEvent>> Events(Rid rid, const Range& range) const override {
    std::vector<StoredEvent> events;
    if (range.first > range.last || range.limit == 0) return events;
    const bool forward = range.keep == Keep::kOldest;
    const auto iterator = Iterate(families_.events);
    if (forward) {
      iterator->Seek(EventKey(rid, range.first));
    } else {
      iterator->SeekForPrev(EventKey(rid, range.last));
    }
    size_t total = 0;
    for (; iterator->Valid() && events.size() < range.limit; forward ? iterator->Next() : iterator->Prev()) {
      const std::optional<IdPair> ids = ParseEventKey(iterator->key().ToStringView());
      if (!ids) return Damaged("an event key");
      const Seq seq{ids->second};
      if (ids->first != rid.value || seq < range.first || seq > range.last) break;
      // A room's seqs have no gap: one that is missing between two rows is damage, never a shorter answer.
      if (!events.empty()) {
        const uint64_t before = events.back().seq.value;
        const uint64_t expected = forward ? before + 1 : before - 1;
        if (seq.value != expected) return Damaged("no event " + std::to_string(expected));
      }
      total += iterator->value().size();
      if (total > range.bytes_max && !events.empty()) break;
      Result<StoredEvent> event = Parse(seq, iterator->value().ToStringView());
      if (!event) return std::move(event).error();
      events.push_back(std::move(*event));
    }
    if (!iterator->status().ok()) return Failed(iterator->status());
    if (!forward) std::reverse(events.begin(), events.end());
    return events;
  }

  Result<StoreId> Id() const override {
    std::string bytes;
    const rocksdb::Status status =
        db_.Get({}, families_.meta, rocksdb::Slice(kMetaStoreId.data(), kMetaStoreId.size()), &bytes);
    if (!status.ok() && !status.IsNotFound()) return Failed(status);
    StoreId id{};
    if (bytes.size() != id.size()) return Damaged("no store id");
    std::copy(bytes.begin(), bytes.end(), id.begin());
    return id;
  }

  Result<std::vector<FeedEntry>> Feed(const FeedRange& range) const override {
    std::vector<FeedEntry> entries;
    if (range.after >= range.last || range.limit == 0) return entries;
    const auto row = Iterate(families_.feed);
    size_t items = 0;
    for (row->Seek(FeedKey(LogIndex{range.after.value + 1})); row->Valid() && entries.size() < range.limit;
         row->Next()) {
      const std::optional<uint64_t> index = ParseBigEndian64(row->key().ToStringView());
      if (!index) return Damaged("a feed key");
      if (*index > range.last.value) break;
      FeedEntry entry{.index = {*index}, .items = {}, .damage = {}};
      entry.items =
          ParseFeedRow(row->value().ToStringView(), &entry.damage).value_or(std::vector<FeedItem>());
      items += entry.items.size();
      if (items > range.items_max && !entries.empty()) break;
      entries.push_back(std::move(entry));
    }
    if (!row->status().ok()) return Failed(row->status());
    return entries;
  }

  Result<uint64_t> Sent(Rid rid, Uid uid) const override {
    std::string bytes;
    const rocksdb::Status status = db_.Get({}, families_.state, SentKey(rid, uid), &bytes);
    if (status.IsNotFound()) return uint64_t{0};
    if (!status.ok()) return Failed(status);
    const std::optional<uint64_t> sent = ParseBigEndian64(bytes);
    if (!sent) return Damaged("a record of s");
    return *sent;
  }

  Result<uint64_t> Mentions(Rid rid, Uid uid, Seq after, size_t limit) const override {
    uint64_t count = 0;
    if (after.value == UINT64_MAX) return count;
    Status read = ForEach(MentionKey(rid, uid, Seq{after.value + 1}), MentionPrefix(rid, uid), limit,
                          [&count](std::string_view, std::string_view) { return ++count > 0; });
    if (!read) return std::move(read).error();
    return count;
  }

  Result<std::vector<StoredInboxItem>> Inbox(Uid uid, uint64_t after_useq, size_t limit) const override {
    std::vector<StoredInboxItem> items;
    if (after_useq == UINT64_MAX) return items;
    Status read = ForEach(InboxKey(uid, after_useq + 1), InboxPrefix(uid), limit,
                          [&items](std::string_view key, std::string_view value) {
                            const std::optional<IdPair> ids = ParseIdPair(key);
                            if (ids) items.push_back({ids->second, std::string(value)});
                            return ids.has_value();
                          });
    if (!read) return std::move(read).error();
    return items;
  }

  Result<uint64_t> InboxEnd(Uid uid) const override { return InboxUpTo(uid, LogIndex{UINT64_MAX}); }

  Result<uint64_t> InboxUpTo(Uid uid, LogIndex feed) const override {
    const std::string prefix = InboxPrefix(uid);
    const auto iterator = Iterate(families_.state);
    for (iterator->SeekForPrev(InboxKey(uid, UINT64_MAX));
         iterator->Valid() && iterator->key().starts_with(prefix); iterator->Prev()) {
      const std::optional<IdPair> ids = ParseIdPair(iterator->key().ToStringView());
      v1::InboxItem item;
      const bool read =
          ids && item.ParseFromArray(iterator->value().data(), static_cast<int>(iterator->value().size()));
      if (!read) return Damaged("a record of i");
      if (item.feed() <= feed.value) return ids->second;
    }
    if (!iterator->status().ok()) return Failed(iterator->status());
    return uint64_t{0};
  }

  Result<std::optional<domain::PushRecord>> PushOf(Uid uid) const override {
    return Get<domain::PushRecord>(PushKey(uid));
  }

  Result<std::vector<domain::PushRecord>> PushRecords(Uid after, size_t limit) const override {
    if (after.value == UINT64_MAX) return std::vector<domain::PushRecord>();
    return Named<domain::PushRecord>(PushKey(Uid{after.value + 1}), TagPrefix(StateTag::kPush), limit);
  }

  Result<std::vector<domain::WebhookRecord>> Webhooks(size_t limit) const override {
    return Named<domain::WebhookRecord>(WebhookKey({}), WebhookKey({}), limit);
  }

 private:
  template <typename Record>
  Result<std::optional<Record>> Get(const std::string& key) const {
    std::string bytes;
    const rocksdb::Status status = db_.Get({}, families_.state, key, &bytes);
    if (status.IsNotFound()) return std::optional<Record>();
    if (!status.ok()) return Failed(status);
    Record record;
    if (!record.ParseFromString(bytes)) return Damaged("a record of " + key.substr(0, 1));
    return std::optional<Record>(std::move(record));
  }

  // Calls visit(key, value) for the first `limit` rows of state from `first` on that start with `prefix`.
  template <typename Visitor>
  Status ForEach(const std::string& first, const std::string& prefix, size_t limit, Visitor visit) const {
    const auto iterator = Iterate(families_.state);
    size_t count = 0;
    for (iterator->Seek(first); iterator->Valid() && iterator->key().starts_with(prefix) && count < limit;
         iterator->Next(), ++count) {
      if (!visit(iterator->key().ToStringView(), iterator->value().ToStringView())) {
        return Damaged("a row of state, tag " + prefix.substr(0, 1));
      }
    }
    if (!iterator->status().ok()) return Failed(iterator->status());
    return {};
  }

  template <typename Record>
  Result<std::vector<Record>> Named(const std::string& first, const std::string& prefix, size_t limit) const {
    std::vector<Record> records;
    Status read = ForEach(first, prefix, limit, [&records](std::string_view, std::string_view value) {
      return records.emplace_back().ParseFromArray(value.data(), static_cast<int>(value.size()));
    });
    if (!read) return std::move(read).error();
    return records;
  }

  static Result<StoredEvent> Parse(Seq seq, std::string_view bytes) {
    const std::optional<EventRow> row = ParseEventRow(bytes);
    if (!row) return Damaged("event " + std::to_string(seq.value));
    return StoredEvent{seq, row->ordinal, row->own_ordinal, std::string(row->event)};
  }

  std::unique_ptr<rocksdb::Iterator> Iterate(rocksdb::ColumnFamilyHandle* family) const {
    return std::unique_ptr<rocksdb::Iterator>(db_.NewIterator({}, family));
  }

  rocksdb::DB& db_;
  const Families families_;
  const LogIndex applied_;
  const std::shared_ptr<void> hold_;
  mutable std::unique_ptr<rocksdb::Iterator> ends_;  // of End(); goes before what holds the store still
};

}  // namespace

std::unique_ptr<StoreView> MakeRocksView(rocksdb::DB& db, const Families& families, LogIndex applied,
                                         std::shared_ptr<void> hold) {
  return std::make_unique<RocksView>(db, families, applied, std::move(hold));
}

}  // namespace parley::store
