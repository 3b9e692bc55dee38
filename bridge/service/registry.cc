#include "bridge/service/registry.h"

#include "parley/v1/request.pb.h"
#include "schemas/json.h"

namespace parley::bridge {

Answer Registry::Run(std::string_view method, const Query& query, store::StoreReader& reader) const {
  const auto found = methods_.find(method);
  if (found != methods_.end()) return found->second->Run(query, reader);
  const Error error{Code::UNIMPLEMENTED, "this version does not have " + Printable(method, 64)};
  return {Refuse(method, query, error), {}, error.code};
}

const Method* Registry::FindLater(std::string_view method) const {
  const auto found = methods_.find(method);
  return found != methods_.end() && found->second->answers_later() ? found->second.get() : nullptr;
}

std::string Registry::Refuse(std::string_view method, const Query& query, const Error& error) const {
  const std::string request_id = FindRequestId(query.encoding, query.payload);
  const auto found = methods_.find(method);
  if (found != methods_.end()) return found->second->Refuse(query.encoding, request_id, error);
  return EncodeRefusal<v1::Reply>(query.encoding, request_id, error);
}

}  // namespace parley::bridge
