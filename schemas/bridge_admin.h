#pragma once

#include <string>
#include <string_view>

namespace parley {

// Admin commands of $CONTROL/parley/v1 that the bridge answers: the plugin, which has checked that an admin
// asks, hands them on as a RequestEnvelope of this method. Its payload is the command as JSON, the reply's is
// {"data":{…}}, {} or {"error":"…","code":"NOT_FOUND"}. No client's request can name such a method: it
// is none of the protocol's.
inline std::string BridgeAdminMethod(std::string_view command) {
  return std::string("admin.").append(command);
}

}  // namespace parley
