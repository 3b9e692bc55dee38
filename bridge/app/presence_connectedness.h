#pragma once

#include <string>

#include "bridge/presence/presence_service.h"
#include "bridge/push/connectedness.h"

namespace parley::bridge {

// Who is connected, as presence knows it. Any thread.
class PresenceConnectedness final : public Connectedness {
 public:
  explicit PresenceConnectedness(const PresenceService& presence) : presence_(presence) {}

  Whereabouts Of(const std::string& user) const override;

 private:
  const PresenceService& presence_;
};

}  // namespace parley::bridge
