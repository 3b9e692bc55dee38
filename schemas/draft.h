#pragma once

#include <string>
#include <string_view>

#include "parley/v1/message.pb.h"
#include "schemas/result.h"
#include "schemas/topic.h"

namespace parley {

// Reads one draft from a payload. json, pb: a Draft. text: the payload is the text of a Text body.
// Only the encoding is checked here. INVALID_ARGUMENT names the field.
// `draft` is replaced; unspecified on failure.
Status DecodeDraft(Encoding encoding, std::string_view payload, v1::Draft& draft);

// Merges the id of the topic into the draft and checks what can be said without any state: id grammar, both
// ids equal, a body is there, text non-empty valid UTF-8, content type, mentions. INVALID_ARGUMENT;
// UNIMPLEMENTED for bodies and fields that this version does not have. On failure draft.id is still the best
// known id (for the Ack), or empty.
Status CheckDraft(std::optional<std::string_view> topic_id, v1::Draft& draft);

// The id for the Ack of a draft that could not be read: the topic's when it is well formed, else what a
// lenient look into the JSON finds, else "".
std::string BestKnownId(std::optional<std::string_view> topic_id, Encoding encoding,
                        std::string_view payload);

// Copies the body and all fields but the id from a draft into an event.
void CopyBody(const v1::Draft& draft, v1::Event& event);

// The request_id of a JSON or pb request that may be malformed; "" when there is none to find.
std::string BestKnownRequestId(Encoding encoding, std::string_view payload);

}  // namespace parley
