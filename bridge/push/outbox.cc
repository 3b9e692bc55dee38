#include "bridge/push/outbox.h"

#include <mutex>

#include "bridge/push/push_rows.h"

namespace parley::bridge {

void PushBatch::Put(std::string_view own_key, std::string value) {
  batch_.Put(PushRowKey(own_key), std::move(value));
}

void PushBatch::Delete(std::string_view own_key) {
  batch_.Delete(PushRowKey(own_key));
}

void PushOutbox::Close() {
  open_ = false;
  const std::unique_lock lock(mutex_);
  ++epoch_;
}

std::optional<PushOutbox::Entry> PushOutbox::Enter() {
  if (!open_) return std::nullopt;
  std::shared_lock lock(mutex_);
  if (!open_) return std::nullopt;
  return Entry{std::move(lock), epoch_};
}

Result<std::optional<std::string>> PushOutbox::Get(std::string_view own_key) const {
  return local_.Get(PushRowKey(own_key));
}

Result<std::vector<PushOutbox::Row>> PushOutbox::Scan(std::string_view prefix, std::string_view after,
                                                      size_t limit) const {
  auto rows = local_.Scan(PushRowKey(prefix), after.empty() ? std::string() : PushRowKey(after), limit);
  if (!rows) return std::move(rows).error();
  const size_t whole = PushRowKey({}).size();
  std::vector<Row> own;
  own.reserve(rows->size());
  for (store::LocalStore::Row& row : *rows) own.push_back({row.key.substr(whole), std::move(row.value)});
  return own;
}

Status PushOutbox::Write(const PushBatch& batch, store::LocalStore::Durability durability) {
  if (batch.empty()) return {};
  return local_.Write(batch.batch(), durability);
}

}  // namespace parley::bridge
