#pragma once

#include <functional>
#include <string>

#include <nlohmann/json.hpp>

#include "bridge/service/method.h"

namespace parley::bridge {

// An admin command that the plugin hands on (schemas/bridge_admin.h). `Service` gets the command's JSON
// object and returns the answer's data (null: none); it is called on the query worker's thread.
class AdminMethod final : public Method {
 public:
  using Service = std::function<Result<nlohmann::json>(const nlohmann::json& command)>;

  // One that also reads the store.
  using ViewService =
      std::function<Result<nlohmann::json>(const nlohmann::json& command, const store::StoreView& view)>;

  explicit AdminMethod(Service service) : service_(std::move(service)) {}
  explicit AdminMethod(ViewService service) : view_service_(std::move(service)) {}

  Answer Run(const Query& query, store::StoreReader& reader) const override;
  std::string Refuse(Encoding encoding, const std::string& request_id, const Error& error) const override;

 private:
  // One of the two.
  const Service service_{};
  const ViewService view_service_{};
};

}  // namespace parley::bridge
