#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "parley/v1/message.pb.h"
#include "schemas/result.h"

namespace parley::client {

// What the session wants done: the owner carries it out, in order.
struct SubscribeTo {
  std::string filter;
  int qos = 1;
};
struct PublishTo {
  std::string topic;
  std::string payload;
  int qos = 1;
};
// For the user: an event, once and in the order of its room (seq 0: live only, as it comes).
struct Deliver {
  v1::Event event;
};
// For the user: what is told besides events, as it comes.
struct Told {
  std::variant<v1::Receipt, v1::Signal, v1::InboxItem> what;
};
// For the user: what became of a draft. The Ack as it came (a refusal, too: look at its code), or
// UNAVAILABLE when none came in time: then the message may or may not be stored; the same id sends it again.
struct SendDone {
  std::string room;
  std::string id;
  Result<v1::Ack> outcome;
};
// For the user: the JSON of a reply (its code may be an error), or UNAVAILABLE.
struct RequestDone {
  std::string request_id;
  Result<std::string> outcome;
};
// For the user: one JSON object for each command of a list, in order; or why there are none.
struct ControlDone {
  uint64_t list = 0;
  Result<std::vector<std::string>> outcome;
};
// For the user: all events up to now are delivered (again after every reconnect). `cursor` is where a later
// session may continue; "" when no sync was made (listed rooms).
struct CaughtUp {
  std::string cursor;
};
// For the user: the session cannot do what it was made for (a subscription was refused).
struct Failed {
  Error why;
};
// For the user: worth a line, no more ("history is not available; live events only").
struct Notice {
  Error what;
};

using Effect = std::variant<SubscribeTo, PublishTo, Deliver, Told, SendDone, RequestDone, ControlDone,
                            CaughtUp, Failed, Notice>;
using Effects = std::vector<Effect>;

}  // namespace parley::client
