#include "bridge/push/sender.h"

#include <algorithm>
#include <utility>

#include "bridge/push/ledger.h"
#include "bridge/push/limits.h"
#include "bridge/service/limits.h"

namespace parley::bridge {
namespace {

using Durability = store::LocalStore::Durability;
using Kind = PushVerdict::Kind;

// Between two looks when nothing wakes it, while the outbox is closed, and after something failed.
constexpr int64_t kIdleMs = 1'000;
constexpr int64_t kClosedMs = 100;
constexpr int64_t kFailedMs = 200;
// Rows that were passed by come into sight again (a dead letter that was replayed is older than they are).
constexpr int64_t kReadAnewMs = 30'000;
// The longest pause after a sign-in that failed.
constexpr uint32_t kSignInDoublingsMax = 5;

}  // namespace

PushSender::PushSender(PushSenderParts parts)
    : parts_(std::move(parts)), due_(parts_.outbox, parts_.provider.kind()) {}

int64_t PushSender::Step() {
  const FeedTime now = parts_.clock();
  const std::optional<PushOutbox::Entry> entry = parts_.outbox.Enter();
  if (!entry) return now.steady_ms + kClosedMs;
  if (epoch_ != entry->epoch && !Begin(entry->epoch, now.wall_ms)) return now.steady_ms + kFailedMs;
  if (now.steady_ms >= read_anew_ms_) {
    due_.ReadAnew();
    read_anew_ms_ = now.steady_ms + kReadAnewMs;
  }
  TakeSignInAnswer(now);
  if (!TakeAnswers(now)) return now.steady_ms + kFailedMs;
  more_ = false;
  if (!signing_in_ && now.steady_ms >= paused_until_ms_) {
    SendTests(now);
    if (!SendDue(now)) {
      due_.ReadAnew();
      return now.steady_ms + kFailedMs;
    }
  }
  parts_.own_counters.in_flight = in_flight_.size();
  parts_.own_counters.blocked = blocked_;
  if (more_) return now.steady_ms;
  int64_t next_ms = now.steady_ms + kIdleMs;
  if (paused_until_ms_ > now.steady_ms) next_ms = std::min(next_ms, paused_until_ms_);
  if (const auto due_ms = due_.next_due_ms()) {
    next_ms = std::min(next_ms, now.steady_ms + std::max<int64_t>(1, *due_ms - now.wall_ms));
  }
  return next_ms;
}

void PushSender::Finish() {
  const std::optional<PushOutbox::Entry> entry = parts_.outbox.Enter();
  if (entry && epoch_ == entry->epoch) TakeAnswers(parts_.clock());
}

bool PushSender::SendTest(Uid uid, const std::string& user, PushDeviceRecord device) {
  {
    const std::lock_guard lock(mutex_);
    if (tests_.size() >= limits::kPushTestsWaitingMax) return false;
    tests_.push_back({uid, user, std::move(device)});
  }
  parts_.wake();
  return true;
}

bool PushSender::Begin(uint64_t epoch, int64_t wall_ms) {
  // Another store: whatever was under way belongs to the old one.
  if (Status recovered = RecoverSending(parts_.outbox, provider(), parts_.boot, wall_ms); !recovered) {
    Complain("read the outbox", recovered.error().reason);
    return false;
  }
  if (Status loaded = LoadDeferred(parts_.outbox, provider(), deferred_); !loaded) {
    Complain("read the outbox", loaded.error().reason);
    return false;
  }
  due_.ReadAnew();
  dead_.clear();
  judged_.clear();
  epoch_ = epoch;
  return true;
}

// Answers.

bool PushSender::TakeAnswers(const FeedTime& now) {
  std::vector<Answer> answers;
  {
    const std::lock_guard lock(mutex_);
    answers.swap(answers_);
  }
  for (Answer& answer : answers) {
    auto sent = in_flight_.extract(answer.number);
    if (sent.empty() || sent.mapped().epoch != epoch_) continue;
    PushVerdict verdict = parts_.provider.Judge(answer.answer, now.wall_ms);
    judged_.push_back(JudgePush(std::move(sent.mapped()), std::move(verdict), answer.answer.status,
                                now.wall_ms, parts_.random()));
  }
  if (judged_.empty()) return true;
  // What cannot be read now is not looked at: at worst somebody keeps a notification of what was read.
  const Result<std::unique_ptr<store::StoreView>> view = parts_.reader.View(LogIndex{});
  PushBatch batch;
  for (const JudgedPush& judged : judged_) {
    if (Status put = PutOutcome(judged, parts_.outbox, view ? view->get() : nullptr,
                                parts_.provider.can_withdraw(), now.wall_ms, batch);
        !put) {
      Complain("write down what was answered", put.error().reason);
      return false;
    }
  }
  if (Status written = parts_.outbox.Write(batch, Durability::kProcess); !written) {
    Complain("write down what was answered", written.error().reason);
    return false;
  }
  quiet_ = false;
  for (const JudgedPush& judged : std::exchange(judged_, {})) Settle(judged, now);
  return true;
}

void PushSender::Settle(const JudgedPush& judged, const FeedTime& now) {
  const PushItem& item = judged.sent.item;
  parts_.own_counters.outcomes.Add(judged.outcome);
  if (judged.again) deferred_.Add(item);
  if (judged.verdict.kind == Kind::kBlocked) return Block(judged.verdict.detail, now);
  if (blocked_ && judged.verdict.kind == Kind::kAccepted) {
    blocked_ = false;
    due_.ReadAnew();
    parts_.log("is taking notifications again");
  }
  if (judged.outcome == PushSenderCounters::Outcome::kAccepted && !judged.sent.test) {
    const int64_t took_ms = std::max<int64_t>(0, now.wall_ms - static_cast<int64_t>(item.decided_ms()));
    parts_.own_counters.times.Observe(static_cast<uint64_t>(took_ms) * 1'000'000);
  }
  if (judged.outcome == PushSenderCounters::Outcome::kDead) {
    if (dead_.size() >= limits::kPushDeadKnownMax) dead_.clear();
    dead_.insert({Uid{item.uid()}, item.device_number(), judged.sent.target_feed});
    parts_.remove({item.user(), item.device(), judged.sent.target_feed});
  }
}

void PushSender::Block(const std::string& why, const FeedTime& now) {
  if (!std::exchange(blocked_, true)) {
    parts_.log("takes nothing from this server (" + why +
               "): what is to be sent waits, and it is tried again every " +
               std::to_string(limits::kPushBlockedMs / 1000) + " s");
  }
  probe_ms_ = now.steady_ms + limits::kPushBlockedMs;
  due_.ReadAnew();
}

// Signing in.

void PushSender::TakeSignInAnswer(const FeedTime& now) {
  std::optional<HttpAnswer> answer;
  {
    const std::lock_guard lock(mutex_);
    answer.swap(sign_in_answer_);
  }
  if (!answer) return;
  signing_in_ = false;
  const PushVerdict verdict = parts_.provider.TakeSignIn(*answer, now.wall_ms);
  if (verdict.kind == Kind::kAccepted) {
    sign_ins_failed_ = 0;
    quiet_ = false;
    return;
  }
  if (verdict.kind == Kind::kBlocked || verdict.kind == Kind::kRefused) return Block(verdict.detail, now);
  Complain("sign in", verdict.detail);
  sign_ins_failed_ = std::min(sign_ins_failed_ + 1, kSignInDoublingsMax);
  const int64_t pause_ms = limits::kPushRetryFirstMs << sign_ins_failed_;
  paused_until_ms_ = now.steady_ms + std::max(pause_ms, std::min(verdict.retry_after_ms.value_or(0),
                                                                 limits::kPushRetryAfterMsMax));
}

bool PushSender::IsSignedIn(const FeedTime& now) {
  std::optional<HttpRequest> request = parts_.provider.SignIn(now.wall_ms);
  if (!request) return true;
  signing_in_ = true;
  parts_.send(*std::move(request), [this](HttpAnswer answer) {
    {
      const std::lock_guard lock(mutex_);
      sign_in_answer_ = std::move(answer);
    }
    parts_.wake();
  });
  return false;
}

// Sending.

bool PushSender::SendDue(const FeedTime& now) {
  const bool probes = blocked_ && now.steady_ms >= probe_ms_;
  const size_t room = limits::kPushInFlightMax - std::min(limits::kPushInFlightMax, in_flight_.size());
  const size_t count_max = probes ? std::min<size_t>(room, 1) : room;
  if (count_max == 0) return true;
  const auto which = !blocked_ ? OutboxReader::Which::kAll
                     : probes  ? OutboxReader::Which::kDeferred
                               : OutboxReader::Which::kNew;
  const auto found = due_.Find(which, now.wall_ms, count_max);
  if (!found) {
    Complain("read the outbox", found.error().reason);
    return false;
  }
  if (found->empty()) return true;
  if ((!blocked_ || probes) && !IsSignedIn(now)) {
    due_.ReadAnew();
    return true;
  }
  LogIndex needs;
  for (const OutboxItem& item : *found) needs = std::max(needs, LogIndex{item.item.feed()});
  PushPlan plan;
  {
    const Result<std::unique_ptr<store::StoreView>> view = parts_.reader.View(needs);
    if (!view) return false;  // it is being opened, or behind: soon
    PushDecider decider({.view = **view,
                         .outbox = parts_.outbox,
                         .connectedness = parts_.connectedness,
                         .dead = dead_,
                         .zones = zones_,
                         .deferred = deferred_,
                         .counters = parts_.counters,
                         .now_ms = now.wall_ms});
    for (const OutboxItem& item : *found) {
      if (blocked_ && !probes) {
        decider.Park(item, plan);
        continue;
      }
      if (Status decided = decider.Decide(item, plan); !decided) {
        Complain("decide", decided.error().reason);
        epoch_.reset();  // what it knows of the deferred ones is ahead of what is stored
        return false;
      }
    }
    needs = (*view)->applied();
  }
  if (probes) probe_ms_ = now.steady_ms + limits::kPushBlockedMs;
  const bool unknown = plan.unknown;
  // What was read may not be acted upon before it is on disk.
  const bool done = parts_.wait_committed(needs) && MarkAndSend(std::move(plan), now);
  if (!done) (void)LoadDeferred(parts_.outbox, provider(), deferred_).has_value();
  more_ = done && found->size() == count_max && !probes;
  return done && !unknown;
}

bool PushSender::MarkAndSend(PushPlan plan, const FeedTime& now) {
  struct ToSend {
    HttpRequest request;
    SentPush sent;
  };
  std::vector<ToSend> to_send;
  std::stable_sort(plan.ready.begin(), plan.ready.end(), [](const auto& a, const auto& b) {
    return a.found.item.priority() < b.found.item.priority();
  });
  for (PushPlan::Ready& ready : plan.ready) {
    PushItem item = ready.found.item;
    plan.batch.Delete(ready.found.key);
    item.set_attempts(item.attempts() + 1);
    item.set_boot(parts_.boot);
    Result<HttpRequest> request = parts_.provider.Build(ready.notification, ready.device, now.wall_ms);
    if (!request) {
      PutFate(item,
              {.state = v1::Push::FAILED, .reason = v1::Push::REFUSED, .detail = request.error().reason},
              plan.batch);
      parts_.own_counters.outcomes.Add(PushSenderCounters::Outcome::kRefused);
      continue;
    }
    plan.batch.Put(SendingKey(item), item.SerializeAsString());
    request->on_start = [&outbox = parts_.outbox, key = StartedKey(item), epoch = epoch_] {
      const std::optional<PushOutbox::Entry> entry = outbox.Enter();
      if (!entry || entry->epoch != epoch) return false;
      PushBatch started;
      started.Put(key, {});
      return outbox.Write(started, Durability::kProcess).has_value();
    };
    PutFate(item, {.state = v1::Push::SENDING, .sent_ms = now.wall_ms}, plan.batch);
    to_send.push_back({*std::move(request),
                       {.item = std::move(item),
                        .target_feed = ready.device.target_feed(),
                        .sent_ms = now.wall_ms,
                        .epoch = epoch_.value_or(0)}});
  }
  const Durability durability = to_send.empty() ? Durability::kProcess : Durability::kDisk;
  if (Status written = parts_.outbox.Write(plan.batch, durability); !written) {
    Complain("mark what is to be sent", written.error().reason);
    return false;
  }
  for (ToSend& each : to_send) Hand(std::move(each.request), std::move(each.sent));
  return true;
}

void PushSender::SendTests(const FeedTime& now) {
  std::deque<Test> tests;
  {
    const std::lock_guard lock(mutex_);
    tests.swap(tests_);
  }
  if (tests.empty()) return;
  if (!IsSignedIn(now)) {
    const std::lock_guard lock(mutex_);
    tests_.insert(tests_.begin(), tests.begin(), tests.end());
    return;
  }
  for (const Test& test : tests) {
    Result<HttpRequest> request =
        parts_.provider.Build(TestOf(test.user, test.device, now.wall_ms), test.device, now.wall_ms);
    if (!request) {
      Complain("test " + test.device.device() + " of " + test.user, request.error().reason);
      continue;
    }
    SentPush sent{.test = true,
                  .target_feed = test.device.target_feed(),
                  .sent_ms = now.wall_ms,
                  .epoch = epoch_.value_or(0)};
    sent.item.set_uid(test.uid.value);
    sent.item.set_user(test.user);
    sent.item.set_device(test.device.device());
    sent.item.set_device_number(test.device.number());
    sent.item.set_provider(provider());
    sent.item.set_attempts(1);
    Hand(*std::move(request), std::move(sent));
  }
}

void PushSender::Hand(HttpRequest request, SentPush sent) {
  const uint64_t number = next_number_++;
  in_flight_.emplace(number, std::move(sent));
  parts_.send(std::move(request), [this, number](HttpAnswer answer) {
    bool first = false;
    {
      const std::lock_guard lock(mutex_);
      first = answers_.empty();
      answers_.push_back({number, std::move(answer)});
    }
    if (first) parts_.wake();
  });
}

void PushSender::Complain(const std::string& what, const std::string& why) {
  if (!std::exchange(quiet_, true)) parts_.log("cannot " + what + ": " + why + "; trying again");
}

}  // namespace parley::bridge
