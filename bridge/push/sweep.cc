#include "bridge/push/sweep.h"

#include <algorithm>

#include "bridge/push/limits.h"
#include "bridge/push/push_rows.h"

namespace parley::bridge {

PushSweep::PushSweep(PushOutbox& outbox, Limits limits)
    : outbox_(outbox),
      limits_(limits),
      messages_{.prefix = kLedgerTimePrefix, .rows_max = limits.messages_max},
      commits_{.prefix = kTimelinePrefix, .rows_max = limits.commits_max} {}

void PushSweep::BeginAnew() {
  for (Count* count : {&messages_, &commits_}) {
    count->after.clear();
    count->counted = 0;
    count->too_many = 0;
  }
}

Result<bool> PushSweep::Step(int64_t wall_ms) {
  for (Count* count : {&messages_, &commits_}) {
    if (Status counted = CountOn(*count); !counted) return std::move(counted).error();
  }
  const Result<bool> more_messages =
      FreeOldest(messages_, [&](const PushOutbox::Row& row, bool too_many, PushBatch& batch) {
        return FreeLedger(row, wall_ms, too_many, batch);
      });
  if (!more_messages) return more_messages.error();
  const Result<bool> more_commits =
      FreeOldest(commits_, [&](const PushOutbox::Row& row, bool too_many, PushBatch& batch) -> Result<bool> {
        const auto times = ParseCommitTimes(row.key, row.value);
        const bool old = !times || static_cast<int64_t>(times->committed_ms) + limits_.keep_ms <= wall_ms;
        if (!old && !too_many) return false;
        batch.Delete(row.key);
        return true;
      });
  if (!more_commits) return more_commits.error();
  return *more_messages || *more_commits;
}

Status PushSweep::CountOn(Count& count) {
  const auto rows = outbox_.Scan(count.prefix, count.after, limits::kPushRowsPerCount);
  if (!rows) return rows.error();
  count.counted += rows->size();
  if (rows->size() == limits::kPushRowsPerCount) {
    count.after = rows->back().key;
    return {};
  }
  count.too_many = count.counted > count.rows_max ? count.counted - count.rows_max : 0;
  count.counted = 0;
  count.after.clear();
  return {};
}

Result<bool> PushSweep::FreeOldest(Count& count, const Free& free) {
  const auto rows = outbox_.Scan(count.prefix, {}, limits::kPushRowsPerSweep);
  if (!rows) return rows.error();
  PushBatch batch;
  size_t freed = 0;
  for (const PushOutbox::Row& row : *rows) {
    const Result<bool> done = free(row, freed < count.too_many, batch);
    if (!done) return done.error();
    if (!*done) break;
    ++freed;
  }
  if (Status written = outbox_.Write(batch, store::LocalStore::Durability::kProcess); !written) {
    return std::move(written).error();
  }
  count.too_many -= std::min(count.too_many, freed);
  return freed == limits::kPushRowsPerSweep;
}

Result<bool> PushSweep::FreeLedger(const PushOutbox::Row& row, int64_t wall_ms, bool too_many,
                                   PushBatch& batch) {
  const std::optional<LedgerTime> time = ParseLedgerTimeKey(row.key);
  if (time && time->wall_ms + limits_.keep_ms > wall_ms && !too_many) return false;
  batch.Delete(row.key);
  if (!time) return true;
  batch.Delete(DeletedKey(time->rid, time->seq));
  const std::string prefix = LedgerKey(time->rid, time->seq);
  std::string after;
  while (true) {
    const auto rows = outbox_.Scan(prefix, after, limits::kPushRowsPerSweep);
    if (!rows) return rows.error();
    for (const PushOutbox::Row& ledger : *rows) {
      after = ledger.key;
      batch.Delete(ledger.key);
      if (const auto device = DeviceOfLedgerKey(ledger.key)) {
        batch.Delete(ShownKey(device->uid, time->rid, time->seq, device->number));
      }
    }
    if (rows->size() < limits::kPushRowsPerSweep) return true;
  }
}

}  // namespace parley::bridge
