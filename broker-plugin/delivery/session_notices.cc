#include "broker-plugin/delivery/session_notices.h"

#include <algorithm>
#include <utility>

#include "schemas/topic.h"

namespace parley::plugin {

SessionNotices::SessionNotices(Broker& broker, uint64_t epoch, std::function<uint64_t()> wall_ms)
    : broker_(broker), epoch_(epoch), wall_ms_(std::move(wall_ms)) {}

void SessionNotices::OnSessionConnected(const Session& session) {
  if (!IsTold(session)) return;
  connected_.push_back({session.number, &session});
  AddChange(session, true);
}

void SessionNotices::OnSessionGone(const Session& session) {
  const auto place = After(session.number - 1);
  if (place == connected_.end() || place->session != &session) return;
  place->session = nullptr;
  if (++ended_ > kSessionsPerNotice && ended_ * 2 > connected_.size()) {
    std::erase_if(connected_, [](const Place& one) { return one.session == nullptr; });
    ended_ = 0;
  }
  AddChange(session, false);
}

std::vector<SessionNotices::Place>::iterator SessionNotices::After(uint64_t number) {
  return std::upper_bound(connected_.begin(), connected_.end(), number,
                          [](uint64_t wanted, const Place& place) { return wanted < place.number; });
}

void SessionNotices::Describe(const Session& session, bool connected, Notice::Session& told) {
  told.set_client(session.client);
  told.set_user(session.user);
  told.set_connected(connected);
  told.set_number(session.number);
}

void SessionNotices::AddChange(const Session& session, bool connected) {
  if (!listening_) return;
  if (waiting() >= kChangesMax) return Begin();
  Describe(session, connected, changes_.emplace_back());
  changes_.back().set_ts_ms(wall_ms_());
  changes_.back().set_silent(!connected && session.silent);
  if (!connected && session.quiet_ms >= 0) {
    changes_.back().set_quiet_ms(static_cast<uint64_t>(session.quiet_ms));
  }
}

void SessionNotices::Begin() {
  changes_.clear();
  next_change_ = 0;
  listening_ = true;
  listing_ = true;
  list_begun_ = false;
  listed_ = 0;
  list_end_ = connected_.empty() ? 0 : connected_.back().number;
}

void SessionNotices::Stop() {
  listening_ = false;
  listing_ = false;
  changes_.clear();
  next_change_ = 0;
}

void SessionNotices::TellNow() {
  if (listing_ || waiting() == 0) return;
  Notice notice;
  AddChanges(notice);
  Send(notice);
}

// A slice of the list is what is true now, and the changes that wait are older or the same: behind the slice
// they change nothing that is not so (a connection that ended is named by its number).
void SessionNotices::OnTick(Clock::time_point now) {
  for (int i = 0; i < kNoticesPerPass; ++i) {
    const bool few = waiting() < kSessionsPerNotice;
    if (!listing_ && (waiting() == 0 || (few && now < sent_at_ + kInterval))) return;
    Notice notice;
    if (listing_) AddSlice(notice);
    AddChanges(notice);
    Send(notice);
    sent_at_ = now;
  }
}

void SessionNotices::AddSlice(Notice& notice) {
  notice.set_snapshot(!std::exchange(list_begun_, true));
  auto next = After(listed_);
  for (size_t count = 0; count < kSessionsPerNotice; ++count, ++next) {
    if (next == connected_.end() || next->number > list_end_) break;
    if (next->session != nullptr) Describe(*next->session, true, *notice.add_sessions());
    listed_ = next->number;
  }
  listing_ = next != connected_.end() && next->number <= list_end_;
  notice.set_snapshot_end(!listing_);
}

void SessionNotices::AddChanges(Notice& notice) {
  for (size_t count = 0; count < kSessionsPerNotice && next_change_ < changes_.size(); ++count) {
    *notice.add_sessions() = std::move(changes_[next_change_++]);
  }
  if (next_change_ < changes_.size()) return;
  changes_.clear();
  next_change_ = 0;
}

void SessionNotices::Send(Notice& notice) {
  notice.set_broker_epoch(epoch_);
  notice.set_sequence(++sequence_);
  broker_.Publish(std::string(kSessionsTopic), notice.SerializeAsString(), 1, {});
}

}  // namespace parley::plugin
