#pragma once

#include <string>

namespace parley::client {

// An MQTT client id that nobody has yet: for programs that need no fixed one, so that two of them do not push
// each other out.
std::string FreshClientId();

}  // namespace parley::client
