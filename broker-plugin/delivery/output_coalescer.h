#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "broker-plugin/auth/sessions.h"

namespace parley::plugin {

// Lets what the broker writes leave in few segments: it calls write() for each packet, and each of those
// costs a walk through the kernel's network stack. Sockets are corked (TCP_CORK, tcp(7)) for a moment; the
// kernel then sends what has gathered at once. Broker thread only.
//
// Deliveries: a client that gets a second message of a burst is corked until the barrier behind the burst.
// Answers (PUBACK, PUBREC): a client whose next packets have arrived already does not wait for the answer to
// this one. Its answers gather, up to kAnswersMax, until it has nothing more to say.
class OutputCoalescer {
 public:
  // The descriptor of a client's TCP connection; -1 = unknown, not to be touched. `known`: the last answer
  // for this connection.
  using SocketOf = std::function<int(ClientHandle, int known)>;
  explicit OutputCoalescer(SocketOf socket_of) : socket_of_(std::move(socket_of)) {}

  // On only while a barrier follows every burst: what is corked must be released at once.
  void SetActive(bool active);
  bool active() const { return active_; }

  // Answers that leave together.
  static constexpr uint8_t kAnswersMax = 8;
  // Clients whose answers gather; the answers of more leave one by one.
  static constexpr size_t kAnsweredMax = 1'024;

  // A connected session is about to be sent a message.
  void OnDelivery(Session& session);
  // The broker is about to answer a PUBLISH of a connected session, at QoS 1 or 2.
  void OnAnswer(Session& session);
  // One loop pass is over: it reads one packet of each client that has sent something.
  void OnPassEnd();
  // The burst has been handed to the kernel: it sends what it holds back.
  void Release();

  // Corks so far.
  uint64_t corked_count() const { return corked_count_; }

 private:
  // A client whose answers gather.
  struct Answered {
    ClientHandle client;  // nullptr: a free place
    int socket;
    uint32_t pass;  // of its newest packet
    uint8_t answers;
  };
  void ReleaseAnswers(size_t place);
  int SocketOfSession(Session& session) const;

  const SocketOf socket_of_;
  bool active_ = false;
  uint32_t burst_ = 1;  // goes round: an old number may be met again, and then one cork comes early
  std::vector<int> corked_;
  uint64_t corked_count_ = 0;
  uint32_t pass_ = 0;
  // Session::Burst::answers is a client's place, if it is that client's.
  std::vector<Answered> answered_;
  std::vector<uint16_t> free_places_;
};

}  // namespace parley::plugin
