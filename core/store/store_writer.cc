#include "core/store/store_writer.h"

#include <algorithm>
#include <atomic>
#include <deque>
#include <filesystem>
#include <map>
#include <shared_mutex>
#include <utility>

#include <rocksdb/db.h>
#include <rocksdb/write_batch.h>
#include <sys/random.h>

#include "core/domain/permissions.h"
#include "core/store/keys.h"
#include "core/store/pending_state.h"
#include "core/store/rocks_database.h"
#include "core/store/rocks_options.h"
#include "core/store/rocks_view.h"
#include "core/store/room_garbage.h"
#include "core/store/state_loader.h"
#include "core/store/store_errors.h"
#include "schemas/limits.h"

namespace parley::store {
namespace {

rocksdb::Slice AsSlice(std::string_view text) {
  return {text.data(), text.size()};
}

class RocksWriter final : public StoreWriter {
 public:
  RocksWriter(std::string path, rocksdb::Options options)
      : path_(std::move(path)), options_(std::move(options)) {}

  // Before everything else.
  Status Open(const Accept& accept) {
    if (!options_.env->FileExists(path_ + "/CURRENT").ok()) {
      if (Status accepted = accept ? accept({}) : Status(); !accepted) return accepted;
    } else {
      // A whole log, as nearly always, is read once. Damage makes this opening fail, before anything is
      // changed; the one below cuts the log off there.
      rocksdb::Options strict = options_;
      strict.wal_recovery_mode = rocksdb::WALRecoveryMode::kAbsoluteConsistency;
      const rocksdb::Status status = Database::Open(path_, strict, &expiry_, database_);
      if (status.ok()) return {};
      if (!status.IsCorruption()) return OpenError(path_, status);
      Result<Found> found = Inspect(path_, options_);
      if (!found) return std::move(found).error();
      found->damage = status.ToString();
      if (Status accepted = accept ? accept(*found) : Status(); !accepted) return accepted;
    }
    const rocksdb::Status status = Database::Open(path_, options_, &expiry_, database_);
    if (!status.ok()) return OpenError(path_, status);
    return {};
  }

  // Writes the format of a new store, or checks that of an old one.
  Status CheckFormat() {
    const Result<std::optional<std::string>> format = Meta(kMetaFormat);
    if (!format) return format.error();
    if (*format) {
      const std::optional<uint64_t> version = ParseBigEndian64(**format);
      if (version == kFormatVersion) return {};
      return Error{Code::FAILED_PRECONDITION, "the store has format " + std::to_string(version.value_or(0)) +
                                                  ", this Parley knows 1: use a newer Parley"};
    }
    for (rocksdb::ColumnFamilyHandle* family : database_->handles()) {
      if (Status empty = CheckEmpty(family); !empty) return empty;
    }
    std::array<char, 16> id{};
    if (::getrandom(id.data(), id.size(), 0) != static_cast<ssize_t>(id.size())) {
      return Error{Code::INTERNAL, "the system gives no random bytes"};
    }
    rocksdb::WriteBatch batch;
    PutMeta(batch, kMetaFormat, BigEndian64(kFormatVersion));
    PutMeta(batch, kMetaStoreId, std::string_view(id.data(), id.size()));
    PutMeta(batch, kMetaApplied, BigEndian64(0));
    rocksdb::WriteOptions options;
    options.sync = true;
    rocksdb::Status status = db().Write(options, &batch);
    // Into a table at once: a store that loses its log later is still known to be this one.
    if (status.ok()) status = db().Flush({}, families().meta);
    if (status.ok()) status = SyncParent();
    if (!status.ok()) return Error{Code::INTERNAL, "write store: " + status.ToString()};
    return {};
  }

  Result<Loaded> Load() override {
    Loaded loaded;
    const Result<uint64_t> applied = MetaNumber(kMetaApplied);
    if (!applied) return applied.error();
    loaded.applied = {*applied};
    if (loaded.applied.value > 0) {  // the clocks come with the first command
      const Result<uint64_t> log_time = MetaNumber(kMetaLogTime);
      if (!log_time) return log_time.error();
      const Result<uint64_t> wall_time = MetaNumber(kMetaWallTime);
      if (!wall_time) return wall_time.error();
      loaded.log_time_ms = *log_time;
      loaded.wall_time_ms = *wall_time;
    }
    const Result<std::optional<std::string>> id = Meta(kMetaStoreId);
    if (!id) return id.error();
    if (!*id || (*id)->size() != loaded.store_id.size()) return Damaged("no store id");
    std::copy((*id)->begin(), (*id)->end(), loaded.store_id.begin());
    std::deque<Rid> garbage;
    if (Status status = LoadState(db(), families(), loaded, garbage); !status) {
      return std::move(status).error();
    }
    garbage_ = RoomGarbage(std::move(garbage));
    applied_ = loaded.applied;
    written_ = loaded.applied;
    expired_by_ms_ = loaded.log_time_ms;
    log_time_ms_ = loaded.log_time_ms;
    wall_time_ms_ = loaded.wall_time_ms;
    return loaded;
  }

