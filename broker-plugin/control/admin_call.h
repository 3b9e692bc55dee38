#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <nlohmann/json.hpp>

#include "core/domain/state_machine.h"
#include "schemas/result.h"

namespace parley::plugin {

class Control;
struct ControlParts;
struct CommandList;

// What an admin command comes to: its data (null = none), an error, or nothing yet.
struct Outcome {
  bool pending = false;
  std::optional<Error> error;
  nlohmann::json data;

  Outcome() = default;
  Outcome(Error why) : error(std::move(why)) {}
  static Outcome Pending() {
    Outcome outcome;
    outcome.pending = true;
    return outcome;
  }
  static Outcome Data(nlohmann::json data) {
    Outcome outcome;
    outcome.data = std::move(data);
    return outcome;
  }
};

// One command of a list that is being run, as its handler sees it. A handler answers at once, or returns what
// Append(), OnPool() or OnBridge() returned: the list then goes on when that has come to its end. Broker
// thread only.
class AdminCall {
 public:
  AdminCall(Control& control, std::shared_ptr<CommandList> list, const nlohmann::json& arguments)
      : control_(control), list_(std::move(list)), arguments_(arguments) {}

  const std::string& user() const;  // the admin who asks, or the bridge
  const std::string& client() const;
  const nlohmann::json& arguments() const { return arguments_; }
  const ControlParts& parts() const;

  // A command of the log by this admin, stamped, its body still to be set.
  domain::Command NewCommand() const;
  // Appends it; the answer is what it comes to. `data`: of the answer when it was done.
  Outcome Append(domain::Command command, nlohmann::json data = {}) const;

  // Runs `job` on the worker pool, then what it returns on the broker thread; that gives the answer.
  using Completion = std::function<Outcome()>;
  using Job = std::function<Completion()>;
  Outcome OnPool(Job job) const;

  // Hands the command to the bridge as it is; what that says is the answer. UNAVAILABLE when it is not
  // connected, or does not answer in time.
  Outcome OnBridge() const;

 private:
  Control& control_;
  std::shared_ptr<CommandList> list_;
  const nlohmann::json& arguments_;  // in the list
};

// A row of the table of commands.
struct AdminCommand {
  std::string_view name;
  Outcome (*run)(const AdminCall& call);
  bool for_bridge = false;  // the bridge may give it, too
};

// The commands of $CONTROL/parley/v1, by what they are about.
std::span<const AdminCommand> UserCommands();
std::span<const AdminCommand> RoomCommands();
std::span<const AdminCommand> RoleCommands();
std::span<const AdminCommand> BindingCommands();
std::span<const AdminCommand> AccessCommands();
std::span<const AdminCommand> PushCommands();
std::span<const AdminCommand> WebhookCommands();
std::span<const AdminCommand> ServerCommands();
std::span<const AdminCommand> BridgeCommands();

}  // namespace parley::plugin
