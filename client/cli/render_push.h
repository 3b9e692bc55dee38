#pragma once

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "parley/v1/request.pb.h"

namespace parley::client {

// Push devices and what became of a message, as a person reads them; what others wrote has its control
// sequences replaced. Pure, but for the time zone of the process. No trailing line breaks.

// phone web_push https://push.example/… "Alice's phone" level all preview shown
std::vector<std::string> RenderPushList(const v1::PushListReply& list);

// The devices of each user in the answer to the admin command listPush ({"users": …}); nothing for what is
// not understood.
std::vector<std::string> RenderUsersPush(const nlohmann::ordered_json& data);

// "muted": a reason in plain words; "" for NO_REASON.
std::string ReasonInWords(v1::Push::Reason reason);

// The message, its times with what passed between them, then a line for each device.
std::vector<std::string> RenderMessageExplanation(const v1::MessageExplainReply& explanation);

}  // namespace parley::client
