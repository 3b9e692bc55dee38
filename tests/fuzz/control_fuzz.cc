// The payload of a $CONTROL message: a list of admin commands, run by the real commands on a state machine
// that applies at once what they append. Only the broker, the disk and the clock are absent.

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "broker-plugin/control/control.h"
#include "schemas/topic.h"
#include "tests/fuzz/input.h"
#include "tests/support/commands.h"
#include "tests/support/machine.h"

namespace parley::fuzz {
namespace {

using nlohmann::json;

class Responses final : public plugin::Broker {
 public:
  void Publish(const std::string&, std::string_view, int, std::string_view) override {}
  void PublishTo(const std::string& client, const std::string& topic, std::string_view payload,
                 int) override {
    Require(client == "admin-1" && topic == kControlResponseTopic, "a response goes to the asking client");
    payloads.emplace_back(payload);
  }
  bool Kick(const std::string&) override { return false; }
  bool LearnSockets(const void*, uint16_t) override { return false; }
  int SocketOf(const void*, int) override { return -1; }
  void Log(Level, const std::string&) override {}

  std::vector<std::string> payloads;
};

// Applies at once; the outcomes wait for TakeApplied(), as they come later in the broker, too.
class InstantLog final : public log::CommitLog {
 public:
  Result<LogIndex> Append(const domain::Command& command) override {
    std::string bytes = command.SerializeAsString();
    domain::Command stored;
    Require(stored.ParseFromString(bytes), "a command of the log can be read again");
    applied_.push_back(machine.Do(stored));
    return LogIndex{machine.last()};
  }
  void Seal() override {}
  void Release(LogIndex) override {}
  std::vector<domain::Applied> TakeApplied() { return std::exchange(applied_, {}); }

  parley::testing::Machine machine;

 private:
  std::vector<domain::Applied> applied_;
};

// True for a list that would derive keys (20 ms each): left to the unit tests.
bool DerivesKeys(std::string_view payload) {
  return payload.find("assword\"") != std::string_view::npos || payload.find("\\u") != std::string_view::npos;
}

void TryControl(std::string_view payload) {
  static const plugin::CredentialMemory memory = [] {
    std::string why;
    return plugin::CredentialMemory::Open("/nonexistent", "fuzz", why);
  }();
  static const plugin::LogClock clock(0, 0);
  static plugin::WorkerPool pool([] {});
  static plugin::Sessions sessions([](const std::string&) { return false; });
  Responses broker;
  InstantLog log;
  plugin::CommandSender commands(log, clock);
  domain::Command admin = parley::testing::CreateUser("admin");
  admin.mutable_create_user()->add_roles("admin");
  for (const domain::Command& made : {admin, parley::testing::CreateUser("alice"),
                                      parley::testing::CreateRoom("lobby", {{"alice", v1::Member::OWNER}})}) {
    Require(log.Append(made).has_value(), "the world is made");
  }
  log.TakeApplied();
  domain::Directory view;
  plugin::Delivery delivery(broker, view, sessions,
                            {.ring = [] {},
                             .answered = [](const auto&) {},
                             .will_change = [](const auto&) {},
                             .released = [](LogIndex) {},
                             .routed = [] {}},
                            {});
  plugin::BridgeRequests bridge(sessions, delivery, 1);  // of a bridge that is away
  plugin::Control control({.broker = broker,
                           .view = log.machine.directory(),
                           .commands = commands,
                           .pool = pool,
                           .memory = memory,
                           .sessions = sessions,
                           .bridge = bridge,
                           .kick = [](const std::string&, const std::string&) { return size_t{1}; },
                           .stats = [] { return json::object(); }});
  control.OnControl("admin", "admin-1", payload);
  for (int round = 0; broker.payloads.empty() && round < 2000; ++round) {
    for (const domain::Applied& applied : log.TakeApplied()) commands.OnApplied(applied);
  }
  Require(broker.payloads.size() == 1, "a list is answered once");
  const json response = json::parse(broker.payloads[0], nullptr, /*allow_exceptions=*/false);
  Require(response.is_object() && response.contains("responses") && response["responses"].is_array(),
          "a response is a list of responses");
  for (const json& answer : response["responses"]) {
    Require(answer.is_object(), "an answer is an object");
    Require(answer.contains("error") == answer.contains("code"), "an error has a code and a reason");
  }
}

}  // namespace
}  // namespace parley::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view payload(reinterpret_cast<const char*>(data), size);
  if (!parley::fuzz::DerivesKeys(payload)) parley::fuzz::TryControl(payload);
  return 0;
}
