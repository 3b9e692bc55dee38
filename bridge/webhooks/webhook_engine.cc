#include "bridge/webhooks/webhook_engine.h"

#include <algorithm>

#include "bridge/feed/rows.h"
#include "bridge/service/limits.h"
#include "bridge/service/visible_room.h"
#include "bridge/webhooks/hook_request.h"
#include "bridge/webhooks/limits.h"
#include "schemas/limits.h"

namespace parley::bridge {

using Durability = store::LocalStore::Durability;

WebhookEngine::WebhookEngine(Parts parts) : parts_(std::move(parts)) {}

Status WebhookEngine::Load() {
  const std::string prefix = HookPrefix();
  const auto rows = parts_.local.Scan(prefix, {}, parley::limits::kWebhooksMax * 2);
  if (!rows) return rows.error();
  const std::lock_guard lock(mutex_);
  for (const store::LocalStore::Row& row : *rows) {
    const std::string webhook = row.key.substr(prefix.size());
    std::optional<KeptHook> kept = ParseHook(row.value);
    if (!kept) return DamagedRow("the position of webhook " + webhook);
    kept_[webhook] = *std::move(kept);
  }
  return {};
}

void WebhookEngine::Heard(LogIndex committed) {
  {
    const std::lock_guard lock(mutex_);
    if (committed_ && *committed_ >= committed) return;
    committed_ = committed;
    if (!std::exchange(wake_by_news_, false)) return;
  }
  parts_.wake();
}

void WebhookEngine::Lost() {
  const std::lock_guard lock(mutex_);
  committed_.reset();
  ++connection_;
  wake_by_news_ = true;
}

int64_t WebhookEngine::Step() {
  const FeedTime now = parts_.clock();
  std::unique_lock lock(mutex_);
  TakeAnswers(now);
  if (now.steady_ms < not_before_ms_) return not_before_ms_;
  const auto pause = [&](const Error& why, int64_t pause_ms) {
    if (!std::exchange(quiet_, true)) parts_.log(why.reason + "; trying again");
    return not_before_ms_ = now.steady_ms + pause_ms;
  };
  if (const Status kept = Keep(now); !kept) return pause(kept.error(), limits::kFeedRetryLastMs);
  if (held_ && held_->connection != connection_) GiveBack(*std::exchange(held_, std::nullopt));
  if (!committed_) {
    wake_by_news_ = true;
    return now.steady_ms + limits::kFeedIdleMs;
  }
  if (!held_) {
    Look look = Plan(now);
    if (look.empty()) return Until(now);
    lock.unlock();
    const Status read = Read(look);
    const int64_t read_ms = parts_.clock().steady_ms;
    lock.lock();
    NoteView(look, now.steady_ms, read_ms);
    if (!read) {
      GiveBack(look);
      return pause(read.error(), limits::kFeedStoreRetryMs);
    }
    quiet_ = false;
    held_ = std::move(look);
  }
  if (held_->connection == connection_ && committed_ && *committed_ >= held_->needs) {
    CarryOut(*std::exchange(held_, std::nullopt), now);
    return now.steady_ms;
  }
  wake_by_news_ = true;
  return now.steady_ms + limits::kFeedIdleMs;
}

int64_t WebhookEngine::Until(FeedTime now) const {
  int64_t until_ms = now.steady_ms + limits::kFeedIdleMs;
  for (const auto& [webhook, hook] : hooks_) {
    if (!hook.active()) continue;
    if (const auto due_ms = hook.queue.due_ms()) until_ms = std::min(until_ms, *due_ms);
    // News finds a time for the next look; without news there is nothing to look at.
    if (hook.queue.read() < *committed_ && hook.queue.wants_more()) {
      until_ms = std::min(until_ms, hook.queue.read() < seen_ ? now.steady_ms : MoveMs());
    }
  }
  return std::max(until_ms, now.steady_ms + 1);
}

WebhookEngine::Look WebhookEngine::Plan(FeedTime now) {
  Look look;
  look.connection = connection_;
  look.last = *committed_;
  const bool may_move = now.steady_ms >= MoveMs();
  wake_by_news_ = false;
  for (auto& [webhook, hook] : hooks_) {
    if (!hook.active()) continue;
    const Whose whose{webhook, hook.number};
    const bool behind = hook.queue.read() < *committed_;
    if (behind && hook.queue.wants_more() && (may_move || hook.queue.read() < seen_)) {
      look.scans.push_back({whose, hook.queue.read()});
      look.at_least = std::max(look.at_least, LogIndex{hook.queue.read().value + 1});
    }
    wake_by_news_ = wake_by_news_ || !behind;
    for (HookRun& run : hook.queue.Next(now.steady_ms)) {
      look.at_least = std::max(look.at_least, run.events.back().feed);
      look.loads.push_back({.whose = whose, .record = hook.record, .run = std::move(run)});
    }
  }
  const bool is_time = may_move && *committed_ != looked_ && now.steady_ms >= next_records_ms_;
  look.records = is_time || !look.scans.empty();
  if (is_time) {
    look.at_least = *committed_;
    next_records_ms_ = now.steady_ms + limits::kWebhookRecordsMs;
  }
  return look;
}

int64_t WebhookEngine::MoveMs() const {
  const bool is_waited_for = std::any_of(hooks_.begin(), hooks_.end(), [this](const auto& each) {
    const Hook& hook = each.second;
    return hook.active() && (hook.queue.waiting() > 0 || hook.queue.read() < seen_);
  });
  return is_waited_for ? next_busy_move_ms_ : next_move_ms_;
}

void WebhookEngine::NoteView(const Look& look, int64_t begun_ms, int64_t done_ms) {
  if (look.needs.value == 0 || look.needs == seen_) return;
  seen_ = look.needs;
  next_move_ms_ = done_ms + limits::kFeedPauseMs;
  next_busy_move_ms_ = done_ms + std::clamp(limits::kWebhookMoveRest * (done_ms - begun_ms),
                                            limits::kFeedPauseMs, limits::kWebhookMoveRestMsMax);
}

Status WebhookEngine::Read(Look& look) const {
  const Result<std::unique_ptr<store::StoreView>> opened = parts_.reader.View(look.at_least);
  if (!opened) return opened.error();
  const store::StoreView& view = **opened;
  look.needs = view.applied();
  const Result<store::StoreId> id = view.Id();
  if (!id) return id.error();
  look.store_id = *id;
  if (look.records) {
    auto found = view.Webhooks(parley::limits::kWebhooksMax);
    if (!found) return found.error();
    look.found = *std::move(found);
  }
  // What is newer than the view comes with the next one.
  const LogIndex last = std::min(look.last, view.applied());
  for (const Scan& scan : look.scans) {
    const auto [place, is_new] = look.entries.try_emplace(scan.after);
    if (!is_new) continue;
    auto entries = view.Feed({.after = scan.after,
                              .last = last,
                              .limit = limits::kFeedEntriesPerRead,
                              .items_max = limits::kFeedItemsPerRead});
    if (!entries) return entries.error();
    place->second.through = entries->empty() ? last : entries->back().index;
    place->second.entries = *std::move(entries);
  }
  for (EventLoad& load : look.loads) {
    if (Status read = ReadLoad(view, load); !read) load.failure = std::move(read).error();
  }
  return {};
}

Status WebhookEngine::ReadLoad(const store::StoreView& view, EventLoad& load) const {
  for (const HookEvent& event : load.run.events) {
    load.seq = event.seq;
    const auto stored = view.EventAt(load.run.rid, event.seq);
    if (!stored) return stored.error();
    if (*stored) {
      const Result<v1::Event> parsed = ParseEvent(**stored);
      if (!parsed) return parsed.error();
      if (WantsEvent(*load.record, *parsed)) {
        load.body = EventBody(*load.record, *parsed);
        return {};
      }
    }
    ++load.skipped;
  }
  return {};
}

void WebhookEngine::GiveBack(const Look& look) {
  for (const EventLoad& load : look.loads) {
    if (Hook* const hook = Find(load.whose)) hook->queue.Release(load.run.rid);
  }
}

void WebhookEngine::CarryOut(Look look, FeedTime now) {
  if (look.records) CarryOutRecords(look);
  for (const Scan& scan : look.scans) {
    Hook* const hook = Find(scan.whose);
    if (hook == nullptr) continue;
    const Look::Entries& found = look.entries.at(scan.after);
    for (const store::FeedEntry& entry : found.entries) {
      if (!entry.damage.empty()) {
        Say(scan.whose.webhook, "entry " + std::to_string(entry.index.value) +
                                    " is damaged, and is passed over: " + entry.damage);
      }
    }
    hook->queue.Take(found.entries, found.through, Rid{hook->record->rid()});
    hook->moved = true;
  }
  for (EventLoad& load : look.loads) {
    Hook* const hook = Find(load.whose);
    if (hook == nullptr || hook->store_id != look.store_id) continue;
    const Rid rid = load.run.rid;
    for (size_t i = 0; i < load.skipped; ++i) hook->queue.Skip(rid);
    hook->moved = hook->moved || load.skipped > 0;
    if (load.failure) {
      TakeFailure(*hook, rid, "seq " + std::to_string(load.seq.value) + ": " + load.failure->reason, {}, now);
    } else if (load.body.empty() || !hook->active()) {
      hook->queue.Release(rid);
    } else {
      Send(*hook, load, now);
    }
  }
}

void WebhookEngine::CarryOutRecords(const Look& look) {
  looked_ = std::min(look.last, look.needs);
  std::map<std::string, bool, std::less<>> there;
  for (const domain::WebhookRecord& record : look.found) {
    Ensure(record, look.store_id);
    there[record.webhook()] = true;
  }
  std::vector<std::string> gone;
  for (const auto& [webhook, hook] : hooks_) {
    // One that an administrator's query has found may be newer than this look.
    if (there.count(webhook) == 0 && hook.record->created_feed() <= look.needs.value) gone.push_back(webhook);
  }
  for (const auto& [webhook, kept] : kept_) gone.push_back(webhook);
  if (gone.empty()) return;
  store::LocalBatch batch;
  for (const std::string& webhook : gone) batch.Delete(HookKey(webhook));
  // A row that stays is found again after the next start.
  (void)parts_.local.Write(batch, Durability::kProcess).has_value();
  for (const std::string& webhook : gone) {
    kept_.erase(webhook);
    hooks_.erase(webhook);
  }
}

void WebhookEngine::Send(Hook& hook, EventLoad& load, FeedTime now) {
  const Rid rid = load.run.rid;
  Result<HttpRequest> request = SignedRequest(*hook.record, parts_.policy, EventId(rid, load.seq),
                                              std::move(load.body), now.wall_ms, parts_.user_agent);
  if (!request) {
    hook.queue.Release(rid);
    return PauseHook(hook, request.error().reason, now);
  }
  const Result<HttpClient*> client = Client();
  if (!client) {
    TakeFailure(hook, rid, client.error().reason, {}, now);
    return;
  }
  (*client)->Send(*std::move(request), [inbox = inbox_, wake = parts_.wake, whose = load.whose, rid,
                                        seq = load.seq](HttpAnswer answer) {
    {
      const std::lock_guard lock(inbox->mutex);
      inbox->answers.push_back({whose, rid, seq, std::move(answer)});
    }
    wake();
  });
}

}  // namespace parley::bridge
