#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "client/session/effects.h"
#include "client/session/limits.h"

namespace parley::client {

// Whether a request may be asked twice: a query may, what changes something may not.
enum class Repeat { kYes, kNo };

// Requests until their reply. With Repeat::kYes it asks again (same request id) after a reconnect and when
// the reply is late; with kNo a lost connection ends a request that was sent as UNAVAILABLE. Pure; time is
// passed in.
class RequestTable {
 public:
  // `payload`: the request as JSON, with `request_id` in it. Its outcome is one RequestDone, at the latest
  // `patience_ms` later (0 = never gives up). RESOURCE_EXHAUSTED: too many, or too large.
  Status Add(const std::string& request_id, const std::string& method, std::string payload, int64_t now_ms,
             int64_t patience_ms, Repeat repeat = Repeat::kYes);

  // Forgets a request without an outcome.
  void Cancel(const std::string& request_id) { requests_.erase(request_id); }

  void SetReady(bool ready);

  // A reply, as it came; one that nobody waits for is ignored.
  void OnReply(std::string payload, Effects& effects);

  void Pump(int64_t now_ms, Effects& effects);

 private:
  struct Pending {
    PublishTo publish;
    bool due = true;
    Repeat repeat = Repeat::kYes;
    bool sent = false;
    bool lost = false;  // sent over a connection that is gone, and not to be sent again
    int64_t give_up_ms = 0;
    int64_t again_ms = 0;
    int64_t wait_ms = limits::kAnswerWaitFirstMs;
  };

  bool ready_ = false;
  std::map<std::string, Pending> requests_;  // by request id
};

}  // namespace parley::client