  Result<std::optional<domain::DedupEntry>> FindDedup(const domain::DedupKey& key) override {
    const std::string bytes = DedupKeyBytes(key);
    if (const auto pending = pending_dedup_.find(bytes); pending != pending_dedup_.end()) {
      return std::optional(pending->second);
    }
    if (!database_) return Error{Code::UNAVAILABLE, "the disk is full (" + failure_ + ")"};
    rocksdb::PinnableSlice row;
    const rocksdb::Status status = db().Get({}, families().dedup, bytes, &row);
    if (status.IsNotFound()) return std::optional<domain::DedupEntry>();
    if (!status.ok()) return Unreadable(status);
    std::optional<domain::DedupEntry> entry = ParseDedupRow(row.ToStringView());
    if (!entry) return Damaged("a dedup row");
    return entry;
  }

  Result<domain::KnownCursor> FindCursor(const domain::CursorKey& key) override {
    if (!database_) return Error{Code::UNAVAILABLE, "the disk is full (" + failure_ + ")"};
    return pending_.Find(db(), families(), key);
  }

  Result<std::optional<domain::PushRecord>> FindPush(Uid uid) override {
    if (!database_) return Error{Code::UNAVAILABLE, "the disk is full (" + failure_ + ")"};
    return pending_.Push(db(), families(), uid);
  }

  void Add(const domain::Applied& applied, const domain::Command& command) override {
    for (const domain::Change& change : applied.changes) AddChange(change);
    std::vector<FeedItem> made;
    // Of a room that is no more, the last event is delivered and not stored.
    if (!applied.events_first) AddEvents(applied, made);
    AddInbox(applied, made);
    if (applied.cursor) {
      const domain::MovedCursor& moved = *applied.cursor;
      PutPending(MemberKey(moved.rid, moved.uid), moved.member.SerializeAsString());
      DeleteMentions(moved.rid, moved.uid, Seq{moved.member.read()}, kMentionsPerMove);
      made.push_back({FeedItem::Kind::kCursor, moved.rid.value, moved.uid.value});
    }
    if (applied.push) {
      const domain::ChangedPush& changed = *applied.push;
      if (changed.record.devices().empty()) {
        pending_.Delete(families().state, PushKey(changed.uid));
      } else {
        PutPending(PushKey(changed.uid), changed.record.SerializeAsString());
      }
      made.push_back({FeedItem::Kind::kPush, changed.uid.value, 0});
    }
    if (!made.empty()) Put(families().feed, FeedKey(applied.index), EncodeFeedRow(made));
    if (applied.dedup) {
      const auto& [key, entry] = *applied.dedup;
      std::string bytes = DedupKeyBytes(key);
      Put(families().dedup, bytes, EncodeDedupRow(entry));
      pending_dedup_[std::move(bytes)] = entry;
    }
    Advance(applied, command);
  }

  Commit Write() override {
    if (!sealed_) {
      for (const auto& [member, sent] : pending_sent_) {
        Put(families().state, SentKey(member.first, member.second), BigEndian64(sent));
      }
      garbage_.FreeSome(db(), families(), batch_);
      PutMeta(batch_, kMetaApplied, BigEndian64(applied_.value));
      PutMeta(batch_, kMetaLogTime, BigEndian64(log_time_ms_));
      PutMeta(batch_, kMetaWallTime, BigEndian64(wall_time_ms_));
      sealed_ = true;
    }
    if (!database_) {
      if (const Commit reopened = Reopen(); reopened != Commit::kDone) return reopened;
    }
    rocksdb::WriteOptions options;
    options.sync = true;
    const rocksdb::Status status = db().Write(options, &batch_);
    if (status.ok()) {
      batch_.Clear();
      pending_dedup_.clear();
      pending_sent_.clear();
      pending_.Clear();
      written_ = applied_;
      expired_by_ms_ = log_time_ms_;
      garbage_.Add(std::exchange(new_garbage_, {}));
      pending_gone_rooms_.clear();
      sealed_ = false;
      return Commit::kDone;
    }
    failure_ = status.ToString();
    if (!status.IsNoSpace()) return Commit::kFailed;
    // RocksDB would heal itself, but when the disk is full again meanwhile it goes on in the log that is torn
    // (Debian's build then aborts). Opened anew, it begins a new one.
    const std::unique_lock lock(opening_);
    database_.reset();
    return Commit::kNoSpace;
  }

