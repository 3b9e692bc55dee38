// What comes of the requests, what is kept of it, and what administrators do: the other half of the engine.

#include <algorithm>

#include "bridge/service/limits.h"
#include "bridge/webhooks/hook_request.h"
#include "bridge/webhooks/limits.h"
#include "bridge/webhooks/webhook_engine.h"
#include "schemas/json.h"

namespace parley::bridge {

using Durability = store::LocalStore::Durability;

void WebhookEngine::TakeAnswers(FeedTime now) {
  std::vector<Answer> answers;
  {
    const std::lock_guard lock(inbox_->mutex);
    answers.swap(inbox_->answers);
  }
  for (const Answer& answer : answers) TakeAnswer(answer, now);
}

void WebhookEngine::TakeAnswer(const Answer& answer, FeedTime now) {
  Hook* const hook = Find(answer.whose);
  if (hook == nullptr) return;
  HookState& state = hook->state;
  const HookVerdict verdict = JudgeAnswer(answer.answer, now.wall_ms);
  hook->changed = true;
  state.last_attempt_ms = static_cast<uint64_t>(now.wall_ms);
  const bool answered = answer.answer.kind == HttpAnswer::Kind::kAnswered;
  state.last_status = answered ? static_cast<uint32_t>(answer.answer.status) : 0;
  if (verdict.kind == HookVerdict::Kind::kTaken) {
    ++state.delivered;
    if (!state.last_error.empty()) Say(answer.whose.webhook, "events are taken again");
    state.last_error.clear();
    hook->queue.Delivered(answer.rid);
    return;
  }
  TakeFailure(*hook, answer.rid, EventId(answer.rid, answer.seq) + ": " + verdict.error,
              verdict.retry_after_ms, now);
  if (verdict.kind == HookVerdict::Kind::kGone && !state.paused) PauseHook(*hook, verdict.error, now);
}

void WebhookEngine::TakeFailure(Hook& hook, Rid rid, const std::string& what,
                                std::optional<int64_t> retry_after_ms, FeedTime now) {
  HookState& state = hook.state;
  ++state.failed_attempts;
  hook.changed = true;
  const std::string error = Printable(what, limits::kWebhookWhyBytesMax);
  if (state.last_error.empty()) Say(hook.record->webhook(), error + "; trying again");
  state.last_error = error;
  const bool too_often = hook.queue.Failed(rid, retry_after_ms, now.steady_ms, parts_.random());
  if (!too_often || state.paused) return;
  PauseHook(hook, "it failed too often; the last time, event " + error, now);
}

void WebhookEngine::PauseHook(Hook& hook, const std::string& why, FeedTime now) {
  hook.state.paused = true;
  hook.state.why = Printable(why, limits::kWebhookWhyBytesMax);
  hook.state.paused_ms = static_cast<uint64_t>(now.wall_ms);
  hook.changed = true;
  Say(hook.record->webhook(),
      "paused: " + hook.state.why + " (parley admin webhooks resume " + hook.record->webhook() + ")");
}

Status WebhookEngine::Keep(FeedTime now) {
  const bool all = now.steady_ms >= next_keep_ms_;
  store::LocalBatch batch;
  std::vector<Hook*> kept;
  for (auto& [webhook, hook] : hooks_) {
    if (!hook.changed && !(all && hook.moved)) continue;
    batch.Put(HookKey(webhook), RowOf(hook));
    kept.push_back(&hook);
  }
  if (batch.empty()) return {};
  if (Status written = parts_.local.Write(batch, Durability::kProcess); !written) return written;
  for (Hook* const hook : kept) hook->changed = hook->moved = false;
  if (all) next_keep_ms_ = now.steady_ms + limits::kWebhookRecordsMs;
  return {};
}

std::string WebhookEngine::RowOf(const Hook& hook) const {
  HookState state = hook.state;
  state.place = hook.queue.place();
  return EncodeHook(state, hook.store_id, LogIndex{hook.record->created_feed()});
}

WebhookEngine::Hook* WebhookEngine::Find(const Whose& whose) {
  const auto found = hooks_.find(whose.webhook);
  return found != hooks_.end() && found->second.number == whose.number ? &found->second : nullptr;
}

WebhookEngine::Hook& WebhookEngine::Ensure(const domain::WebhookRecord& record,
                                           const store::StoreId& store_id) {
  const auto found = hooks_.find(record.webhook());
  if (found != hooks_.end()) {
    Hook& hook = found->second;
    const bool same = hook.store_id == store_id && hook.record->created_feed() == record.created_feed();
    // The log ends before what was read of it: the store is an older backup.
    const bool shorter = committed_ && hook.queue.read() > *committed_;
    if (same && !shorter) {
      if (hook.record->changed_feed() < record.changed_feed()) {
        hook.record = std::make_shared<domain::WebhookRecord>(record);
      }
      return hook;
    }
    HookState state = hook.state;
    state.place = hook.queue.place();
    kept_[record.webhook()] = {std::move(state), hook.store_id, LogIndex{hook.record->created_feed()}};
    hooks_.erase(found);
  }
  return hooks_.emplace(record.webhook(), MakeHook(record, store_id)).first->second;
}

WebhookEngine::Hook WebhookEngine::MakeHook(const domain::WebhookRecord& record,
                                            const store::StoreId& store_id) {
  HookState state;
  state.place.offset = {record.created_feed()};
  if (const auto kept = kept_.extract(record.webhook())) {
    KeptHook& row = kept.mapped();
    if (row.store_id == store_id && row.created.value == record.created_feed()) {
      state = std::move(row.state);
    } else {
      Say(record.webhook(), "it is another one than before, or the store is; begins after log index " +
                                std::to_string(record.created_feed()));
    }
  }
  if (committed_ && state.place.offset > *committed_) {
    Say(record.webhook(), "the store ends at log index " + std::to_string(committed_->value) + ", before " +
                              std::to_string(state.place.offset.value) +
                              " where it stood (an older backup?); begins after the store's end");
    state.place = {*committed_, {}};
  }
  HookQueue queue(parts_.patience, state.place);
  return {.record = std::make_shared<domain::WebhookRecord>(record),
          .store_id = store_id,
          .state = std::move(state),
          .queue = std::move(queue),
          .number = ++last_number_,
          .changed = false,
          .moved = true};
}

HookStatus WebhookEngine::StatusOf(const Hook& hook) const {
  HookStatus status;
  status.webhook = hook.record->webhook();
  status.state = hook.state;
  status.disabled = hook.record->disabled();
  status.state.place = hook.queue.place();
  status.waiting = hook.queue.waiting();
  status.rooms_failing = hook.queue.rooms_failing();
  if (!committed_) return status;
  status.head = *committed_;
  const LogIndex offset = status.state.place.offset;
  if (offset < status.head) status.lag_entries = status.head.value - offset.value;
  return status;
}

std::vector<HookStatus> WebhookEngine::statuses() const {
  const std::lock_guard lock(mutex_);
  std::vector<HookStatus> statuses;
  for (const auto& [webhook, hook] : hooks_) statuses.push_back(StatusOf(hook));
  return statuses;
}

HookStatus WebhookEngine::Describe(const Found& found) {
  const std::lock_guard lock(mutex_);
  return StatusOf(Ensure(found.record, found.store_id));
}

Status WebhookEngine::Pause(const Found& found) {
  const std::lock_guard lock(mutex_);
  Hook& hook = Ensure(found.record, found.store_id);
  if (hook.state.paused) return Error{Code::FAILED_PRECONDITION, "it is paused already: " + hook.state.why};
  const HookState before = hook.state;
  hook.state.paused = true;
  hook.state.why = "an administrator has paused it";
  hook.state.paused_ms = static_cast<uint64_t>(parts_.clock().wall_ms);
  store::LocalBatch batch;
  batch.Put(HookKey(found.record.webhook()), RowOf(hook));
  Status kept = parts_.local.Write(batch, Durability::kDisk);
  if (!kept) hook.state = before;
  return kept;
}

Status WebhookEngine::Resume(const Found& found) {
  {
    const std::lock_guard lock(mutex_);
    Hook& hook = Ensure(found.record, found.store_id);
    if (!hook.state.paused) return Error{Code::FAILED_PRECONDITION, "it is not paused"};
    const HookState before = hook.state;
    hook.state.paused = false;
    hook.state.why.clear();
    hook.state.paused_ms = 0;
    store::LocalBatch batch;
    batch.Put(HookKey(found.record.webhook()), RowOf(hook));
    if (Status kept = parts_.local.Write(batch, Durability::kDisk); !kept) {
      hook.state = before;
      return kept;
    }
    hook.queue.Forgive();
  }
  parts_.wake();
  return {};
}

Result<HttpClient*> WebhookEngine::Client() {
  if (client_) return client_.get();
  Result<std::unique_ptr<HttpClient>> started = parts_.start_client();
  if (!started) return std::move(started).error();
  client_ = *std::move(started);
  return client_.get();
}

void WebhookEngine::Test(const domain::WebhookRecord& webhook, std::function<void(Result<HttpAnswer>)> done) {
  std::string id = "test-";
  {
    const std::lock_guard lock(mutex_);
    id += std::to_string(parts_.random());
  }
  Result<HttpRequest> request =
      SignedRequest(webhook, parts_.policy, id, TestBody(webhook), parts_.clock().wall_ms, parts_.user_agent);
  if (!request) return done(std::move(request).error());
  Result<HttpClient*> client = [this] {
    const std::lock_guard lock(mutex_);
    return Client();
  }();
  if (!client) return done(std::move(client).error());
  (*client)->Send(*std::move(request),
                  [done = std::move(done)](HttpAnswer answer) { done(std::move(answer)); });
}

}  // namespace parley::bridge
