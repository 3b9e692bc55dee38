#pragma once

#include <functional>
#include <string>
#include <utility>
#include <variant>

#include <nlohmann/json.hpp>

#include "bridge/service/method.h"

namespace parley::bridge {

// An admin command that the plugin hands on (schemas/bridge_admin.h). A service gets the command's JSON
// object and returns the answer's data (null: none); it is called on the query worker's thread.
class AdminMethod final : public Method {
 public:
  using Service = std::function<Result<nlohmann::json>(const nlohmann::json& command)>;
  // It reads the store, too.
  using Reading =
      std::function<Result<nlohmann::json>(const nlohmann::json& command, const store::StoreView& view)>;
  // It reads, and then waits for somebody else: `done` is called once, on any thread.
  using Done = std::function<void(Result<nlohmann::json>)>;
  using Waiting =
      std::function<void(const nlohmann::json& command, const store::StoreView& view, const Done& done)>;

  explicit AdminMethod(Service service) : service_(std::move(service)) {}
  explicit AdminMethod(Reading service) : service_(std::move(service)) {}
  explicit AdminMethod(Waiting service) : service_(std::move(service)) {}

  Answer Run(const Query& query, store::StoreReader& reader) const override;
  bool answers_later() const override { return std::holds_alternative<Waiting>(service_); }
  void RunLater(const Query& query, store::StoreReader& reader,
                const std::function<void(Answer)>& done) const override;
  std::string Refuse(Encoding encoding, const std::string& request_id, const Error& error) const override;

 private:
  Answer AnswerOf(const Query& query, Result<nlohmann::json> data, LogIndex seen) const;

  const std::variant<Service, Reading, Waiting> service_;
};

}  // namespace parley::bridge