  const std::string& failure() const override { return failure_; }
  bool has_garbage() const override { return !garbage_.empty(); }

  std::unique_ptr<StoreView> View() override {
    return database_ ? MakeRocksView(db(), families(), written_, nullptr) : nullptr;
  }

  std::unique_ptr<StoreView> SharedView() override {
    auto hold = std::make_shared<std::shared_lock<std::shared_mutex>>(opening_);
    if (!database_) return nullptr;
    return MakeRocksView(db(), families(), {}, std::move(hold));
  }

 private:
  rocksdb::DB& db() const { return database_->db(); }
  const Families& families() const { return database_->families(); }

  // The folder's own entry: RocksDB syncs what is in it only.
  rocksdb::Status SyncParent() const {
    const std::filesystem::path parent = std::filesystem::absolute(path_).lexically_normal().parent_path();
    std::unique_ptr<rocksdb::Directory> directory;
    const rocksdb::Status status = options_.env->NewDirectory(parent.string(), &directory);
    return status.ok() ? directory->Fsync() : status;
  }

  void Advance(const domain::Applied& applied, const domain::Command& command) {
    applied_ = applied.index;
    log_time_ms_ = command.log_time_ms();
    wall_time_ms_ = command.wall_ms();
    sealed_ = false;
  }

  // After a full disk. kDone: open again, and it ends where it should.
  Commit Reopen() {
    const std::unique_lock lock(opening_);
    const rocksdb::Status status = Database::Open(path_, options_, &expiry_, database_);
    if (!status.ok()) {
      failure_ = status.ToString();
      return status.IsNoSpace() ? Commit::kNoSpace : Commit::kFailed;
    }
    const Result<uint64_t> applied = MetaNumber(kMetaApplied);
    if (applied && (*applied == written_.value || *applied == applied_.value)) return Commit::kDone;
    failure_ = applied ? "it ends at log index " + std::to_string(*applied) + " after a full disk, not at " +
                             std::to_string(written_.value)
                       : applied.error().reason;
    return Commit::kFailed;
  }

  // A row that cannot be read is never taken for one that is not there.
  Result<std::optional<std::string>> Meta(std::string_view name) const {
    std::string value;
    const rocksdb::Status status = db().Get({}, families().meta, AsSlice(name), &value);
    if (status.IsNotFound()) return std::optional<std::string>();
    if (!status.ok()) return Unreadable(status);
    return std::optional<std::string>(std::move(value));
  }

  Result<uint64_t> MetaNumber(std::string_view name) const {
    const Result<std::optional<std::string>> value = Meta(name);
    if (!value) return value.error();
    const std::optional<uint64_t> number = *value ? ParseBigEndian64(**value) : std::nullopt;
    if (!number) return Damaged("meta row " + std::string(name));
    return *number;
  }

  Status CheckEmpty(rocksdb::ColumnFamilyHandle* family) {
    const std::unique_ptr<rocksdb::Iterator> rows(db().NewIterator({}, family));
    rows->SeekToFirst();
    if (!rows->status().ok()) return Unreadable(rows->status());
    if (!rows->Valid()) return {};
    return Error{Code::FAILED_PRECONDITION,
                 "this RocksDB database is not a store of Parley, or has lost its format row: give another "
                 "parley_data, or restore a backup of the store folder"};
  }

  void PutMeta(rocksdb::WriteBatch& batch, std::string_view name, std::string_view value) {
    batch.Put(families().meta, AsSlice(name), AsSlice(value)).PermitUncheckedError();
  }

  // A WriteBatch without limits cannot refuse a record.
  void Put(rocksdb::ColumnFamilyHandle* family, std::string_view key, std::string_view value) {
    batch_.Put(family, AsSlice(key), AsSlice(value)).PermitUncheckedError();
  }
  void Delete(rocksdb::ColumnFamilyHandle* family, std::string_view key) {
    batch_.Delete(family, AsSlice(key)).PermitUncheckedError();
  }

