#pragma once

#include <string>
#include <string_view>

#include "broker-plugin/delivery/delivery.h"
#include "schemas/topic.h"

namespace parley::plugin {

// A request as the gate hands it on: the sender is authenticated, the payload is unread and within its size.
struct IncomingRequest {
  const std::string& user;
  const std::string& client;
  Encoding encoding = Encoding::kJson;
  std::string_view payload;
  ReplyAddress address;
};

// Where the gate hands over the requests that the plugin answers itself. Broker thread only.
class MemberRequests {
 public:
  virtual ~MemberRequests() = default;
  virtual bool Has(std::string_view method) const = 0;
  // `method`: one that it has. Answers it, now or when the log has it.
  virtual void OnRequest(std::string_view method, const IncomingRequest& request) = 0;
};

}  // namespace parley::plugin
