#pragma once

#include <cstdint>
#include <functional>
#include <string>

namespace parley::client {

// Returns 64 random bits. Passed in, so that a test can repeat a run from its seed.
using RandomSource = std::function<uint64_t()>;

// A ULID (26 of Crockford's base 32: 48 bits of time, 80 random), a valid message id that sorts by time.
// https://github.com/ulid/spec
std::string MakeUlid(int64_t unix_ms, const RandomSource& random);

}  // namespace parley::client
