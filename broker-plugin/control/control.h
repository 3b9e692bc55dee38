#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "broker-plugin/auth/credential_memory.h"
#include "broker-plugin/auth/sessions.h"
#include "broker-plugin/auth/worker_pool.h"
#include "broker-plugin/control/admin_call.h"
#include "broker-plugin/delivery/broker.h"
#include "broker-plugin/gate/bridge_requests.h"
#include "broker-plugin/gate/command_sender.h"
#include "core/domain/directory.h"

namespace parley::plugin {

// What the commands work with; all of it outlives Control.
struct ControlParts {
  Broker& broker;
  const domain::Directory& view;
  CommandSender& commands;
  WorkerPool& pool;
  const CredentialMemory& memory;
  const Sessions& sessions;
  BridgeRequests& bridge;
  // Ends the connections of a user, or of one client when it is named; how many there were. They end a moment
  // later, so that an answer goes out first.
  std::function<size_t(const std::string& user, const std::string& client)> kick;
  std::function<nlohmann::json()> stats;
  bool defer_other_topics = false;  // the option parley_other_topics
};

// Runs admin commands that come over $CONTROL/parley/v1, in the shape of Mosquitto's dynamic-security API.
// The commands of a list run in order, a later one waits for an earlier; the response goes to the asking
// client only. Broker thread only.
class Control {
 public:
  explicit Control(ControlParts parts) : parts_(std::move(parts)) {}

  // A list of commands from an admin's client, or from the bridge, which may give a few. Malformed lists are
  // answered, too.
  void OnControl(const std::string& user, const std::string& client, std::string_view payload);

  const ControlParts& parts() const { return parts_; }
  // A pending command has come to its end: answers it and goes on with its list.
  void Finish(const std::shared_ptr<CommandList>& list, const Outcome& outcome);

 private:
  // Lists of one process that may be under way; more are refused.
  static constexpr size_t kListsMax = 256;

  void Continue(const std::shared_ptr<CommandList>& list);
  Outcome Run(const std::shared_ptr<CommandList>& list, const nlohmann::json& command);
  void Answer(CommandList& list, const Outcome& outcome);
  void Respond(const std::string& client, const nlohmann::json& responses);

  const ControlParts parts_;
  size_t lists_under_way_ = 0;
};

}  // namespace parley::plugin
