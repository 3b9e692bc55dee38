#include "bridge/presence/session_table.h"

#include <utility>

namespace parley::bridge {
namespace {

// What comes with the end of a connection, a DISCONNECT, comes so shortly before it.
constexpr uint64_t kLeaveMs = 50;

uint64_t HeardOf(const internal::v1::SessionNotice::Session& told) {
  if (!told.has_quiet_ms() || told.quiet_ms() <= kLeaveMs || told.quiet_ms() >= told.ts_ms()) return 0;
  return told.ts_ms() - told.quiet_ms();
}

}  // namespace

SessionTable::Heard SessionTable::Hear(const internal::v1::SessionNotice& notice, uint64_t wall_ms) {
  Heard heard;
  if (notice.snapshot()) {
    BeginList(notice.broker_epoch());
  } else if (state_ == State::kWaiting) {
    return heard;
  } else if (notice.broker_epoch() != epoch_ || notice.sequence() != next_) {
    state_ = State::kWaiting;
    heard.missed = true;
    return heard;
  }
  next_ = notice.sequence() + 1;
  for (const internal::v1::SessionNotice::Session& told : notice.sessions()) Apply(told, heard);
  if (notice.snapshot_end() && state_ == State::kListing) EndList(wall_ms, heard);
  return heard;
}

void SessionTable::OnLinkLost(uint64_t wall_ms) {
  if (state_ == State::kComplete) lost_ms_ = wall_ms;
  state_ = State::kWaiting;
}

void SessionTable::BeginList(uint64_t epoch) {
  state_ = State::kListing;
  ++list_;
  if (epoch == epoch_) return;
  restarted_ = true;
  epoch_ = epoch;
  for (auto& [client, known] : sessions_) known.number = 0;
}

void SessionTable::Apply(const internal::v1::SessionNotice::Session& told, Heard& heard) {
  const auto found = sessions_.find(told.client());
  const bool known = found != sessions_.end();
  if (!told.connected()) {
    if (!known || found->second.number != told.number()) return;  // taken over, or never heard of
    heard.steps.push_back({std::move(found->second.user), false, told.ts_ms(), told.silent(), HeardOf(told)});
    sessions_.erase(found);
    return;
  }
  if (known && told.number() < found->second.number) return;
  if (known && found->second.user == told.user()) {
    found->second.number = told.number();
    found->second.list = list_;
    return;
  }
  if (known) heard.steps.push_back({std::move(found->second.user), false, told.ts_ms(), false, 0});
  if (told.user().empty()) {  // its user was deleted
    if (known) sessions_.erase(found);
    return;
  }
  sessions_[told.client()] = {told.user(), told.number(), list_};
  heard.steps.push_back({told.user(), true, 0, false, 0});
}

void SessionTable::EndList(uint64_t wall_ms, Heard& heard) {
  const uint64_t gone_ms = restarted_ && lost_ms_ != 0 ? lost_ms_ : wall_ms;
  for (auto entry = sessions_.begin(); entry != sessions_.end();) {
    if (entry->second.list == list_) {
      ++entry;
      continue;
    }
    heard.steps.push_back({std::move(entry->second.user), false, gone_ms, false, 0});
    entry = sessions_.erase(entry);
  }
  state_ = State::kComplete;
  heard.complete = true;
  heard.restarted = std::exchange(restarted_, false);
}

}  // namespace parley::bridge
