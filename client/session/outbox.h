#pragma once

#include <cstdint>
#include <deque>
#include <set>
#include <string>
#include <utility>

#include "client/session/effects.h"
#include "client/session/limits.h"

namespace parley::client {

// The drafts of this client until they are acked. Publishes in order, at most `window` at a time; publishes
// again (same id, so stored once) after a reconnect and when an ack is late. Pure; time is passed in.
class Outbox {
 public:
  // `patience_ms`: how long a draft may stay in the window without an ack; 0 = for ever.
  Outbox(size_t window, int64_t patience_ms) : window_(window), patience_ms_(patience_ms) {}

  // Takes a draft that has an id; its outcome is one SendDone. INVALID_ARGUMENT: no room, id or body.
  // ALREADY_EXISTS: the id is under way in this room. RESOURCE_EXHAUSTED: kDraftsMax wait, or over 64 KiB.
  Status Add(const std::string& room, const v1::Draft& draft, int qos);

  // The connection can (ready) or cannot publish and hear acks.
  void SetReady(bool ready);

  void OnAck(const v1::Ack& ack, int64_t now_ms, Effects& effects);

  // Publishes what is due and gives up what is too late.
  void Pump(int64_t now_ms, Effects& effects);

  size_t size() const { return drafts_.size(); }

 private:
  struct Pending {
    std::string room;
    std::string id;
    PublishTo publish;
    bool in_flight = false;  // published at least once
    bool due = false;        // to be published (again) as soon as the connection is ready
    int64_t give_up_ms = 0;
    int64_t again_ms = 0;
    int64_t wait_ms = limits::kAnswerWaitFirstMs;
  };

  void Publish(Pending& pending, int64_t now_ms, Effects& effects);
  void Finish(size_t index, Result<v1::Ack> outcome, Effects& effects);
  bool TooLate(const Pending& pending, int64_t now_ms) const;

  const size_t window_;
  const int64_t patience_ms_;
  bool ready_ = false;
  std::deque<Pending> drafts_;  // the first ones are in flight, in the order of sending
  std::set<std::pair<std::string, std::string>> known_;  // room and id of each
};

}  // namespace parley::client