  void AddChange(const domain::Change& change) {
    struct Visitor {
      RocksWriter& writer;
      void operator()(const domain::UserRecord& record) {
        writer.Put(writer.families().state, UserKey(record.username()), record.SerializeAsString());
      }
      void operator()(const domain::UserGone& gone) { writer.AddUserGone(gone); }
      void operator()(const domain::RoomRecord& record) {
        writer.Put(writer.families().state, RoomKey(record.room()), record.SerializeAsString());
      }
      void operator()(const domain::RoomGone& gone) { writer.AddRoomGone(gone); }
      void operator()(const domain::ConfigRecord& record) {
        writer.Put(writer.families().state, TagPrefix(StateTag::kConfig), record.SerializeAsString());
      }
      void operator()(const domain::MemberPut& put) {
        writer.PutPending(MemberKey(put.rid, put.uid), put.record.SerializeAsString());
        // Who is no member any more has no cursor, and nothing waits for them.
        if (!domain::IsReader(put.record.role())) writer.DeleteMentions(put.rid, put.uid);
        writer.Put(writer.families().state, MembershipKey(put.uid, put.rid), put.record.room());
      }
      void operator()(const domain::MemberGone& gone) {
        writer.pending_.Delete(writer.families().state, MemberKey(gone.rid, gone.uid));
        writer.DeleteMentions(gone.rid, gone.uid);
        writer.Delete(writer.families().state, MembershipKey(gone.uid, gone.rid));
        writer.Delete(writer.families().state, SentKey(gone.rid, gone.uid));
        writer.pending_sent_.erase({gone.rid, gone.uid});
      }
      void operator()(const domain::ClientRecord& record) {
        writer.Put(writer.families().state, ClientKey(record.client()), record.SerializeAsString());
      }
      void operator()(const domain::RoleRecord& record) {
        writer.Put(writer.families().state, RoleKey(record.role()), record.SerializeAsString());
      }
      void operator()(const domain::RoleGone& gone) {
        writer.Delete(writer.families().state, RoleKey(gone.role));
      }
      void operator()(const domain::BindingRecord& record) {
        writer.Put(writer.families().state, BindingKey(Rid{record.rid()}, record.filter()),
                   record.SerializeAsString());
      }
      void operator()(const domain::BindingGone& gone) {
        writer.Delete(writer.families().state, BindingKey(gone.rid, gone.filter));
      }
      void operator()(const domain::WebhookRecord& record) {
        writer.Put(writer.families().state, WebhookKey(record.webhook()), record.SerializeAsString());
      }
      void operator()(const domain::WebhookGone& gone) {
        writer.Delete(writer.families().state, WebhookKey(gone.webhook));
      }
    };
    std::visit(Visitor{*this}, change);
  }

  // All that was kept of a user but what they have said. (Dedupe rows expire by themselves.)
  void AddUserGone(const domain::UserGone& gone) {
    Delete(families().state, UserKey(gone.name.str()));
    for (uint64_t useq = gone.useq; useq > 0 && useq + limits::kInboxItemsMax > gone.useq; --useq) {
      Delete(families().state, InboxKey(gone.uid, useq));
    }
    const std::string prefix = GoneRoomPrefix(gone.uid);
    const std::unique_ptr<rocksdb::Iterator> rows(db().NewIterator({}, families().state));
    for (rows->Seek(prefix); rows->Valid() && rows->key().starts_with(prefix); rows->Next()) {
      Delete(families().state, rows->key().ToStringView());
    }
    for (const std::string& key : pending_gone_rooms_) {
      if (key.starts_with(prefix)) Delete(families().state, key);
    }
  }

  // All of a room, but that its members may be told. Its events are freed bit by bit (RoomGarbage).
  void AddRoomGone(const domain::RoomGone& gone) {
    Delete(families().state, RoomKey(gone.room));
    for (const Uid uid : gone.records) {
      KeepDeparture(gone, uid);
      pending_.Delete(families().state, MemberKey(gone.rid, uid));
      Delete(families().state, MembershipKey(uid, gone.rid));
      Delete(families().state, SentKey(gone.rid, uid));
      pending_sent_.erase({gone.rid, uid});
    }
    Put(families().state, GarbageKey(gone.rid), {});
    new_garbage_.push_back(gone.rid);
  }

