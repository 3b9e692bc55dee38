#include "bridge/app/consumers.h"

#include <memory>

#include "bridge/presence/presence_feed.h"
#include "bridge/receipts/receipts_consumer.h"
#include "bridge/totals/totals.h"

namespace parley::bridge {

void AddConsumers(Feed& feed, PresenceService& presence, PushService& push) {
  feed.Add(std::make_unique<ReceiptsConsumer>());
  feed.Add(std::make_unique<Totals>());
  feed.Add(std::make_unique<PresenceFeed>(presence));
  feed.Add(push.MakeConsumer());
}

}  // namespace parley::bridge
