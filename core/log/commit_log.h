#pragma once

#include <cstdint>
#include <vector>

#include "core/domain/state_machine.h"
#include "schemas/names.h"
#include "schemas/result.h"

namespace parley::log {

// What became durable together, in log order.
struct CommittedBatch {
  LogIndex last;
  std::vector<domain::Applied> applied;
  uint64_t committed_ms = 0;  // wall clock when it was on disk
};

// Takes what a log has committed. Called on the log's own thread, in log order.
class LogListener {
 public:
  virtual ~LogListener() = default;
  virtual void OnCommitted(CommittedBatch batch) = 0;
  // The log takes nothing any more: `reason` is one line that says why and what to do. Called once.
  virtual void OnFailed(const Error& reason) = 0;
};

// The seam where a replicated log takes the local one's place: records go in, and come back applied, in one
// order, when they are durable.
class CommitLog {
 public:
  virtual ~CommitLog() = default;

  // Takes a command; from here on it survives the process. RESOURCE_EXHAUSTED: no room now, or its user holds
  // too large a share; UNAVAILABLE: the log has failed. Broker thread.
  virtual Result<LogIndex> Append(const domain::Command& command) = 0;
  // Hands everything appended so far to the commit. Broker thread, at the end of a loop pass.
  virtual void Seal() = 0;
  // The broker thread has seen everything up to `committed`: its users' shares are free again. Broker thread.
  virtual void Release(LogIndex committed) = 0;
};

}  // namespace parley::log
