#include "core/store/state_loader.h"

#include <functional>

#include <rocksdb/db.h>

#include "core/store/keys.h"
#include "core/store/store_errors.h"
#include "parley/v1/message.pb.h"

namespace parley::store {
namespace {

class Loader {
 public:
  Loader(rocksdb::DB& db, const Families& families) : db_(db), families_(families) {}

  // Calls visit(key, value) for each row of a tag; stops at the first error.
  template <typename Visitor>
  Status ForEach(StateTag tag, Visitor visit) {
    const std::string prefix = TagPrefix(tag);
    const std::unique_ptr<rocksdb::Iterator> rows(db_.NewIterator({}, families_.state));
    for (rows->Seek(prefix); rows->Valid() && rows->key().starts_with(prefix); rows->Next()) {
      if (!visit(rows->key().ToStringView(), rows->value().ToStringView())) {
        return Damaged("a row of state, tag " + prefix);
      }
    }
    if (!rows->status().ok()) return Unreadable(rows->status());
    return {};
  }

  template <typename Record>
  Status ForEachRecord(StateTag tag, std::function<bool(std::string_view key, Record record)> visit) {
    return ForEach(tag, [&visit](std::string_view key, std::string_view value) {
      Record record;
      return record.ParseFromArray(value.data(), static_cast<int>(value.size())) &&
             visit(key, std::move(record));
    });
  }

  Status LoadRows(Loaded& loaded, std::deque<Rid>& garbage) {
    domain::Directory& directory = loaded.directory;
    Status status =
        ForEachRecord<domain::ConfigRecord>(StateTag::kConfig, [&](std::string_view, auto record) {
          directory.Apply(std::move(record));
          return true;
        });
    if (!status) return status;
    status = ForEachRecord<domain::UserRecord>(StateTag::kUser, [&](std::string_view, auto record) {
      directory.Apply(std::move(record));
      return true;
    });
    if (!status) return status;
    status = ForEachRecord<domain::RoomRecord>(StateTag::kRoom, [&](std::string_view, auto record) {
      loaded.heads[Rid{record.rid()}] = {};
      directory.Apply(std::move(record));
      return true;
    });
    if (!status) return status;
    status = ForEachRecord<domain::MemberRecord>(StateTag::kMember, [&](std::string_view key, auto record) {
      const std::optional<IdPair> ids = ParseIdPair(key);
      if (ids) directory.Apply(domain::MemberPut{Rid{ids->first}, Uid{ids->second}, std::move(record)});
      return ids.has_value();
    });
    if (!status) return status;
    status = ForEach(StateTag::kSent, [&](std::string_view key, std::string_view value) {
      const std::optional<IdPair> ids = ParseIdPair(key);
      const std::optional<uint64_t> sent = ParseBigEndian64(value);
      if (ids && sent) directory.SetSent(Rid{ids->first}, Uid{ids->second}, *sent);
      return ids && sent;
    });
    if (!status) return status;
    if (status = LoadNamed(directory); !status) return status;
    status = ForEach(StateTag::kGarbage, [&](std::string_view key, std::string_view) {
      const std::optional<uint64_t> rid = ParseBigEndian64(key.substr(1));
      if (rid) garbage.push_back(Rid{*rid});
      return rid.has_value();
    });
    if (!status) return status;
    return ForEachRecord<domain::ClientRecord>(StateTag::kClient, [&](std::string_view, auto record) {
      loaded.clients.push_back(std::move(record));
      return true;
    });
  }

  Status LoadNamed(domain::Directory& directory) {
    const auto apply = [&directory](std::string_view, auto record) {
      directory.Apply(std::move(record));
      return true;
    };
    if (Status roles = ForEachRecord<domain::RoleRecord>(StateTag::kRole, apply); !roles) return roles;
    if (Status bindings = ForEachRecord<domain::BindingRecord>(StateTag::kBinding, apply); !bindings) {
      return bindings;
    }
    return ForEachRecord<domain::WebhookRecord>(StateTag::kWebhook, apply);
  }

  // Heads are not stored: the newest event of a room says it all.
  Status LoadHeads(Loaded& loaded) {
    const std::unique_ptr<StoreView> view = MakeRocksView(db_, families_, loaded.applied, nullptr);
    for (auto& [rid, head] : loaded.heads) {
      Result<Seq> seq = view->Head(rid);
      if (!seq) return Damaged(seq.error().reason);
      if (seq->value == 0) continue;
      Result<std::optional<StoredEvent>> newest = view->EventAt(rid, *seq);
      if (!newest) return Damaged(newest.error().reason);
      v1::Event event;
      if (!*newest || !event.ParseFromString((*newest)->bytes)) return Damaged("the newest event of a room");
      if (event.feed() > loaded.applied.value) return Damaged("an event is newer than the applied index");
      head = {.seq = *seq, .ordinal = (*newest)->ordinal, .ts_ms = event.ts_ms()};
    }
    return {};
  }

  // useq is not stored: the newest item says it.
  Status LoadInboxes(Loaded& loaded) {
    const std::unique_ptr<rocksdb::Iterator> rows(db_.NewIterator({}, families_.state));
    for (const domain::User* user : loaded.directory.UsersByName()) {
      const Uid uid{user->record.uid()};
      rows->SeekForPrev(InboxKey(uid, UINT64_MAX));
      if (rows->Valid() && rows->key().starts_with(InboxPrefix(uid))) {
        const std::optional<IdPair> ids = ParseIdPair(rows->key().ToStringView());
        if (!ids) return Damaged("a row of state, tag i");
        loaded.directory.SetUseq(uid, ids->second);
      }
      if (!rows->status().ok()) return Unreadable(rows->status());
    }
    return {};
  }

 private:
  rocksdb::DB& db_;
  const Families& families_;
};

}  // namespace

Status LoadState(rocksdb::DB& db, const Families& families, Loaded& loaded, std::deque<Rid>& garbage) {
  Loader loader(db, families);
  garbage.clear();
  if (Status rows = loader.LoadRows(loaded, garbage); !rows) return rows;
  if (Status inboxes = loader.LoadInboxes(loaded); !inboxes) return inboxes;
  return loader.LoadHeads(loaded);
}

}  // namespace parley::store
