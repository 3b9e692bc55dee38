#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include <nlohmann/json_fwd.hpp>

#include "broker-plugin/auth/credential_memory.h"
#include "broker-plugin/auth/worker_pool.h"
#include "broker-plugin/delivery/broker.h"
#include "broker-plugin/gate/gate.h"
#include "core/domain/directory.h"
#include "core/log/commit_log.h"

namespace parley::plugin {

// Admin commands over $CONTROL/parley/v1, in the shape of Mosquitto's dynamic-security API. The commands of a
// list run in order, a later one waits for an earlier; the response goes to the asking client only. Broker
// thread only.
class Control {
 public:
  struct Parts {
    Broker& broker;
    const domain::Directory& view;
    log::CommitLog& log;
    const Gate& gate;
    WorkerPool& pool;
    const CredentialMemory& memory;
    std::function<nlohmann::json()> stats;
  };
  explicit Control(Parts parts);
  ~Control();

  // A list of commands from an admin's client. Malformed lists are answered, too.
  void OnControl(const std::string& user, const std::string& client, std::string_view payload);

  // The outcome of a command that this object appended (origin token).
  void OnApplied(const domain::Applied& applied);

 private:
  struct List;
  using ListPtr = std::shared_ptr<List>;
  // What a command comes to at once: its data, or an error, or nothing yet.
  struct Outcome;
  using Handler = Outcome (Control::*)(const ListPtr&, const nlohmann::json&);
  static const std::map<std::string_view, Handler>& Handlers();

  // Lists of one process that may be under way; more are refused.
  static constexpr size_t kListsMax = 256;

  void Continue(const ListPtr& list);
  void Answer(const ListPtr& list, const Outcome& outcome);
  void Respond(const std::string& client, const nlohmann::json& responses);
  // Appends a command of this list; the list continues with its outcome.
  Outcome Append(const ListPtr& list, domain::Command command);
  domain::Command NewCommand(const ListPtr& list) const;
  // Derives the hash of a password on the pool, then calls `build` with hash and remembered MAC and appends
  // what it gives.
  using Build = std::function<void(domain::Command& command, std::string hash, std::string mac)>;
  Outcome HashThenAppend(const ListPtr& list, const std::string& username, const std::string& password,
                         Build build);

  Outcome CreateUser(const ListPtr& list, const nlohmann::json& command);
  Outcome SetUserPassword(const ListPtr& list, const nlohmann::json& command);
  Outcome DeleteUser(const ListPtr& list, const nlohmann::json& command);
  Outcome ListUsers(const ListPtr& list, const nlohmann::json& command);
  Outcome CreateRoom(const ListPtr& list, const nlohmann::json& command);
  Outcome AddMember(const ListPtr& list, const nlohmann::json& command);
  Outcome RemoveMember(const ListPtr& list, const nlohmann::json& command);
  Outcome SetMemberRole(const ListPtr& list, const nlohmann::json& command);
  Outcome ListRooms(const ListPtr& list, const nlohmann::json& command);
  Outcome GetRoom(const ListPtr& list, const nlohmann::json& command);
  Outcome Stats(const ListPtr& list, const nlohmann::json& command);

  const Parts parts_;
  uint64_t next_token_ = 1;
  size_t lists_under_way_ = 0;
  std::unordered_map<uint64_t, ListPtr> waiting_;  // by origin token
};

}  // namespace parley::plugin
