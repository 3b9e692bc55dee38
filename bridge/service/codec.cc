#include "bridge/service/codec.h"

#include "parley/v1/request.pb.h"
#include "schemas/draft.h"
#include "schemas/json.h"
#include "schemas/limits.h"

namespace parley::bridge {

Status DecodeRequest(Encoding encoding, std::string_view payload, google::protobuf::Message& request) {
  if (payload.size() > limits::kRequestBytesMax) {
    return Error{Code::RESOURCE_EXHAUSTED,
                 "a request has at most " + std::to_string(limits::kRequestBytesMax) + " bytes"};
  }
  if (encoding == Encoding::kJson) return FromJson(payload, request);
  if (request.ParseFromArray(payload.data(), static_cast<int>(payload.size()))) return {};
  return Error{Code::INVALID_ARGUMENT, "the payload is not a request of this method in protobuf"};
}

std::string FindRequestId(Encoding encoding, std::string_view payload) {
  if (payload.size() > limits::kRequestBytesMax) return {};
  if (encoding != Encoding::kPb) return BestKnownRequestId(Encoding::kJson, payload);
  // Every request has the id in the field where Reply has it; what comes before the damage is kept.
  v1::Reply probe;
  probe.ParsePartialFromArray(payload.data(), static_cast<int>(payload.size()));
  const std::string& id = probe.request_id();
  return id.size() <= limits::kRequestIdBytesMax && Printable(id) == id ? id : std::string();
}

std::string EncodeReply(Encoding encoding, const google::protobuf::Message& reply) {
  return AnswerEncoding(encoding) == Encoding::kJson ? ToJson(reply) : reply.SerializeAsString();
}

}  // namespace parley::bridge
