#include "bridge/service/admin_method.h"

#include <memory>

namespace parley::bridge {

using nlohmann::json;

namespace {

Result<json> CommandOf(const Query& query) {
  json command = json::parse(query.payload, nullptr, /*allow_exceptions=*/false);
  if (!command.is_object()) return Error{Code::INVALID_ARGUMENT, "the command is no JSON object"};
  return command;
}

}  // namespace

Answer AdminMethod::AnswerOf(const Query& query, Result<json> data, LogIndex seen) const {
  if (!data) return {Refuse(query.encoding, {}, data.error()), seen, data.error().code};
  json answer = json::object();
  if (!data->is_null()) answer["data"] = *std::move(data);
  return {answer.dump(-1, ' ', false, json::error_handler_t::replace), seen, Code::OK};
}

Answer AdminMethod::Run(const Query& query, store::StoreReader& reader) const {
  const Result<json> command = CommandOf(query);
  if (!command) return AnswerOf(query, command.error(), {});
  if (const auto* const service = std::get_if<Service>(&service_)) {
    return AnswerOf(query, (*service)(*command), {});
  }
  const auto view = reader.View(query.committed);
  if (!view) return AnswerOf(query, view.error(), {});
  return AnswerOf(query, std::get<Reading>(service_)(*command, **view), (*view)->applied());
}

void AdminMethod::RunLater(const Query& query, store::StoreReader& reader,
                           const std::function<void(Answer)>& done) const {
  const auto answer = [this, query, done](Result<json> data, LogIndex seen) {
    done(AnswerOf(query, std::move(data), seen));
  };
  const Result<json> command = CommandOf(query);
  if (!command) return answer(command.error(), {});
  const auto view = reader.View(query.committed);
  if (!view) return answer(view.error(), {});
  std::get<Waiting>(service_)(*command, **view, [answer, seen = (*view)->applied()](Result<json> data) {
    answer(std::move(data), seen);
  });
}

std::string AdminMethod::Refuse(Encoding /*encoding*/, const std::string& /*request_id*/,
                                const Error& error) const {
  const json answer = {{"error", error.reason}, {"code", CodeName(error.code)}};
  return answer.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace parley::bridge
