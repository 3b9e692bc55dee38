#pragma once

#include <string>
#include <string_view>

#include "parley/v1/message.pb.h"

namespace parley {

// The JSON twin of what every chat message passes through, by hand: protobuf's own printer and parser cost
// more than the broker's whole work on a message. Equal to ToJson() and FromJson() (schemas/json.h), which
// are the oracle of its tests, and which serve whatever is rare. Any thread.

std::string EventToJson(const v1::Event& event);
std::string AckToJson(const v1::Ack& ack);

// Reads a draft of the common shape: id, a text body, mentions, each at most once. False for everything else,
// malformed or not: FromJson() then has the say; `draft` is unspecified.
bool ReadCommonDraft(std::string_view json, v1::Draft& draft);

}  // namespace parley
