#include "broker-plugin/requests/request_call.h"

#include "schemas/draft.h"
#include "schemas/json.h"
#include "schemas/limits.h"

namespace parley::plugin {

Status RequestCall::Decode(std::string_view payload, google::protobuf::Message& request) {
  request_id_ = BestKnownRequestId(encoding_, payload);
  if (encoding_ == Encoding::kPb) {
    if (!request.ParseFromArray(payload.data(), static_cast<int>(payload.size()))) {
      return Error{Code::INVALID_ARGUMENT, "the payload is not a request of this method in protobuf"};
    }
  } else if (Status read = FromJson(payload, request); !read) {
    return read;
  }
  const auto* field = request.GetDescriptor()->FindFieldByName("request_id");
  const std::string id = request.GetReflection()->GetString(request, field);
  if (id.size() > limits::kRequestIdBytesMax) {
    request_id_.clear();
    return Error{Code::INVALID_ARGUMENT, "requestId: at most 64 bytes"};
  }
  request_id_ = id;
  return {};
}

domain::Command RequestCall::NewCommand() const {
  domain::Command command = parts_->commands.New(user_, client_);
  command.mutable_origin()->set_as_member(true);
  return command;
}

void RequestCall::Append(domain::Command command, v1::RoomsCreateReply reply) const {
  const Status submitted = parts_->commands.Submit(
      std::move(command), [call = *this, reply = std::move(reply)](const domain::Applied& applied) {
        call.Answer(applied.code == Code::OK ? Status() : Status(Error{applied.code, applied.reason}), reply);
      });
  if (!submitted) Answer(submitted);
}

void RequestCall::Answer(const Status& status, v1::RoomsCreateReply reply) const {
  // Who has this client id now may be somebody else.
  const Session* session = parts_->sessions.FindClient(client_);
  if (session == nullptr || session->user != user_) return;
  const auto encoded = [this](const google::protobuf::Message& message) {
    return encoding_ == Encoding::kPb ? message.SerializeAsString() : ToJson(message);
  };
  v1::Reply plain;
  plain.set_request_id(request_id_);
  if (!status) {
    plain.set_code(status.error().code);
    plain.set_reason(status.error().reason);
  } else if (!reply.room().empty()) {
    reply.set_request_id(request_id_);
    return parts_->delivery.PublishReply(address_, encoded(reply));
  }
  parts_->delivery.PublishReply(address_, encoded(plain));
}

}  // namespace parley::plugin
