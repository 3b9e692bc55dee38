#pragma once

#include <string>

#include "client/api/client.h"
#include "google/protobuf/message.h"
#include "schemas/json.h"

namespace parley::client {

// Asks a request whose reply the program reads itself. A reply with an error code is an Error.
template <typename Reply>
Result<Reply> Ask(Client& client, const std::string& method, const google::protobuf::Message& request,
                  Repeat repeat) {
  const Result<std::string> answer = client.Ask(method, ToJson(request), repeat);
  if (!answer) return answer.error();
  Reply reply;
  if (Status read = FromJson(*answer, reply); !read) return std::move(read).error().Within("the answer");
  return reply;
}

}  // namespace parley::client
