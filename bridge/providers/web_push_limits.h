#pragma once

#include <cstddef>
#include <cstdint>

// The bounds of Web Push and of webhooks. What happens at a bound stands beside it.
namespace parley::bridge::limits {

// The JSON in a Web Push message, which is 4096 bytes with what encrypts it (RFC 8291, section 4); above: the
// text is shortened.
inline constexpr size_t kWebPushPlainBytesMax = 3'993;
// What its length tells the push service: only the next multiple.
inline constexpr size_t kWebPushPaddingBytes = 128;
// The JSON in the body of a webhook; above: the text is shortened.
inline constexpr size_t kWebhookPushBytesMax = size_t{16} * 1024;
// How long a VAPID token is good for, and how long before its end it is made anew.
inline constexpr int64_t kVapidTokenMs = int64_t{12} * 3'600'000;
inline constexpr int64_t kVapidRenewMs = 3'600'000;
// A token that is refused is made anew unless it is newer.
inline constexpr int64_t kVapidTokenYoungMs = 60'000;
// Push services whose tokens are kept; above: all are made anew.
inline constexpr size_t kVapidTokensMax = 1'000;

}  // namespace parley::bridge::limits
