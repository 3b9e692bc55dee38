#include "client/cli/render_presence.h"

#include <algorithm>
#include <cctype>

#include "client/cli/render.h"
#include "schemas/json.h"

namespace parley::client {

std::string RenderPresence(const v1::Presence& presence) {
  std::string state = v1::Presence::State_Name(presence.state());
  std::transform(state.begin(), state.end(), state.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  std::string text = Printable(presence.user(), 64) + " " + (state.empty() ? "unknown" : state);
  if (presence.state() == v1::Presence::OFFLINE) {
    text += presence.last_seen_ms() != 0 ? " since " + RenderTime(presence.last_seen_ms()) : ", never seen";
  }
  if (presence.devices() > 1) text += ", " + std::to_string(presence.devices()) + " devices";
  if (!presence.status_text().empty()) {
    text += ": " + Printable(presence.status_text(), presence.status_text().size());
  }
  return text;
}

std::vector<std::string> RenderRoomPresence(const v1::RoomPresence& presence) {
  std::vector<std::string> lines;
  lines.push_back(Printable(presence.room(), 256) + ": " + std::to_string(presence.online()) + " online");
  for (const v1::Presence& member : presence.members()) lines.push_back("  " + RenderPresence(member));
  return lines;
}

}  // namespace parley::client
