// Files that people and other programs write. The first byte chooses one, the rest is its text.

#include <string>

#include <nlohmann/json.hpp>

#include "broker-plugin/auth/imported_hash.h"
#include "client/cli/broker_configuration.h"
#include "client/cli/import_plan.h"
#include "client/cli/positions.h"
#include "schemas/json.h"
#include "tests/fuzz/input.h"

namespace parley::fuzz {
namespace {

void CheckPlan(const Result<client::ImportPlan>& plan) {
  if (!plan) {
    Require(plan.error().code == Code::INVALID_ARGUMENT && !plan.error().reason.empty(), "an import's error");
    return;
  }
  for (const client::ImportStep& step : plan->steps) {
    const auto command = nlohmann::json::parse(step.command, nullptr, /*allow_exceptions=*/false);
    Require(command.is_object() && command.contains("command"), "a step is a command");
    Require(Printable(step.words, step.words.size()) == step.words, "a step can be shown in a terminal");
  }
}

void TryAclFile(std::string_view text) {
  CheckPlan(client::PlanImport({.acl = std::string(text), .passwords = std::nullopt}));
}

void TryPasswordFile(std::string_view text) {
  CheckPlan(client::PlanImport({.acl = std::nullopt, .passwords = std::string(text)}));
}

void TryConfiguration(std::string_view text) {
  const client::BrokerConfiguration configuration(client::ParseConfiguration(text, "mosquitto.conf"));
  for (const client::ConfigurationLine& line : configuration.lines()) {
    Require(!line.key.empty() && configuration.Last(line.key) != nullptr, "every line is found by its key");
  }
}

void TryPositions(std::string_view text) {
  const auto positions = client::ParsePositions(text);
  if (!positions) return;
  const auto again = client::ParsePositions(client::PrintPositions(*positions));
  Require(again && again->cursor == positions->cursor && again->rooms.size() == positions->rooms.size(),
          "positions are read as they were written");
}

void TryHash(std::string_view hash) {
  if (plugin::CheckImportedHash(hash)) {
    Require(plugin::IsImportedHash(hash), "a hash that can be taken over looks like one");
  } else {
    Require(!plugin::VerifyImportedHash(hash, "secret"), "a hash that is not well formed fits no password");
  }
}

}  // namespace
}  // namespace parley::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace parley;
  fuzz::Input input(data, size);
  const uint8_t choice = input.Byte();
  const std::string_view text = input.Rest();
  switch (choice) {
    case 'a':
      fuzz::TryAclFile(text);
      break;
    case 'p':
      fuzz::TryPasswordFile(text);
      break;
    case 'c':
      fuzz::TryConfiguration(text);
      break;
    case 's':
      fuzz::TryPositions(text);
      break;
    case 'h':
      fuzz::TryHash(text);
      break;
    default:
      break;
  }
  return 0;
}
