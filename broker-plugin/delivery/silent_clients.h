#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <queue>
#include <vector>

#include "broker-plugin/auth/sessions.h"
#include "broker-plugin/delivery/broker.h"

namespace parley::plugin {

// Ends connections whose client has sent nothing for 1.5 × its keep-alive, as soon as that is so: the broker
// itself looks only every six seconds. Each connection is looked at when it can be too late at the earliest,
// so that an idle one costs a look per keep-alive. Where sockets cannot be found (web sockets) the broker's
// own look must do. Broker thread.
class SilentClients {
 public:
  using Clock = std::chrono::steady_clock;

  // Looks of one loop pass; more wait for the next.
  static constexpr size_t kLooksPerPass = 64;
  // The first look at a connection, and the next one where nothing is to be seen.
  static constexpr std::chrono::milliseconds kFirstLook{1'000};
  static constexpr std::chrono::milliseconds kBlindLook{30'000};

  // `end`: ends the connection of a session, later; its `silent` is set.
  SilentClients(Broker& broker, Sessions& sessions, std::function<void(const Session&)> end);

  // A connection that has begun.
  void Watch(const Session& session, Clock::time_point now);
  // One loop pass is over.
  void OnTick(Clock::time_point now);

  uint64_t ended_count() const { return ended_count_; }

 private:
  struct Look {
    Clock::time_point due;
    ClientHandle handle = nullptr;
    uint64_t number = 0;  // of the connection: a handle is used again
    bool operator>(const Look& other) const { return due > other.due; }
  };

  void LookAt(const Look& look, Clock::time_point now);

  Broker& broker_;
  Sessions& sessions_;
  const std::function<void(const Session&)> end_;
  // One for each connection, and those of connections that have ended until they are due.
  std::priority_queue<Look, std::vector<Look>, std::greater<>> looks_;
  uint64_t ended_count_ = 0;
};

}  // namespace parley::plugin
