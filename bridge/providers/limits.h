#pragma once

#include <cstddef>
#include <cstdint>

// The bounds of the push services. What happens at a bound stands beside it.
namespace parley::bridge::limits {

// A file with a key or a secret; above: refused at the start.
inline constexpr size_t kSecretFileBytesMax = size_t{64} * 1024;
// What FCM and APNs take of one notification; above: its text is shortened, then INVALID_ARGUMENT.
inline constexpr size_t kPushPayloadBytesMax = 4'096;
// What a provider's Retry-After may ask for; above: that.
inline constexpr int64_t kProviderRetryAfterMsMax = 3'600'000;
// Of a provider's answer, what people are shown; above: cut off.
inline constexpr size_t kProviderDetailBytesMax = 256;
// An OAuth access token; above: the sign-in failed.
inline constexpr size_t kAccessTokenBytesMax = size_t{8} * 1024;

}  // namespace parley::bridge::limits
