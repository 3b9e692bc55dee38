#include "bridge/presence/presence_rows.h"

#include <optional>
#include <utility>
#include <vector>

#include "core/store/keys.h"
#include "schemas/json.h"

namespace parley::bridge {
namespace {

constexpr std::string_view kPersonPrefix = "pu";  // user → PresenceRecord
constexpr std::string_view kRoomPrefix = "pr";    // rid → room
constexpr std::string_view kAliveKey = "pa";      // → wall clock, ms
constexpr size_t kRowsPerRead = 1'024;

std::string RoomKey(Rid rid) {
  return std::string(kRoomPrefix).append(store::BigEndian64(rid.value));
}

Error Damaged(const std::string& key) {
  return {Code::INTERNAL, "the row " + Printable(key, 80) +
                              " of presence is damaged: stop the bridge and move " +
                              "its own store away; it begins a new one"};
}

template <typename Visitor>
Status ForEachRow(const store::LocalStore& local, std::string_view prefix, Visitor visit) {
  std::string done;
  while (true) {
    const Result<std::vector<store::LocalStore::Row>> rows = local.Scan(prefix, done, kRowsPerRead);
    if (!rows) return rows.error();
    for (const store::LocalStore::Row& row : *rows) {
      if (!visit(row.key.substr(prefix.size()), row.value)) return Damaged(row.key);
      done = row.key;
    }
    if (rows->size() < kRowsPerRead) return {};
  }
}

}  // namespace

std::string PresenceKey(std::string_view user) {
  return std::string(kPersonPrefix).append(user);
}

Result<LoadedPresence> LoadPresence(const store::LocalStore& local, PresenceModel& model) {
  LoadedPresence loaded;
  const Result<std::optional<std::string>> alive = local.Get(kAliveKey);
  if (!alive) return alive.error();
  loaded.fresh = !*alive;
  if (*alive) {
    const std::optional<uint64_t> at_ms = store::ParseBigEndian64(**alive);
    if (!at_ms) return Damaged(std::string(kAliveKey));
    loaded.alive_ms = *at_ms;
  }
  Status persons =
      ForEachRow(local, kPersonPrefix, [&model](const std::string& user, const std::string& value) {
        internal::v1::PresenceRecord record;
        if (!ParseUserId(user) || !record.ParseFromString(value)) return false;
        model.Load(user, record);
        return true;
      });
  if (!persons) return std::move(persons).error();
  Status rooms = ForEachRow(local, kRoomPrefix, [&model](const std::string& key, const std::string& value) {
    const std::optional<uint64_t> rid = store::ParseBigEndian64(key);
    if (!rid || !ParseRoomId(value)) return false;
    model.LoadRoom(Rid{*rid}, value);
    return true;
  });
  if (!rooms) return std::move(rooms).error();
  return loaded;
}

void AddRows(const PresenceModel::Rows& rows, store::LocalBatch& batch) {
  for (const auto& [user, record] : rows.persons) {
    if (record) {
      batch.Put(PresenceKey(user), record->SerializeAsString());
    } else {
      batch.Delete(PresenceKey(user));
    }
  }
  for (const auto& [rid, name] : rows.rooms) {
    if (name) {
      batch.Put(RoomKey(rid), *name);
    } else {
      batch.Delete(RoomKey(rid));
    }
  }
}

void AddAlive(uint64_t wall_ms, store::LocalBatch& batch) {
  batch.Put(std::string(kAliveKey), store::BigEndian64(wall_ms));
}

}  // namespace parley::bridge
