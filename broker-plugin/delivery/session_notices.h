#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "broker-plugin/auth/sessions.h"
#include "broker-plugin/delivery/broker.h"
#include "parley/internal/v1/envelope.pb.h"

namespace parley::plugin {

// Tells the bridge who is connected: when it asks (by subscribing to $parley/sessions) the list of all
// sessions, in slices, and from then on what changes, many changes in one notice. The notices of one process
// are numbered without a gap while the bridge listens; one that misses a number asks again. Users' sessions
// only: not the bridge's own and not the doorbell's. Broker thread.
class SessionNotices final : public SessionListener {
 public:
  using Clock = std::chrono::steady_clock;

  // Work of one loop pass; more waits for the next.
  static constexpr size_t kSessionsPerNotice = 256;
  static constexpr int kNoticesPerPass = 4;
  // Changes that wait to be told; above: they are dropped, and the list is told anew.
  static constexpr size_t kChangesMax = 32'768;
  // Notices of a few changes are at least this far apart.
  static constexpr std::chrono::milliseconds kInterval{20};

  // `epoch`: of this process, unlike that of any other. `wall_ms`: the wall clock.
  SessionNotices(Broker& broker, uint64_t epoch, std::function<uint64_t()> wall_ms);

  void OnSessionConnected(const Session& session) override;
  void OnSessionGone(const Session& session) override;

  // The bridge wants the list of all sessions, and then the changes. Again: the list begins anew.
  void Begin();
  // The bridge has gone: nothing is told until it asks.
  void Stop();
  // What changed up to now is told at once: before a request of somebody who has just connected.
  void TellNow();
  // One loop pass is over.
  void OnTick(Clock::time_point now);

  uint64_t sent_count() const { return sequence_; }

 private:
  using Notice = internal::v1::SessionNotice;

  size_t waiting() const { return changes_.size() - next_change_; }
  static bool IsTold(const Session& session) { return session.kind == Session::Kind::kUser; }
  static void Describe(const Session& session, bool connected, Notice::Session& told);
  void AddChange(const Session& session, bool connected);
  void AddSlice(Notice& notice);
  void AddChanges(Notice& notice);
  void Send(Notice& notice);

  Broker& broker_;
  const uint64_t epoch_;
  const std::function<uint64_t()> wall_ms_;

  // In order of number, nullptr in the place of one that has ended: they are many, and numbers only rise.
  struct Place {
    uint64_t number;
    const Session* session;
  };
  std::vector<Place>::iterator After(uint64_t number);

  std::vector<Place> connected_;
  size_t ended_ = 0;                      // of connected_: the empty places
  std::vector<Notice::Session> changes_;  // not told yet, in order
  size_t next_change_ = 0;                // of changes_: those before it are told
  uint64_t sequence_ = 0;                 // of the newest notice
  Clock::time_point sent_at_{};

  bool listening_ = false;
  // The list that is being told: connections after `listed_`, up to `list_end_`.
  bool listing_ = false;
  bool list_begun_ = false;
  uint64_t listed_ = 0;
  uint64_t list_end_ = 0;
};

}  // namespace parley::plugin
