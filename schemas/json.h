#pragma once

#include <string>
#include <string_view>

#include "google/protobuf/message.h"
#include "schemas/result.h"

namespace parley {

// The JSON twin of a message: proto3 mapping, lowerCamelCase, scalar and repeated fields always printed,
// enumerations by name, 64-bit integers as strings. Any thread.
std::string ToJson(const google::protobuf::Message& message);

// Replaces `message` by what `json` says; either case of field names, unknown fields refused.
// INVALID_ARGUMENT with the field and what is wrong; `message` is then unspecified.
Status FromJson(std::string_view json, google::protobuf::Message& message);

// True when `text` is well-formed UTF-8 (RFC 3629) without U+0000.
bool IsUtf8(std::string_view text);

// `text` with control characters (C0, DEL, C1) and malformed UTF-8 replaced by '?', at most `length_max`
// bytes: safe to show in a terminal or to write into a log line.
std::string Printable(std::string_view text, size_t length_max = 256);

}  // namespace parley