  // When a user lost a room that is deleted now: with it, or before. Their sync may not have told them yet.
  void KeepDeparture(const domain::RoomGone& gone, Uid uid) {
    domain::MemberRecord left;
    left.set_room(gone.room);
    left.set_left_feed(gone.index.value);
    if (!std::binary_search(gone.members.begin(), gone.members.end(), uid)) {
      const Result<domain::MemberRecord> former = pending_.Member(db(), families(), gone.rid, uid);
      if (former) left.set_left_feed(former->left_feed());  // else: told once more is better than never
    }
    if (left.left_feed() == 0) return;  // no record: they never had it
    Put(families().state, pending_gone_rooms_.emplace_back(GoneRoomKey(uid, gone.rid)),
        left.SerializeAsString());
  }

  void AddEvents(const domain::Applied& applied, std::vector<FeedItem>& made) {
    for (const domain::NewEvent& event : applied.events) {
      Put(families().events, EventKey(event.rid, event.seq),
          EncodeEventRow({event.ordinal, event.own_ordinal, event.bytes}));
      pending_.AddEvent(event);
      if (event.own_ordinal != 0) pending_sent_[{event.rid, event.sender}] = event.own_ordinal;
      const bool is_message = event.own_ordinal != 0;
      made.push_back(
          {is_message ? FeedItem::Kind::kMessage : FeedItem::Kind::kEvent, event.rid.value, event.seq.value});
    }
    for (const domain::NewMention& mention : applied.mentions) {
      PutPending(MentionKey(mention.rid, mention.uid, mention.seq), {});
    }
  }

  // The newest items are kept.
  void AddInbox(const domain::Applied& applied, std::vector<FeedItem>& made) {
    for (const domain::NewInboxItem& item : applied.inbox) {
      Put(families().state, InboxKey(item.uid, item.useq), item.bytes);
      if (item.useq > limits::kInboxItemsMax) {
        Delete(families().state, InboxKey(item.uid, item.useq - limits::kInboxItemsMax));
      }
      made.push_back({FeedItem::Kind::kInbox, item.uid.value, item.useq});
    }
  }

  void PutPending(const std::string& key, std::string value) {
    pending_.Put(families().state, key, std::move(value));
  }
  // All of a member's mentions, but for what is beyond all bounds: nobody counts that.
  void DeleteMentions(Rid rid, Uid uid, Seq last = Seq{UINT64_MAX},
                      size_t limit = limits::kMentionsCountedMax) {
    pending_.DeleteMentions(db(), families(), rid, uid, last, limit);
  }

  const std::string path_;
  const rocksdb::Options options_;
  std::atomic<uint64_t> expired_by_ms_{0};  // log time on disk; read by compactions
  const DedupExpiry expiry_{expired_by_ms_};
  std::shared_mutex opening_;           // exclusive while database_ comes or goes
  std::unique_ptr<Database> database_;  // none while the disk is full

  // The pending batch.
  rocksdb::WriteBatch batch_;
  std::unordered_map<std::string, domain::DedupEntry> pending_dedup_;
  PendingState pending_{batch_};
  std::map<std::pair<Rid, Uid>, uint64_t> pending_sent_;  // one row a member, however much it sent
  bool sealed_ = false;                                   // the batch holds its meta rows
  LogIndex applied_;                                      // the newest command of the batch
  uint64_t log_time_ms_ = 0;
  uint64_t wall_time_ms_ = 0;
  std::vector<Rid> new_garbage_;                 // rooms deleted in it
  std::vector<std::string> pending_gone_rooms_;  // keys that it puts

  // A move of the cursor takes this many mentions that it has passed with it.
  static constexpr size_t kMentionsPerMove = 512;

  RoomGarbage garbage_;

  LogIndex written_;  // the newest command on disk
  std::string failure_;
};

}  // namespace

Result<std::unique_ptr<StoreWriter>> StoreWriter::Open(const std::string& path,
                                                       std::function<void(const std::string&)> log,
                                                       rocksdb::Env* env, const Accept& accept) {
  rocksdb::Options options = BaseOptions(std::move(log));
  if (env != nullptr) options.env = env;
  options.create_if_missing = true;
  options.create_missing_column_families = true;
  auto writer = std::make_unique<RocksWriter>(path, options);
  if (Status opened = writer->Open(accept); !opened) return std::move(opened).error();
  if (Status format = writer->CheckFormat(); !format) return std::move(format).error().Within(path);
  return std::unique_ptr<StoreWriter>(std::move(writer));
}

}  // namespace parley::store
