#pragma once

#include <memory>
#include <string_view>

#include "bridge/providers/provider.h"
#include "schemas/result.h"

namespace parley::bridge {

// Notifications to an HTTP endpoint of the user's own: JSON, signed as Standard Webhooks says.
// `secret`: as of WebhookSigner; white space at its end does not count. INVALID_ARGUMENT when it is none.
Result<std::unique_ptr<PushProvider>> MakeWebhookPush(std::string_view secret);

}  // namespace parley::bridge
