#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <unordered_map>

#include "broker-plugin/gate/log_clock.h"
#include "core/domain/state_machine.h"
#include "core/log/commit_log.h"
#include "schemas/result.h"

namespace parley::plugin {

// The one door by which the broker thread's commands enter the log: stamps them, and calls back with what
// they came to. Broker thread only.
class CommandSender {
 public:
  // Called when the view has what the command did, or that it was refused (applied.code).
  using Done = std::function<void(const domain::Applied& applied)>;

  CommandSender(log::CommitLog& log, const LogClock& clock) : log_(log), clock_(clock) {}

  // A command of this user and client, stamped, its body still to be set.
  domain::Command New(const std::string& user, const std::string& client) const;
  // The same on a command that was used before: stamps it, and leaves its body and the rest of its origin.
  void Stamp(domain::Command& command, const std::string& user, const std::string& client) const;

  // Appends a command whose outcome nobody waits for. Errors: those of CommitLog::Append.
  Result<LogIndex> Append(const domain::Command& command) { return log_.Append(command); }
  // Appends a command and calls `done` once with its outcome; never when this fails.
  Status Submit(domain::Command command, Done done);

  // The outcome of a command with an origin token; one of an earlier process is ignored.
  void OnApplied(const domain::Applied& applied);

 private:
  log::CommitLog& log_;
  const LogClock& clock_;
  uint64_t next_token_ = 1;
  std::unordered_map<uint64_t, Done> waiting_;  // by origin token; bounded by the journal
};

}  // namespace parley::plugin
