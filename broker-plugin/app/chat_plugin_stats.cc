// What the plugin says of itself: to administrators ($CONTROL stats) and, once a second, to the bridge's
// metrics.

#include <nlohmann/json.hpp>

#include "broker-plugin/app/chat_plugin.h"
#include "parley/internal/v1/envelope.pb.h"

namespace parley::plugin {
namespace {

constexpr std::chrono::seconds kStatsInterval{1};

void Fill(internal::v1::MetricsNotice::Histogram& out, const metrics::Histogram& histogram) {
  const metrics::HistogramSnapshot snapshot = histogram.Snapshot();
  out.mutable_bounds()->Assign(snapshot.bounds.begin(), snapshot.bounds.end());
  out.mutable_counts()->Assign(snapshot.counts.begin(), snapshot.counts.end());
  out.set_sum(snapshot.sum);
}

}  // namespace

nlohmann::json ChatPlugin::Stats() const {
  const log::LocalLog::Stats log = log_->stats();
  return {{"users", view_.user_count()},
          {"rooms", view_.room_count()},
          {"sessionsConnected", sessions_.connected_count()},
          {"bridgeConnected", delivery_.bridge_present()},
          {"committed", std::to_string(delivery_.committed().value)},
          {"commandsCommitted", log.committed},
          {"commandsAppended", log.appended},
          {"commits", log.batches},
          {"commitsWaitingForSpace", log.no_space_retries},
          {"journalBytes", log.journal_bytes},
          {"journalFreeBytes", log.journal_free_bytes},
          {"boundMessages", gate_.bound().taken_count()},
          {"boundMessagesLeftOut", gate_.bound().left_out_count()},
          {"cursorsHeld", gate_.cursors().held_count()},
          {"cursorsMerged", gate_.cursors().merged_count()},
          {"coalescing", coalescer_.active()},
          {"coalescedBursts", coalescer_.corked_count()},
          {"silentClientsEnded", silent_clients_.ended_count()},
          {"sessionNotices", session_notices_.sent_count()},
          {"requestsAtBridge", bridge_requests_.under_way()},
          {"refused", gate_.refused_count()},
          {"closedForBackPressure", gate_.closed_count()}};
}

void ChatPlugin::TellStats(BridgeRequests::Clock::time_point now) {
  if (now < stats_due_ || !delivery_.bridge_present()) return;
  stats_due_ = now + kStatsInterval;
  delivery_.PublishStats(Metrics());
}

internal::v1::MetricsNotice ChatPlugin::Metrics() {
  internal::v1::MetricsNotice notice;
  const log::LocalLog::Stats log = log_->stats();
  notice.set_committed(delivery_.committed().value);
  notice.set_journal_bytes(log.journal_bytes);
  notice.set_journal_used_bytes(log.journal_bytes - log.journal_free_bytes);
  notice.set_commands_appended(log.appended);
  notice.set_commands_committed(log.committed);
  notice.set_no_space_retries(log.no_space_retries);

  const log::LocalLog::Timings& timings = log_->timings();
  Fill(*notice.mutable_journal_append(), timings.append);
  Fill(*notice.mutable_commit_apply(), timings.apply);
  Fill(*notice.mutable_commit_write(), timings.write);
  Fill(*notice.mutable_commit_batch(), timings.batch);

  const Delivery::Counts& delivered = delivery_.counts();
  notice.set_delivery_waiting(log.committed > delivered.commands ? log.committed - delivered.commands : 0);
  notice.set_events_published(delivered.events);
  notice.set_acks_published(delivered.acks);
  notice.set_replies_published(delivered.replies);
  notice.set_deliveries(deliveries_);
  for (const CodeEntry& entry : CodeTable()) {
    const uint64_t count = delivered.refusals.Of(entry.code) + gate_.refusals().Of(entry.code);
    if (count == 0) continue;
    internal::v1::MetricsNotice::Refusals& refusals = *notice.add_refusals();
    refusals.set_code(static_cast<uint32_t>(entry.code));
    refusals.set_count(count);
  }
  notice.set_closed_for_back_pressure(gate_.closed_count());

  notice.set_work_waiting(pool_.waiting());
  notice.set_logins_waiting(login_pool_.waiting());
  notice.set_requests_at_bridge(bridge_requests_.under_way());
  notice.set_sessions_connected(sessions_.connected_count());
  notice.set_users(view_.user_count());
  notice.set_rooms(view_.room_count());
  notice.set_logins_accepted(logins_[static_cast<size_t>(LoginVerdict::kAccept)]);
  notice.set_logins_refused(logins_[static_cast<size_t>(LoginVerdict::kRefuse)]);
  notice.set_logins_put_off(logins_[static_cast<size_t>(LoginVerdict::kTryAgain)]);
  notice.set_bound_messages(gate_.bound().taken_count());
  notice.set_bound_messages_left_out(gate_.bound().left_out_count());
  notice.set_coalesced_bursts(coalescer_.corked_count());
  return notice;
}

}  // namespace parley::plugin
