#include "bridge/push/outbox_reader.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "bridge/push/ledger.h"
#include "bridge/push/limits.h"

namespace parley::bridge {
namespace {

using Durability = store::LocalStore::Durability;

constexpr std::initializer_list<uint32_t> kPriorities = {kPushUrgent, kPushOrdinary, kPushWithdraw};

Status ForEach(const PushOutbox& outbox, const std::string& prefix,
               const std::function<Status(std::vector<OutboxItem>&)>& take) {
  std::string after;
  while (true) {
    const auto rows = outbox.Scan(prefix, after, limits::kPushRowsPerSweep);
    if (!rows) return rows.error();
    std::vector<OutboxItem> items;
    for (const PushOutbox::Row& row : *rows) {
      after = row.key;
      OutboxItem item{row.key, {}};
      if (item.item.ParseFromString(row.value)) items.push_back(std::move(item));
    }
    if (Status taken = take(items); !taken) return taken;
    if (rows->size() < limits::kPushRowsPerSweep) return {};
  }
}

// Deletes all rows with this prefix, and writes down what became of them.
Status End(PushOutbox& outbox, const std::string& prefix,
           const std::function<PushFate(const PushItem&)>& fate) {
  return ForEach(outbox, prefix, [&](const std::vector<OutboxItem>& items) {
    PushBatch batch;
    for (const OutboxItem& item : items) {
      batch.Delete(item.key);
      PutFate(item.item, fate(item.item), batch);
    }
    return outbox.Write(batch, Durability::kProcess);
  });
}

}  // namespace

Result<std::vector<OutboxItem>> OutboxReader::Find(Which which, int64_t wall_ms, size_t count_max) {
  std::vector<OutboxItem> deferred;
  std::vector<OutboxItem> fresh;
  if (which != Which::kNew) {
    if (Status found = FindDeferred(wall_ms, count_max, deferred); !found) return std::move(found).error();
  }
  if (which != Which::kDeferred) {
    if (Status found = FindNew(count_max, fresh); !found) return std::move(found).error();
  }
  const size_t deferred_max = std::max(count_max / 2, count_max - std::min(count_max, fresh.size()));
  deferred.resize(std::min(deferred.size(), deferred_max));
  fresh.resize(std::min(fresh.size(), count_max - deferred.size()));
  if (!deferred.empty()) deferred_up_to_ = deferred.back().key;
  for (const OutboxItem& item : fresh) new_up_to_[item.item.priority()] = item.key;
  std::move(fresh.begin(), fresh.end(), std::back_inserter(deferred));
  return deferred;
}

void OutboxReader::ReadAnew() {
  new_up_to_.clear();
  deferred_up_to_.clear();
}

Status OutboxReader::FindDeferred(int64_t wall_ms, size_t count_max, std::vector<OutboxItem>& found) {
  next_due_ms_.reset();
  const auto rows = outbox_.Scan(DeferredPrefix(provider_), deferred_up_to_, count_max);
  if (!rows) return rows.error();
  for (const PushOutbox::Row& row : *rows) {
    const std::optional<int64_t> not_before_ms = NotBeforeOf(row.key);
    if (not_before_ms && *not_before_ms > wall_ms) {
      next_due_ms_ = not_before_ms;
      return {};
    }
    OutboxItem item{row.key, {}};
    if (item.item.ParseFromString(row.value)) found.push_back(std::move(item));
  }
  return {};
}

Status OutboxReader::FindNew(size_t count_max, std::vector<OutboxItem>& found) {
  for (const uint32_t priority : kPriorities) {
    if (found.size() >= count_max) return {};
    const auto rows =
        outbox_.Scan(QueuedPrefix(provider_, priority), new_up_to_[priority], count_max - found.size());
    if (!rows) return rows.error();
    for (const PushOutbox::Row& row : *rows) {
      OutboxItem item{row.key, {}};
      if (item.item.ParseFromString(row.value)) found.push_back(std::move(item));
    }
  }
  return {};
}

Status RecoverSending(PushOutbox& outbox, v1::Push::Provider provider, const std::string& boot,
                      int64_t wall_ms) {
  return ForEach(outbox, SendingPrefix(provider), [&](std::vector<OutboxItem>& items) -> Status {
    PushBatch batch;
    for (OutboxItem& found : items) {
      PushItem& item = found.item;
      const auto started = outbox.Get(StartedKey(item));
      if (!started) return started.error();
      batch.Delete(found.key);
      batch.Delete(StartedKey(item));
      if (*started || boot.empty() || item.boot() != boot) {
        PutFate(item,
                {.state = v1::Push::UNKNOWN,
                 .reason = v1::Push::NO_ANSWER,
                 .answered_ms = wall_ms,
                 .detail = "the bridge was stopped before the answer came"},
                batch);
        continue;
      }
      item.clear_boot();
      item.set_attempts(item.attempts() - std::min(item.attempts(), 1U));
      item.set_not_before_ms(0);
      batch.Put(QueuedKey(item), item.SerializeAsString());  // no newer message takes its place
      PutFate(item, {.state = v1::Push::WAITING}, batch);
    }
    return outbox.Write(batch, Durability::kProcess);
  });
}

Status LoadDeferred(const PushOutbox& outbox, v1::Push::Provider provider, CollapseIndex& deferred) {
  deferred.Clear();
  return ForEach(outbox, DeferredPrefix(provider), [&](const std::vector<OutboxItem>& items) {
    for (const OutboxItem& item : items) deferred.Add(item.item);
    return Status();
  });
}

Status GiveUpAll(PushOutbox& outbox, v1::Push::Provider provider, const std::string& boot, int64_t wall_ms) {
  if (Status recovered = RecoverSending(outbox, provider, boot, wall_ms); !recovered) return recovered;
  const auto fate = [](const PushItem& item) { return SuppressedFate(item, v1::Push::NOT_CONFIGURED); };
  for (const uint32_t priority : kPriorities) {
    if (Status ended = End(outbox, QueuedPrefix(provider, priority), fate); !ended) return ended;
  }
  return End(outbox, DeferredPrefix(provider), fate);
}

size_t CountWaiting(const PushOutbox& outbox, v1::Push::Provider provider) {
  size_t count = 0;
  const auto add = [&](const std::string& prefix) {
    if (count >= limits::kPushWaitingCountedMax) return;
    const auto rows = outbox.Scan(prefix, {}, limits::kPushWaitingCountedMax - count);
    if (rows) count += rows->size();
  };
  for (const uint32_t priority : kPriorities) add(QueuedPrefix(provider, priority));
  add(DeferredPrefix(provider));
  return count;
}

}  // namespace parley::bridge
