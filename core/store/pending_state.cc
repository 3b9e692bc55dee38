#include "core/store/pending_state.h"

#include <algorithm>
#include <memory>

#include <rocksdb/db.h>
#include <rocksdb/write_batch.h>

#include "core/store/store_errors.h"
#include "parley/v1/message.pb.h"
#include "schemas/limits.h"

namespace parley::store {
// Walks a room's events one by one: those in the store, and behind them those of the batch.
class PendingState::Scan {
 public:
  Scan(rocksdb::DB& db, const Families& families, const domain::CursorKey& key, uint64_t own_before,
       const std::vector<Row>* pending)
      : key_(key), own_before_(own_before), pending_(pending), rows_(db.NewIterator({}, families.events)) {}

  // To the event at `seq`, or the next one behind it.
  void SeekForward(uint64_t seq) {
    at_ = seq;
    rows_->Seek(EventKey(key_.rid, Seq{seq}));
    Follow();
  }
  // To the event at `seq`, or the one before it.
  void SeekBackward(uint64_t seq) {
    at_ = seq;
    if (!InBatch()) rows_->SeekForPrev(EventKey(key_.rid, Seq{seq}));
    Follow();
  }
  void Next() {
    if (!InBatch() && rows_->Valid()) rows_->Next();
    ++at_;
    Follow();
  }
  void Previous() {
    const bool was_in_batch = InBatch();
    --at_;
    if (InBatch()) return;
    if (was_in_batch) {
      rows_->SeekForPrev(EventKey(key_.rid, Seq{at_}));
    } else if (rows_->Valid()) {
      rows_->Prev();
    }
    Follow();
  }

  // The event that it stands at; nullopt at either end.
  Result<std::optional<Row>> Get() const {
    if (InBatch()) return std::optional((*pending_)[at_ - pending_->front().seq]);
    if (!rows_->status().ok()) return Unreadable(rows_->status());
    if (!SeqInStore()) return std::optional<Row>();
    const std::optional<EventRow> row = ParseEventRow(rows_->value().ToStringView());
    if (!row) return Damaged("an event");
    Row found{.seq = *SeqInStore(), .ordinal = row->ordinal, .own_ordinal = row->own_ordinal, .sender = {}};
    // Only one with a number between these can be the member's.
    if (found.own_ordinal <= own_before_ || found.own_ordinal > key_.sent) return std::optional(found);
    v1::Event event;
    if (!event.ParseFromArray(row->event.data(), static_cast<int>(row->event.size()))) {
      return Damaged("an event");
    }
    // An earlier user of the same name is another one.
    if (event.sender() == key_.user && event.feed() > key_.uid.value) found.sender = key_.uid;
    return std::optional(found);
  }

 private:
  bool InBatch() const {
    return pending_ != nullptr && at_ >= pending_->front().seq && at_ <= pending_->back().seq;
  }
  std::optional<uint64_t> SeqInStore() const {
    if (!rows_->Valid()) return std::nullopt;
    const std::optional<IdPair> ids = ParseEventKey(rows_->key().ToStringView());
    if (!ids || ids->first != key_.rid.value) return std::nullopt;
    return ids->second;
  }
  void Follow() {
    if (!InBatch()) at_ = SeqInStore().value_or(at_);
  }

