#pragma once

#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <google/protobuf/message.h>

#include "broker-plugin/auth/sessions.h"
#include "broker-plugin/auth/worker_pool.h"
#include "broker-plugin/delivery/delivery.h"
#include "broker-plugin/gate/command_sender.h"
#include "broker-plugin/gate/member_requests.h"
#include "broker-plugin/requests/time_zones.h"
#include "parley/v1/request.pb.h"
#include "schemas/result.h"

namespace parley::plugin {

class CredentialMemory;

// What the methods work with; all of it outlives Requests.
struct RequestParts {
  const domain::Directory& view;
  Sessions& sessions;
  CommandSender& commands;
  Delivery& delivery;
  WorkerPool& pool;
  const CredentialMemory& memory;
  std::set<std::string>& changing_passwords;  // users: one derivation each at a time
  const TimeZones& time_zones;
};

// One request on its way to its answer: a value that outlives the callback. Broker thread, unless a method
// says otherwise.
class RequestCall {
 public:
  RequestCall(const RequestParts& parts, const IncomingRequest& request)
      : parts_(&parts),
        user_(request.user),
        client_(request.client),
        encoding_(request.encoding),
        address_(request.address) {}

  const std::string& user() const { return user_; }
  const std::string& client() const { return client_; }
  const RequestParts& parts() const { return *parts_; }

  // Replaces `request` by what the payload says, and keeps its id for the reply. INVALID_ARGUMENT names the
  // field.
  Status Decode(std::string_view payload, google::protobuf::Message& request);

  // A command of the log by this user as a member, stamped, its body still to be set.
  domain::Command NewCommand() const;
  // Appends it, and answers when the view has what it did, or with why it did nothing. `reply`: what an OK
  // adds.
  void Append(domain::Command command, v1::RoomsCreateReply reply = {}) const;
  void Answer(const Status& status, v1::RoomsCreateReply reply = {}) const;

 private:
  const RequestParts* parts_;
  std::string user_;
  std::string client_;
  std::string request_id_;
  Encoding encoding_;
  ReplyAddress address_;
};

// A row of the table of methods.
struct RequestMethod {
  std::string_view name;
  void (*run)(RequestCall& call, std::string_view payload);
};

// The methods by what they are about.
std::span<const RequestMethod> RoomMethods();
std::span<const RequestMethod> MemberMethods();
std::span<const RequestMethod> UserMethods();
std::span<const RequestMethod> PushMethods();

// For a method whose every request is one command: `build` checks the request and sets the body.
// INVALID_ARGUMENT names the field.
template <typename Request,
          Status (*build)(const RequestCall& call, const Request& request, domain::Command&)>
void RunAsCommand(RequestCall& call, std::string_view payload) {
  Request request;
  if (Status decoded = call.Decode(payload, request); !decoded) return call.Answer(decoded);
  domain::Command command = call.NewCommand();
  if (Status built = build(call, request, command); !built) return call.Answer(built);
  call.Append(std::move(command));
}

}  // namespace parley::plugin
