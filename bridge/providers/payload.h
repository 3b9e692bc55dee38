#pragma once

#include <cstddef>
#include <string>

#include "bridge/providers/provider.h"
#include "schemas/result.h"

namespace parley::bridge {

// What a notification says, as JSON (docs/push.md), in at most `bytes_max` bytes: the text is cut between two
// characters, then titles and names are left out. What is hidden is not there. INVALID_ARGUMENT: it does not
// fit all the same.
Result<std::string> PayloadOf(const PushNotification& notification, size_t bytes_max);

}  // namespace parley::bridge
