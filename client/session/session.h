#pragma once

#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <string_view>

#include "client/session/control_table.h"
#include "client/session/effects.h"
#include "client/session/event_stream.h"
#include "client/session/ids.h"
#include "client/session/outbox.h"
#include "client/session/request_table.h"

namespace parley::client {

// Who speaks, and what for. `user` and `client_id` are those of the MQTT connection.
struct SessionConfig {
  std::string user;
  std::string client_id;
  StreamConfig stream;
  bool admin = false;  // will call Control()
  size_t window = limits::kDraftsInFlight;
  // How long a draft may wait for its ack, and a request of the user for its reply; 0 = for ever.
  int64_t send_patience_ms = 60'000;
  int64_t request_patience_ms = 30'000;
};

// The protocol of one client, without I/O: it is told what happened and says what to do. No clock, thread or
// socket; randomness is passed in, so a run can be repeated from a seed. One thread at a time.
//
// Promises: each draft gets one SendDone, and whatever is lost on the way, its id is stored at most once.
// Each event is delivered once, in the order of its room, without holes (EventStream says when there are
// some).
class Session {
 public:
  Session(SessionConfig config, RandomSource random);

  // --- what happened; afterwards TakeEffects() ---

  // Time has passed. Monotonic; also before any other call, as that works with the time it was last told.
  void Tick(int64_t now_ms);
  void OnConnected();
  void OnDisconnected();
  // The broker's answer to a SubscribeTo.
  void OnSubscribed(const std::string& filter, const Status& status);
  void OnMessage(std::string_view topic, std::string payload);

  // --- what the user wants ---

  // Sends a draft that has an id (NewMessageId() makes one). See Outbox::Add for the errors.
  Status Send(const std::string& room, const v1::Draft& draft, int qos = 1);
  // Asks; `payload` is the request's JSON with `request_id` (of NewRequestId()) in it.
  Status Request(const std::string& method, const std::string& request_id, std::string payload,
                 Repeat repeat = Repeat::kYes);
  // Tells the server how far the user has got in a room, or something in passing. Sent at once or not at all:
  // nothing is repeated after a lost connection.
  void MoveCursor(const std::string& room, const v1::Cursor& cursor);
  void Signal(const std::string& room, const v1::Signal& signal);
  // Runs admin commands, in order; `list` is the caller's name for it. See ControlTable::Add.
  Status Control(uint64_t list, const std::vector<std::string>& commands);

  std::string NewMessageId(int64_t unix_ms) { return MakeUlid(unix_ms, random_); }
  std::string NewRequestId();

  // What is to be done, in order.
  Effects TakeEffects() { return std::exchange(effects_, {}); }

  const std::string& cursor() const { return stream_.cursor(); }
  size_t drafts_waiting() const { return outbox_.size(); }

 private:
  std::vector<std::string> Filters() const;
  std::vector<std::string> OptionalFilters() const;
  template <typename Message>
  void OnTold(const std::string& payload);
  EventStream::Context StreamContext();
  void Route(Effects outcomes);
  void Pump();

  const SessionConfig config_;
  const RandomSource random_;
  const std::function<std::string()> new_request_id_;
  const std::string acks_topic_;
  const std::string replies_topic_;
  int64_t now_ms_ = 0;
  std::set<std::string> subscriptions_missing_;
  Outbox outbox_;
  RequestTable requests_;
  ControlTable control_;
  EventStream stream_;
  Effects effects_;
};

}  // namespace parley::client
