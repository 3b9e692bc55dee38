#pragma once

#include <functional>
#include <map>
#include <string>

#include "broker-plugin/auth/sessions.h"
#include "broker-plugin/delivery/broker.h"

namespace parley::plugin {

// Ends connections: one tick later than asked for, so that an answer that is on its way to them goes out
// first. Broker thread only.
class Kicks {
 public:
  // `gone`: told of each connection that was ended.
  Kicks(Broker& broker, Sessions& sessions, std::function<void(ClientHandle)> gone)
      : broker_(broker), sessions_(sessions), gone_(std::move(gone)) {}

  // Ends it now. True when the broker holds a session of that id.
  bool Kick(const std::string& client);
  // The broker is asking again for the subscriptions of whom Kick() ends: those questions are no new ones.
  bool in_kick() const { return in_kick_; }

  void Later(const std::string& client);
  // Later, all connections of a user, or one client's when it is named. How many there are.
  size_t AllLater(const std::string& user, const std::string& client);
  // One tick is over.
  void OnTick();

 private:
  Broker& broker_;
  Sessions& sessions_;
  const std::function<void(ClientHandle)> gone_;
  bool in_kick_ = false;
  // Client id → its connection when it was to be kicked.
  std::map<std::string, ClientHandle> to_kick_;
  std::map<std::string, ClientHandle> kicking_;
};

}  // namespace parley::plugin
