#pragma once

#include <string>

#include "parley/v1/message.pb.h"

namespace parley::plugin {

// 16 bytes that tell one message from another: BLAKE2b over the draft without its id, whatever encoding it
// came in. Any thread.
// `draft` is as before when it returns.
std::string BodyHash(v1::Draft& draft);

}  // namespace parley::plugin
