#pragma once

#include <set>
#include <string>

#include "broker-plugin/gate/member_requests.h"
#include "broker-plugin/requests/request_call.h"

namespace parley::plugin {

// The methods that the plugin answers: each becomes a command of the log by the user who asks, whose rights
// decide at apply(). A bad request is answered at once. Broker thread only.
class Requests final : public MemberRequests {
 public:
  Requests(const domain::Directory& view, Sessions& sessions, CommandSender& commands, Delivery& delivery,
           WorkerPool& pool, const CredentialMemory& memory)
      : parts_{view, sessions, commands, delivery, pool, memory, changing_passwords_, time_zones_} {}

  bool Has(std::string_view method) const override;
  void OnRequest(std::string_view method, const IncomingRequest& request) override;

 private:
  std::set<std::string> changing_passwords_;
  const TimeZones time_zones_ = TimeZones::Read();
  const RequestParts parts_;
};

}  // namespace parley::plugin
