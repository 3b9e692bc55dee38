#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "broker-plugin/auth/sessions.h"

namespace parley::plugin {

// Lets a burst of deliveries leave in few segments: the broker calls write() for each packet, and each of
// those costs a walk through the kernel's network stack. A client that gets a second message of a burst is
// corked (TCP_CORK, tcp(7)) until the barrier behind the burst; the kernel then sends what has gathered at
// once. Broker thread only.
class OutputCoalescer {
 public:
  // The descriptor of a client's TCP connection; -1 = unknown, not to be touched.
  using SocketOf = std::function<int(ClientHandle)>;
  explicit OutputCoalescer(SocketOf socket_of) : socket_of_(std::move(socket_of)) {}

  // On only while a barrier follows every burst: what is corked must be released at once.
  void SetActive(bool active);
  bool active() const { return active_; }

  // A connected session is about to be sent a message.
  void OnDelivery(Session& session);
  // The burst has been handed to the kernel: it sends what it holds back.
  void Release();

  // Corks so far.
  uint64_t corked_count() const { return corked_count_; }

 private:
  const SocketOf socket_of_;
  bool active_ = false;
  uint32_t burst_ = 1;  // goes round: an old number may be met again, and then one cork comes early
  std::vector<int> corked_;
  uint64_t corked_count_ = 0;
};

}  // namespace parley::plugin
