#pragma once

#include <string_view>

#include "core/domain/access_rules.h"
#include "core/domain/directory.h"

namespace parley::plugin {

// Who asks. Views into the caller's strings.
struct Identity {
  std::string_view user;
  std::string_view client;
  bool bridge = false;
};

// The user that the bridge logs in as.
inline constexpr std::string_view kBridgeUser = "bridge";

// kNotOurs: a topic outside chat/v1, $CONTROL and $parley of which no rule speaks; the option
// parley_other_topics decides.
enum class Access { kAllow, kDeny, kNotOurs };

// What decided. explain.cc has the words for each.
enum class Because {
  kRule,             // `rule` of the decision
  kNoRule,           // no rule speaks of it
  kUnknownUser,      // no such user, or a disabled one
  kBridge,           // the bridge has its own topics and no others
  kInternal,         // $parley/
  kMalformed,        // no topic, filter or share that there is
  kForAdmins,        // $SYS, $CONTROL/parley/v1
  kOtherControl,     // another $CONTROL topic
  kAdminSubscribes,  // an admin may subscribe to anything; what arrives is decided topic by topic
  kTooWide,          // the filter can match chat topics that are not one's own
  kOwn,              // one's own users/ or clients/ topics
  kForeign,          // somebody else's
  kSharedRoom,       // having, or not having, a room in common
  kMembership,       // being, or not being, a reader of the room
  kForNobody,        // what clients send is delivered to nobody
  kServerOnly,       // what only the server publishes
  kGateDecides,      // a chat topic that clients speak on: the gate decides and answers
};

struct Decision {
  Access access = Access::kDeny;
  Because because = Because::kNoRule;
  domain::RuleHit rule{};  // of kRule; valid until the view changes
};

// chat/v1/{rooms,users}/{name}/presence/{pb,json}: what the bridge publishes itself, retained.
bool IsPresenceTopic(std::string_view topic);

// What the access rules say, from the ACL view alone. Pure. No allocation for a topic.

// True when the user carries the role "admin" and is not disabled.
bool IsAdmin(const domain::Directory& view, std::string_view user);

// May this filter be subscribed to? Granted when every topic that it can match is allowed, $share/g/T exactly
// as T.
Decision MaySubscribe(const domain::Directory& view, const Identity& who, std::string_view filter);

// May a message of this topic reach this client now?
Decision MayReceive(const domain::Directory& view, const Identity& who, std::string_view topic);

// May this client publish to this topic at all? Chat topics that clients speak on: yes, the gate decides and
// answers. What only the server publishes: no. (The broker routes a will without asking the gate, at its end
// with its client still connected: a will must not pass for an event.)
Decision MayPublish(const domain::Directory& view, const Identity& who, std::string_view topic);

// What the bridge publishes of the chat: receipts and presence (besides its replies, on $parley/).
bool IsBridgeTopic(std::string_view topic);

// The will of a client that is gone: only plain topics.
Decision MayPublishWill(const domain::Directory& view, const Identity& who, std::string_view topic);

// A client whose user Parley does not know, where parley_unknown_users is `defer`: nothing of Parley's, and
// other topics by no rule of ours.
Decision DecideUnknownUser(std::string_view topic_or_filter);

}  // namespace parley::plugin
