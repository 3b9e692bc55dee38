#include "bridge/service/admin_method.h"

namespace parley::bridge {

using nlohmann::json;

Answer AdminMethod::Run(const Query& query, store::StoreReader& /*reader*/) const {
  const json command = json::parse(query.payload, nullptr, /*allow_exceptions=*/false);
  Result<json> data = command.is_object() ? service_(command)
                                          : Error{Code::INVALID_ARGUMENT, "the command is no JSON object"};
  if (!data) return {Refuse(query.encoding, {}, data.error()), {}, data.error().code};
  json answer = json::object();
  if (!data->is_null()) answer["data"] = *std::move(data);
  return {answer.dump(-1, ' ', false, json::error_handler_t::replace), {}, Code::OK};
}

std::string AdminMethod::Refuse(Encoding /*encoding*/, const std::string& /*request_id*/,
                                const Error& error) const {
  const json answer = {{"error", error.reason}, {"code", CodeName(error.code)}};
  return answer.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace parley::bridge
