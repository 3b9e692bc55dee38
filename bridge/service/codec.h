#pragma once

#include <string>
#include <string_view>

#include "google/protobuf/message.h"
#include "schemas/result.h"
#include "schemas/topic.h"

namespace parley::bridge {

// Requests and replies as bytes. Pure.

// Replaces `request` by what the payload says. INVALID_ARGUMENT with what is wrong.
Status DecodeRequest(Encoding encoding, std::string_view payload, google::protobuf::Message& request);

// The request_id of a payload that may be malformed, so that even then the answer finds its question; "" when
// there is none, or none that may be echoed.
std::string FindRequestId(Encoding encoding, std::string_view payload);

std::string EncodeReply(Encoding encoding, const google::protobuf::Message& reply);

}  // namespace parley::bridge
