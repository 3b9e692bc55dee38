#pragma once

#include <string>

#include "broker-plugin/requests/time_zones.h"
#include "parley/v1/push.pb.h"
#include "schemas/result.h"

namespace parley::plugin {

// Check what a device says of itself. INVALID_ARGUMENT names the field, never its value: it may be a secret.
Status CheckDevice(const std::string& device);
Status CheckTarget(const v1::WebPushTarget& target);
Status CheckTarget(const v1::FcmTarget& target);
Status CheckTarget(const v1::ApnsTarget& target);
Status CheckTarget(const v1::WebhookTarget& target);
Status CheckQuietHours(const v1::QuietHours& hours, const TimeZones& zones);
Status CheckLevel(v1::Push::Level level);
Status CheckPreview(v1::Push::Preview preview);

}  // namespace parley::plugin
