#pragma once

#include <string>
#include <vector>

#include "bridge/presence/presence_service.h"
#include "bridge/push/connectedness.h"

namespace parley::bridge {

// Who is connected, as presence knows it. Any thread.
class PresenceConnectedness final : public Connectedness {
 public:
  explicit PresenceConnectedness(const PresenceService& presence) : presence_(presence) {}

  Whereabouts Of(const std::string& user) const override;
  std::vector<LostUser> LostAfter(uint64_t number) const override;
  uint64_t newest_lost() const override;

 private:
  const PresenceService& presence_;
};

}  // namespace parley::bridge
