#pragma once

#include "bridge/feed/consumer.h"
#include "bridge/presence/presence_service.h"

namespace parley::bridge {

// Tells presence which memberships and rooms have changed. It keeps nothing of its own: a bridge that starts
// reads the rooms of everybody who is online anyway.
class PresenceFeed final : public FeedConsumer {
 public:
  explicit PresenceFeed(PresenceService& presence) : presence_(presence) {}

  std::string_view name() const override { return "presence"; }
  Begin begin() const override { return Begin::kHead; }
  Handled Handle(const store::FeedEntry& entry, const FeedContext& context, FeedEffects& effects) override;

 private:
  PresenceService& presence_;
};

}  // namespace parley::bridge
