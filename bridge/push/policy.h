#pragma once

#include <cstdint>
#include <optional>

#include "bridge/push/connectedness.h"
#include "parley/v1/push.pb.h"

namespace parley::bridge {

// All that decides whether a device is told of a message. Times are wall clock, ms.
struct PushFacts {
  int64_t now_ms = 0;
  bool visible = true;  // the user is there, and a member who may see the message
  bool deleted = false;
  int64_t expires_ms = 0;
  bool read = false;
  bool received = false;  // by a session that died since, and nothing was told because of that session
  bool registered = true;
  bool configured = true;                 // this server can reach the provider
  uint64_t muted_until_ms = 0;            // the later one of the room's and the device's
  v1::Push::Level level = v1::Push::ALL;  // the room's, else the device's
  bool direct = false;
  bool mention = false;  // of this user
  bool call = false;
  Whereabouts user{.at = Whereabouts::At::kGone};
  std::optional<int64_t> quiet_until_ms{};  // it is quiet there now, until then
};

struct PushDecision {
  enum class Kind {
    kPush,
    kDefer,     // decide again at `not_before_ms`; meanwhile it waits for `reason`
    kSuppress,  // never, for `reason`
    kWait,      // it is not known yet who is connected
  };
  Kind kind = Kind::kPush;
  v1::Push::Reason reason = v1::Push::NO_REASON;
  int64_t not_before_ms = 0;
};

// Decided when a message comes, and again right before it is sent. Pure.
PushDecision DecidePush(const PushFacts& facts);

}  // namespace parley::bridge
