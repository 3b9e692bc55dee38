#include "bridge/push/push_metrics.h"

#include <algorithm>
#include <cctype>
#include <string>
#include <utility>

#include "bridge/push/limits.h"
#include "bridge/push/outbox_reader.h"

namespace parley::bridge {
namespace {

using Outcome = PushSenderCounters::Outcome;

constexpr double kNanosecondsPerSecond = 1e9;
constexpr std::array<std::pair<Outcome, const char*>, PushSenderCounters::kOutcomes> kOutcomeNames = {{
    {Outcome::kAccepted, "accepted"},
    {Outcome::kRetried, "retried"},
    {Outcome::kDead, "dead"},
    {Outcome::kRefused, "refused"},
    {Outcome::kNoAnswer, "no_answer"},
    {Outcome::kGaveUp, "gave_up"},
    {Outcome::kWithdrawn, "withdrawn"},
}};

std::string LowerCase(std::string name) {
  std::transform(name.begin(), name.end(), name.begin(),
                 [](unsigned char letter) { return static_cast<char>(std::tolower(letter)); });
  return name;
}

}  // namespace

void CollectPush(MetricsPage& page, const PushService& push) {
  page.Counter("parley_push_queued_total", "Notifications that were put into the outbox.")
      .Add(push.counters().queued.load());
  MetricFamily& suppressed =
      page.Counter("parley_push_suppressed_total", "Messages that a device was not told of, by why.");
  for (int i = 1; i < v1::Push::Reason_ARRAYSIZE; ++i) {
    const auto reason = static_cast<v1::Push::Reason>(i);
    const uint64_t count = push.counters().suppressed.of(reason);
    if (count != 0 || reason == v1::Push::ONLINE) {
      suppressed.Add(count, {{"reason", LowerCase(v1::Push::Reason_Name(reason))}});
    }
  }
  MetricFamily& waiting =
      page.Gauge("parley_push_waiting", "Notifications that wait to be sent, counted as far as 10,000.");
  MetricFamily& in_flight = page.Gauge("parley_push_in_flight", "Notifications that have no answer yet.");
  MetricFamily& blocked = page.Gauge("parley_push_blocked",
                                     "1: the provider takes nothing from this server as it is configured.");
  MetricFamily& outcomes =
      page.Counter("parley_push_outcomes_total", "Attempts at notifications, by what came of them.");
  MetricFamily& times = page.Histogram("parley_push_accepted_seconds",
                                       "From the decision to notify to the provider's acceptance.");
  static const PushSenderCounters kNone;
  for (int i = 1; i < v1::Push::Provider_ARRAYSIZE; ++i) {
    const auto provider = static_cast<v1::Push::Provider>(i);
    const PushSenderCounters* known = push.CountersOf(provider);
    const PushSenderCounters& counters = known != nullptr ? *known : kNone;
    const std::string name = LowerCase(v1::Push::Provider_Name(provider));
    const MetricLabels labels{{"provider", name}};
    waiting.Add(uint64_t{known != nullptr ? CountWaiting(push.outbox(), provider) : 0}, labels);
    in_flight.Add(counters.in_flight.load(), labels);
    blocked.Add(uint64_t{counters.blocked.load()}, labels);
    times.Add(counters.times.Snapshot(), kNanosecondsPerSecond, labels);
    for (const auto& [outcome, outcome_name] : kOutcomeNames) {
      outcomes.Add(counters.outcomes.of(outcome), {{"provider", name}, {"outcome", outcome_name}});
    }
  }
}

}  // namespace parley::bridge
