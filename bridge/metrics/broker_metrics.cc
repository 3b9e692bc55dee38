#include "bridge/metrics/broker_metrics.h"

#include <utility>

#include "schemas/code.h"

namespace parley::bridge {
namespace {

using internal::v1::MetricsNotice;
using Type = MetricFamily::Type;

constexpr double kNanosecondsPerSecond = 1e9;

struct Number {
  Type type;
  const char* name;
  const char* help;
  uint64_t (MetricsNotice::*value)() const;
};
constexpr Number kNumbers[] = {
    {Type::kGauge, "parley_journal_size_bytes", "Size of the intake journal.", &MetricsNotice::journal_bytes},
    {Type::kGauge, "parley_journal_used_bytes", "Part of the journal that is not committed yet.",
     &MetricsNotice::journal_used_bytes},
    {Type::kCounter, "parley_commands_appended_total", "Commands taken into the journal.",
     &MetricsNotice::commands_appended},
    {Type::kCounter, "parley_commands_committed_total", "Commands made durable.",
     &MetricsNotice::commands_committed},
    {Type::kCounter, "parley_commit_no_space_retries_total", "Commits tried again because the disk was full.",
     &MetricsNotice::no_space_retries},
    {Type::kGauge, "parley_delivery_waiting_commands", "Commands committed and not delivered yet.",
     &MetricsNotice::delivery_waiting},
    {Type::kCounter, "parley_deliveries_total", "Messages routed to a subscriber that may read them.",
     &MetricsNotice::deliveries},
    {Type::kCounter, "parley_back_pressure_closes_total",
     "Connections closed because the journal could not take a message.",
     &MetricsNotice::closed_for_back_pressure},
    {Type::kGauge, "parley_requests_at_bridge", "Requests handed to the bridge and not answered yet.",
     &MetricsNotice::requests_at_bridge},
    {Type::kGauge, "parley_sessions_connected", "Clients connected to the broker that the plugin knows.",
     &MetricsNotice::sessions_connected},
    {Type::kGauge, "parley_users", "Users.", &MetricsNotice::users},
    {Type::kGauge, "parley_rooms", "Rooms.", &MetricsNotice::rooms},
    {Type::kCounter, "parley_bound_messages_total", "Messages of plain topics that became events of a room.",
     &MetricsNotice::bound_messages},
    {Type::kCounter, "parley_bound_messages_left_out_total",
     "Messages of bound topics that their room could not take.", &MetricsNotice::bound_messages_left_out},
    {Type::kCounter, "parley_coalesced_bursts_total", "Bursts of deliveries that left in few packets.",
     &MetricsNotice::coalesced_bursts},
    {Type::kGauge, "parley_committed_index", "Newest log index that is durable and delivered.",
     &MetricsNotice::committed},
};

// Several numbers of one name, told apart by a label.
struct Labelled {
  const char* value;
  uint64_t (MetricsNotice::*number)() const;
};
constexpr Labelled kPublishes[] = {{"event", &MetricsNotice::events_published},
                                   {"ack", &MetricsNotice::acks_published},
                                   {"reply", &MetricsNotice::replies_published}};
constexpr Labelled kLogins[] = {{"accepted", &MetricsNotice::logins_accepted},
                                {"refused", &MetricsNotice::logins_refused},
                                {"put_off", &MetricsNotice::logins_put_off}};
constexpr Labelled kWorkers[] = {{"logins", &MetricsNotice::logins_waiting},
                                 {"other", &MetricsNotice::work_waiting}};

struct Distribution {
  const char* name;
  const char* help;
  double per_unit;
  const MetricsNotice::Histogram& (MetricsNotice::*histogram)() const;
};
constexpr Distribution kDistributions[] = {
    {"parley_journal_append_seconds", "Time to copy a command into the journal; one in 64 is timed.",
     kNanosecondsPerSecond, &MetricsNotice::journal_append},
    {"parley_commit_apply_seconds", "Time to decide and number the commands of one commit.",
     kNanosecondsPerSecond, &MetricsNotice::commit_apply},
    {"parley_commit_fsync_seconds", "Time to write one commit and have it on disk, fsync included.",
     kNanosecondsPerSecond, &MetricsNotice::commit_write},
    {"parley_commit_batch_commands", "Commands that shared one commit.", 1, &MetricsNotice::commit_batch},
};

void AddLabelled(MetricFamily& family, const char* label, std::span<const Labelled> all,
                 const MetricsNotice& notice) {
  for (const Labelled& one : all) family.Add((notice.*one.number)(), {{label, one.value}});
}

metrics::HistogramSnapshot SnapshotOf(const MetricsNotice::Histogram& histogram) {
  return {.bounds = {histogram.bounds().begin(), histogram.bounds().end()},
          .counts = {histogram.counts().begin(), histogram.counts().end()},
          .sum = histogram.sum()};
}

}  // namespace

void BrokerMetrics::Take(MetricsNotice notice, int64_t now_ms) {
  const std::lock_guard lock(mutex_);
  notice_ = std::move(notice);
  heard_ms_ = now_ms;
}

void BrokerMetrics::Collect(MetricsPage& page, int64_t now_ms) const {
  const std::lock_guard lock(mutex_);
  if (!notice_ || now_ms - heard_ms_ > kStaleMs) return;
  const MetricsNotice& notice = *notice_;
  for (const Number& number : kNumbers) {
    MetricFamily& family = number.type == Type::kCounter ? page.Counter(number.name, number.help)
                                                         : page.Gauge(number.name, number.help);
    family.Add((notice.*number.value)());
  }
  for (const Distribution& distribution : kDistributions) {
    page.Histogram(distribution.name, distribution.help)
        .Add(SnapshotOf((notice.*distribution.histogram)()), distribution.per_unit);
  }
  AddLabelled(page.Counter("parley_publishes_total", "Publishes made by the plugin, by what they carry."),
              "kind", kPublishes, notice);
  AddLabelled(page.Counter("parley_logins_total", "Logins, by how they ended."), "result", kLogins, notice);
  AddLabelled(page.Gauge("parley_worker_waiting_jobs", "Slow work that waits for a thread."), "worker",
              kWorkers, notice);
  MetricFamily& refusals = page.Counter("parley_refusals_total", "Messages and requests refused, by code.");
  for (const CodeEntry& entry : CodeTable()) {
    if (entry.code == Code::OK) continue;
    uint64_t count = 0;
    for (const MetricsNotice::Refusals& given : notice.refusals()) {
      if (given.code() == static_cast<uint32_t>(entry.code)) count = given.count();
    }
    refusals.Add(count, {{"code", std::string(entry.name)}});
  }
}

}  // namespace parley::bridge
