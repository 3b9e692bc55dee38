#include "bridge/app/consumers.h"

#include <memory>

#include "bridge/totals/totals.h"

namespace parley::bridge {

void AddConsumers(Feed& feed) {
  feed.Add(std::make_unique<Totals>());
}

}  // namespace parley::bridge
