#pragma once

#include <string>
#include <string_view>

#include "client/transport/mqtt_transport.h"
#include "schemas/result.h"

namespace parley::client {

// Messages of any topic, as `parley sub` shows them. What is of chat/v1 (events, acks, replies; pb and json)
// is decoded; binary payloads are shown as such and control sequences replaced. Pure.

// "topic payload", perhaps with "(retained)"; no trailing line break.
std::string RenderMessage(const MqttMessage& message);

// {"topic":…,"qos":…,"retained":…, then "payload":"text" or "payloadBase64":"…", and "message":{…} where it
// was decoded} on one line.
std::string MessageJson(const MqttMessage& message);

// Where the answer to a publish comes: {filter, 1} of the client's acks or replies, or the control response;
// "" when there is none.
std::string AnswerFilter(std::string_view topic, std::string_view client_id);

// The code of an ack, of a reply or of the first error of a control response; INTERNAL when it cannot be
// read.
Code AnswerCode(const MqttMessage& answer);

}  // namespace parley::client
