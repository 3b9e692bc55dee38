#include "bridge/service/admin_method.h"

namespace parley::bridge {

using nlohmann::json;

Answer AdminMethod::Run(const Query& query, store::StoreReader& reader) const {
  const json command = json::parse(query.payload, nullptr, /*allow_exceptions=*/false);
  LogIndex seen;
  const Result<json> data = [&]() -> Result<json> {
    if (!command.is_object()) return Error{Code::INVALID_ARGUMENT, "the command is no JSON object"};
    if (service_) return service_(command);
    const Result<std::unique_ptr<store::StoreView>> view = reader.View(query.committed);
    if (!view) return view.error();
    seen = (*view)->applied();
    return view_service_(command, **view);
  }();
  if (!data) return {Refuse(query.encoding, {}, data.error()), seen, data.error().code};
  json answer = json::object();
  if (!data->is_null()) answer["data"] = *data;
  return {answer.dump(-1, ' ', false, json::error_handler_t::replace), seen, Code::OK};
}

std::string AdminMethod::Refuse(Encoding /*encoding*/, const std::string& /*request_id*/,
                                const Error& error) const {
  const json answer = {{"error", error.reason}, {"code", CodeName(error.code)}};
  return answer.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace parley::bridge
