#pragma once

#include <string_view>

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

// kNotOurs: a topic outside chat/v1, $CONTROL and $parley; other rules decide.
enum class Access { kAllow, kDeny, kNotOurs };

// What the access rules of the chat say, from the ACL view alone. Pure.

// True when the user carries the role "admin" and is not disabled.
bool IsAdmin(const domain::Directory& view, std::string_view user);

// May this filter be subscribed to? Granted when every topic that it can match is allowed, $share/g/T exactly
// as T.
Access MaySubscribe(const domain::Directory& view, const Identity& who, std::string_view filter);

// May a message of this topic reach this client now?
Access MayReceive(const domain::Directory& view, const Identity& who, std::string_view topic);

// May this client publish to this topic at all? Chat topics that clients speak on: yes, the gate decides and
// answers. What only the server publishes: no. (The broker routes a will without asking the gate, at its end
// with its client still connected: a will must not pass for an event.)
Access MayPublish(const domain::Directory& view, const Identity& who, std::string_view topic);

}  // namespace parley::plugin