  const domain::CursorKey& key_;
  const uint64_t own_before_;
  const std::vector<Row>* pending_;
  const std::unique_ptr<rocksdb::Iterator> rows_;
  uint64_t at_ = 0;
};

void PendingState::Put(rocksdb::ColumnFamilyHandle* state, const std::string& key, std::string value) {
  batch_.Put(state, key, value).PermitUncheckedError();
  rows_[key] = std::move(value);
}

void PendingState::Delete(rocksdb::ColumnFamilyHandle* state, const std::string& key) {
  batch_.Delete(state, key).PermitUncheckedError();
  rows_[key] = std::nullopt;
}

void PendingState::DeleteMentions(rocksdb::DB& db, const Families& families, Rid rid, Uid uid, Seq last,
                                  size_t limit) {
  std::vector<std::string> keys;
  const std::string first = MentionKey(rid, uid, Seq{0});
  const std::string end = MentionKey(rid, uid, last);
  const std::unique_ptr<rocksdb::Iterator> rows(db.NewIterator({}, families.state));
  for (rows->Seek(first); rows->Valid() && rows->key().compare(end) <= 0 && keys.size() < limit;
       rows->Next()) {
    std::string key = rows->key().ToString();
    if (!rows_.contains(key)) keys.push_back(std::move(key));
  }
  // Those of the batch are newer.
  for (auto row = rows_.lower_bound(first); row != rows_.end() && row->first <= end && keys.size() < limit;
       ++row) {
    if (row->second) keys.push_back(row->first);
  }
  for (const std::string& key : keys) Delete(families.state, key);
}

void PendingState::AddEvent(const domain::NewEvent& event) {
  events_[event.rid].push_back({event.seq.value, event.ordinal, event.own_ordinal, event.sender});
}

void PendingState::Clear() {
  rows_.clear();
  events_.clear();
}

Result<domain::MemberRecord> PendingState::Member(rocksdb::DB& db, const Families& families, Rid rid,
                                                  Uid uid) const {
  const Result<std::optional<std::string>> row = RowAt(db, families, MemberKey(rid, uid));
  if (!row) return row.error();
  domain::MemberRecord record;
  const std::string bytes = row->value_or("");
  if (bytes.empty() || !record.ParseFromString(bytes)) return Damaged("a row of state, tag m");
  return record;
}

Result<std::optional<domain::PushRecord>> PendingState::Push(rocksdb::DB& db, const Families& families,
                                                             Uid uid) const {
  const Result<std::optional<std::string>> row = RowAt(db, families, PushKey(uid));
  if (!row) return row.error();
  if (!*row) return std::optional<domain::PushRecord>();
  domain::PushRecord record;
  if (!record.ParseFromString(**row)) return Damaged("a row of state, tag p");
  return std::optional(std::move(record));
}

Result<std::optional<std::string>> PendingState::RowAt(rocksdb::DB& db, const Families& families,
                                                       const std::string& key) const {
  if (const auto pending = rows_.find(key); pending != rows_.end()) return pending->second;
  std::string bytes;
  const rocksdb::Status status = db.Get({}, families.state, key, &bytes);
  if (status.IsNotFound()) return std::optional<std::string>();
  if (!status.ok()) return Unreadable(status);
  return std::optional(std::move(bytes));
}

Result<domain::KnownCursor> PendingState::Find(rocksdb::DB& db, const Families& families,
                                               const domain::CursorKey& key) const {
  domain::KnownCursor known;
  Result<domain::MemberRecord> member = Member(db, families, key.rid, key.uid);
  if (!member) return std::move(member).error();
  known.member = std::move(*member);
  if (key.read.value == 0 || key.read.value <= known.member.read()) return known;

  const uint64_t own_before = known.member.read_own_ordinal();
  // Up to here the own ones are counted.
  const uint64_t floor = std::max(known.member.read() + 1, known.member.visible_from()) - 1;
  const auto pending = events_.find(key.rid);
  const std::vector<Row>* events = pending == events_.end() ? nullptr : &pending->second;
  Scan forward(db, families, key, own_before, events);
  Scan backward(db, families, key, own_before, events);
  forward.SeekForward(key.read.value);
  const Result<std::optional<Row>> at = forward.Get();
  if (!at) return at.error();
  if (!*at) return Damaged("no event " + std::to_string(key.read.value));
  const bool exactly = (*at)->seq == key.read.value;
  const uint64_t ordinal = exactly || (*at)->own_ordinal == 0 ? (*at)->ordinal : (*at)->ordinal - 1;
  const auto settle = [&known, ordinal](uint64_t own) {
    known.at_read = domain::KnownCursor::Ordinals{.room = ordinal, .own = own};
    return known;
  };
  if (key.sent == own_before) return settle(own_before);  // they have said nothing since
  if (exactly) forward.Next();
  backward.SeekBackward(key.read.value);
  for (size_t step = 0; step < limits::kCursorStepMax; ++step, forward.Next(), backward.Previous()) {
    const Result<std::optional<Row>> before = backward.Get();
    if (!before) return before.error();
    if (!*before || (*before)->seq <= floor) return settle(own_before);
    if ((*before)->sender == key.uid) return settle((*before)->own_ordinal);
    const Result<std::optional<Row>> after = forward.Get();
    if (!after) return after.error();
    if (!*after) return settle(key.sent);
    if ((*after)->sender == key.uid) return settle((*after)->own_ordinal - 1);
  }
  return known;
}

}  // namespace parley::store
