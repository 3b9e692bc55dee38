#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/domain/state_machine.h"
#include "core/store/keys.h"
#include "core/store/rocks_view.h"
#include "schemas/result.h"

namespace rocksdb {
class WriteBatch;
}

namespace parley::store {

// What the pending batch holds and commands behind it must see before it is written: members' rows with their
// cursors, mentions, users' devices, and where the new events stand. The batch itself cannot be looked into.
// Commit thread.
class PendingState {
 public:
  explicit PendingState(rocksdb::WriteBatch& batch) : batch_(batch) {}

  // Rows of `state`, into the batch and remembered. kMember, kMention and kPush only.
  void Put(rocksdb::ColumnFamilyHandle* state, const std::string& key, std::string value);
  void Delete(rocksdb::ColumnFamilyHandle* state, const std::string& key);
  // Deletes the oldest mentions of a member up to `last`, at most `limit`. What cannot be read now stays: it
  // lies before the cursor, and the next move finds it again.
  void DeleteMentions(rocksdb::DB& db, const Families& families, Rid rid, Uid uid, Seq last, size_t limit);
  void AddEvent(const domain::NewEvent& event);

  // The member's row, and the ordinals that the key asks for: found at the nearest message of their own, at
  // what is known of the cursor, or at the end, whichever is at most limits::kCursorStepMax away. INTERNAL
  // when a row is damaged or cannot be read.
  Result<domain::KnownCursor> Find(rocksdb::DB& db, const Families& families,
                                   const domain::CursorKey& key) const;

  // The member's row as the batch leaves it; an empty one when there is none. INTERNAL as above.
  Result<domain::MemberRecord> Member(rocksdb::DB& db, const Families& families, Rid rid, Uid uid) const;

  // The devices of a user that want notifications, as the batch leaves them. INTERNAL as above.
  Result<std::optional<domain::PushRecord>> Push(rocksdb::DB& db, const Families& families, Uid uid) const;

  // The batch is written.
  void Clear();

 private:
  // A row of `state` as the batch leaves it; nullopt: there is none.
  Result<std::optional<std::string>> RowAt(rocksdb::DB& db, const Families& families,
                                           const std::string& key) const;

  struct Row {
    uint64_t seq;
    uint64_t ordinal;
    uint64_t own_ordinal;
    Uid sender;
  };
  class Scan;

  rocksdb::WriteBatch& batch_;
  std::map<std::string, std::optional<std::string>, std::less<>> rows_;  // nullopt: deleted
  std::unordered_map<Rid, std::vector<Row>> events_;                     // of a room in order, without a gap
};

}  // namespace parley::store
