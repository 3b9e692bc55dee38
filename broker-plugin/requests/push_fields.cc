#include "broker-plugin/requests/push_fields.h"

#include <algorithm>
#include <optional>
#include <string_view>

#include "schemas/base64.h"
#include "schemas/json.h"
#include "schemas/names.h"
#include "schemas/url.h"

namespace parley::plugin {
namespace {

constexpr size_t kPointBytes = 65;  // an uncompressed point of P-256 (RFC 8291)
constexpr char kUncompressed = '\x04';
constexpr size_t kAuthBytes = 16;
constexpr size_t kFcmTokenBytesMax = 4096;
constexpr size_t kApnsTokenBytesMax = 200;
constexpr size_t kApnsTopicBytesMax = 255;

Error Invalid(const std::string& field, const std::string& reason) {
  return {Code::INVALID_ARGUMENT, field + ": " + reason};
}

bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}

// "00:00" to "23:59".
bool IsTimeOfDay(std::string_view text) {
  if (text.size() != 5 || text[2] != ':') return false;
  if (!IsDigit(text[0]) || !IsDigit(text[1]) || !IsDigit(text[3]) || !IsDigit(text[4])) return false;
  return text.substr(0, 2) < "24" && text[3] < '6';
}

}  // namespace

Status CheckDevice(const std::string& device) {
  if (Result<ClientId> parsed = ParseClientId(device); !parsed) {
    return Invalid("device", "1 to 128 of A-Z a-z 0-9 . _ : @ -");
  }
  return {};
}

Status CheckTarget(const v1::WebPushTarget& target) {
  if (Status url = CheckUrl(target.endpoint()); !url)
    return std::move(url).error().Within("webPush.endpoint");
  const std::optional<std::string> point = FromBase64(target.keys().p256dh(), Base64::kUrlSafe);
  if (!point || point->size() != kPointBytes || point->front() != kUncompressed) {
    return Invalid("webPush.keys.p256dh", "the base64url of an uncompressed P-256 point (65 bytes)");
  }
  const std::optional<std::string> auth = FromBase64(target.keys().auth(), Base64::kUrlSafe);
  if (!auth || auth->size() != kAuthBytes) {
    return Invalid("webPush.keys.auth", "the base64url of 16 bytes");
  }
  return {};
}

Status CheckTarget(const v1::FcmTarget& target) {
  const std::string& token = target.token();
  const bool printable =
      std::all_of(token.begin(), token.end(), [](char c) { return c > ' ' && c < '\x7F'; });
  if (!token.empty() && token.size() <= kFcmTokenBytesMax && printable) return {};
  return Invalid("fcm.token", "1 to 4096 bytes of printable ASCII");
}

Status CheckTarget(const v1::ApnsTarget& target) {
  const std::string& token = target.token();
  const bool hex = std::all_of(token.begin(), token.end(), [](char c) {
    return IsDigit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
  });
  if (token.empty() || token.size() > kApnsTokenBytesMax || token.size() % 2 != 0 || !hex) {
    return Invalid("apns.token", "2 to 200 hexadecimal digits, two for a byte");
  }
  const std::string& topic = target.topic();
  const bool name = std::all_of(topic.begin(), topic.end(), [](char c) {
    return IsDigit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' || c == '-' || c == '_';
  });
  if (topic.size() > kApnsTopicBytesMax || !name) {
    return Invalid("apns.topic", "a bundle id: at most 255 of A-Z a-z 0-9 . _ -");
  }
  return {};
}

Status CheckTarget(const v1::WebhookTarget& target) {
  if (Status url = CheckUrl(target.url()); !url) return std::move(url).error().Within("webhook.url");
  return {};
}

Status CheckQuietHours(const v1::QuietHours& hours, const TimeZones& zones) {
  if (hours.from().empty() && hours.to().empty() && hours.time_zone().empty()) return {};  // none
  if (!IsTimeOfDay(hours.from())) return Invalid("quietHours.from", "a time from 00:00 to 23:59");
  if (!IsTimeOfDay(hours.to())) return Invalid("quietHours.to", "a time from 00:00 to 23:59");
  if (hours.from() == hours.to()) return Invalid("quietHours.to", "another time than from");
  if (!hours.time_zone().empty() && !zones.Has(hours.time_zone())) {
    return Invalid("quietHours.timeZone", "no time zone " + Printable(hours.time_zone(), 64) +
                                              " here: a name such as Europe/Berlin, or none for UTC");
  }
  return {};
}

Status CheckLevel(v1::Push::Level level) {
  if (v1::Push::Level_IsValid(level)) return {};
  return Invalid("level", "one of DEFAULT, ALL, MENTIONS, NONE");
}

Status CheckPreview(v1::Push::Preview preview) {
  if (v1::Push::Preview_IsValid(preview)) return {};
  return Invalid("preview", "one of INHERIT, SHOWN, HIDDEN");
}

}  // namespace parley::plugin
