#include "broker-plugin/gate/bridge_requests.h"

#include <algorithm>
#include <array>
#include <utility>

#include "parley/internal/v1/envelope.pb.h"
#include "schemas/draft.h"
#include "schemas/json.h"

namespace parley::plugin {
namespace {

constexpr std::array<std::string_view, 14> kMethods = {
    "history.page", "sync",       "rooms.list",   "rooms.get",      "members.list",
    "users.get",    "users.find", "receipts.get", "presence.get",   "presence.set",
    "search",       "push.list",  "push.test",    "message.explain"};

}  // namespace

bool BridgeRequests::Has(std::string_view method) {
  return std::find(kMethods.begin(), kMethods.end(), method) != kMethods.end();
}

Status BridgeRequests::CheckRoom() const {
  if (!delivery_.bridge_present()) {
    return Error{Code::UNAVAILABLE, "the bridge is not connected: try again in a moment"};
  }
  if (under_way_.size() >= kUnderWayMax) {
    return Error{Code::RESOURCE_EXHAUSTED, "too many requests are under way: try again in a moment"};
  }
  return {};
}

Status BridgeRequests::Forward(std::string_view method, const IncomingRequest& request,
                               Clock::time_point now) {
  if (Status room = CheckRoom(); !room) return room;
  Send(method, request.payload,
       {.user = request.user,
        .client = request.client,
        .request_id = BestKnownRequestId(request.encoding, request.payload),
        .encoding = request.encoding,
        .address = request.address,
        .done = {},
        .expires = now + kAnswerTimeout});
  return {};
}

Status BridgeRequests::ForwardAdmin(const std::string& method, AdminQuestion question, Done done,
                                    Clock::time_point now) {
  if (Status room = CheckRoom(); !room) return room;
  Send(method, question.payload,
       {.user = std::move(question.user),
        .client = std::move(question.client),
        .request_id = {},
        .encoding = Encoding::kJson,
        .address = {},
        .done = std::move(done),
        .expires = now + kAnswerTimeout});
  return {};
}

void BridgeRequests::Send(std::string_view method, std::string_view payload, UnderWay request) {
  internal::v1::RequestEnvelope envelope;
  envelope.set_user(request.user);
  envelope.set_client(request.client);
  envelope.set_committed(delivery_.committed().value);
  envelope.set_method(std::string(method));
  envelope.set_encoding(static_cast<uint32_t>(request.encoding));
  envelope.set_payload(payload.data(), payload.size());
  envelope.set_number(next_number_);
  under_way_.emplace(next_number_++, std::move(request));
  delivery_.PublishRequest(envelope.SerializeAsString());
}

void BridgeRequests::OnReply(std::string_view payload) {
  internal::v1::ReplyEnvelope envelope;
  if (!envelope.ParseFromArray(payload.data(), static_cast<int>(payload.size()))) return;
  const auto found = under_way_.find(envelope.number());
  if (found == under_way_.end()) return;
  const UnderWay request = std::move(found->second);
  under_way_.erase(found);
  Reply(request, envelope.payload());
}

void BridgeRequests::OnBridgeGone() {
  for (const auto& [number, request] : std::exchange(under_way_, {})) {
    Refuse(request, {Code::UNAVAILABLE, "the bridge has gone: try again in a moment"});
  }
}

void BridgeRequests::Expire(Clock::time_point now) {
  while (!under_way_.empty() && under_way_.begin()->second.expires <= now) {
    const UnderWay request = std::move(under_way_.begin()->second);
    under_way_.erase(under_way_.begin());
    Refuse(request, {Code::UNAVAILABLE, "the bridge does not answer: try again in a moment"});
  }
}

void BridgeRequests::Refuse(const UnderWay& request, const Error& why) {
  if (request.done) return request.done(why);
  v1::Reply reply;
  reply.set_request_id(request.request_id);
  reply.set_code(why.code);
  reply.set_reason(why.reason);
  Reply(request, request.encoding == Encoding::kPb ? reply.SerializeAsString() : ToJson(reply));
}

void BridgeRequests::Reply(const UnderWay& request, std::string_view payload) {
  if (request.done) return request.done(payload);
  const Session* session = sessions_.FindClient(request.client);
  if (session != nullptr && session->user == request.user) delivery_.PublishReply(request.address, payload);
}

}  // namespace parley::plugin
