#include "bridge/app/presence_connectedness.h"

#include <optional>
#include <utility>

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

std::vector<LostUser> PresenceConnectedness::LostAfter(uint64_t number) const {
  std::vector<LostUser> lost;
  for (LostPerson& person : presence_.LostAfter(number)) {
    lost.push_back({person.number, std::move(person.user), static_cast<int64_t>(person.heard_ms)});
  }
  return lost;
}

uint64_t PresenceConnectedness::newest_lost() const {
  return presence_.newest_lost();
}

}  // namespace parley::bridge
