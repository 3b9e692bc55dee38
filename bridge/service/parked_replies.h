#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "schemas/code.h"
#include "schemas/names.h"

namespace parley::bridge {

// A reply on its way: what to send, and what to send instead when it may not leave in time.
struct OutgoingReply {
  uint64_t number = 0;  // of the request
  std::string payload;
  std::string refusal;   // UNAVAILABLE, in the same encoding
  LogIndex seen;         // of the view that `payload` was read from; 0: from none
  Code code = Code::OK;  // that `payload` holds
};

struct Outgoing {
  uint64_t number = 0;  // of the request
  std::string payload;
};

// Durable before visible: a view of the store can be ahead of the disk, so a reply read from it is held back
// until the plugin has said that everything up to the view's index is committed. Pure: time is passed in,
// what may leave is returned. Not thread-safe.
class ParkedReplies {
 public:
  // Everything up to `committed` is on disk. Returns the replies that may leave now, in order of arrival.
  std::vector<Outgoing> Heard(LogIndex committed);

  // The reply itself when it may leave, its refusal when there is no room to hold it back, else nothing yet.
  std::vector<Outgoing> Admit(OutgoingReply reply, int64_t now_ms);

  // The refusals of replies that have waited too long.
  std::vector<Outgoing> Expire(int64_t now_ms);

  LogIndex committed() const { return committed_; }
  size_t size() const { return parked_.size(); }

 private:
  struct Parked {
    OutgoingReply reply;
    int64_t expires_ms;
  };

  LogIndex committed_;
  std::deque<Parked> parked_;  // in order of arrival, so of expiry too
  size_t bytes_ = 0;           // of the payloads in parked_
};

}  // namespace parley::bridge
