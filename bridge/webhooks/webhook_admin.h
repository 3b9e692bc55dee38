#pragma once

#include "bridge/service/registry.h"
#include "bridge/webhooks/webhook_engine.h"

namespace parley::bridge {

// The admin commands listWebhooks, getWebhook, pauseWebhook, resumeWebhook and testWebhook
// (docs/webhooks.md). `engine` outlives `registry`.
void AddWebhookAdmin(Registry& registry, WebhookEngine& engine);

}  // namespace parley::bridge
