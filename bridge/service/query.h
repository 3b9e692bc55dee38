#pragma once

#include <cstddef>

#include "schemas/limits.h"
#include "schemas/names.h"

namespace parley::bridge {

// Who asks: authenticated by the broker.
struct Caller {
  UserId user;
};

// How large the protobuf form of a reply may get. A service keeps to it by giving fewer events and saying so;
// it may pass it only for a reply that cannot be made smaller.
struct Budget {
  size_t bytes_max = parley::limits::kReplyBytesMax;
};

}  // namespace parley::bridge
