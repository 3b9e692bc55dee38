#include "bridge/app/presence_connectedness.h"

#include <optional>

namespace parley::bridge {

Whereabouts PresenceConnectedness::Of(const std::string& user) const {
  using At = Whereabouts::At;
  const std::optional<PresenceService::Seen> seen = presence_.Find(user);
  if (!seen) return {};
  const At gone = seen->leaving_ms > 0 ? At::kLeaving : At::kGone;
  return {.at = seen->connected ? At::kConnected : gone,
          .leaving_ms = seen->leaving_ms,
          .away = seen->chosen == v1::Presence::AWAY,
          .do_not_disturb = seen->chosen == v1::Presence::DND};
}

}  // namespace parley::bridge
