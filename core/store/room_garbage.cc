#include "core/store/room_garbage.h"

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/store/keys.h"

namespace parley::store {

void RoomGarbage::FreeSome(rocksdb::DB& db, const Families& families, rocksdb::WriteBatch& batch) {
  if (rooms_.empty()) return;
  const Rid rid = rooms_.front();
  // A WriteBatch without limits cannot refuse a record.
  const auto free = [&batch](rocksdb::ColumnFamilyHandle* family, std::string_view key) {
    batch.Delete(family, rocksdb::Slice(key.data(), key.size())).PermitUncheckedError();
  };
  const std::unique_ptr<rocksdb::Iterator> rows(db.NewIterator({}, families.events));
  size_t count = 0;
  for (rows->Seek(EventKey(rid, freed_up_to_)); rows->Valid(); rows->Next()) {
    const std::optional<IdPair> ids = ParseEventKey(rows->key().ToStringView());
    if (!ids || ids->first != rid.value) break;
    if (count++ == kFreedPerWrite) {
      freed_up_to_ = Seq{ids->second};
      return;
    }
    free(families.events, rows->key().ToStringView());
  }
  const std::unique_ptr<rocksdb::Iterator> mentions(db.NewIterator({}, families.state));
  const std::string prefix = MentionPrefix(rid);
  for (mentions->Seek(prefix); mentions->Valid() && mentions->key().starts_with(prefix); mentions->Next()) {
    if (count++ == kFreedPerWrite) return;
    free(families.state, mentions->key().ToStringView());
  }
  // Else tried again after a restart.
  if (rows->status().ok() && mentions->status().ok()) free(families.state, GarbageKey(rid));
  rooms_.pop_front();
  freed_up_to_ = {};
}

}  // namespace parley::store
