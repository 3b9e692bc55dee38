#pragma once

#include "bridge/feed/feed.h"
#include "bridge/service/registry.h"

namespace parley::bridge {

// The admin commands about the feed: listFeedConsumers, listDeadLetters, replayDeadLetter(s) and
// dropDeadLetter(s). `feed` outlives `registry`.
void AddFeedAdmin(Registry& registry, Feed& feed);

}  // namespace parley::bridge
