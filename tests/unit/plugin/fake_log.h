#pragma once

#include <optional>
#include <vector>

#include "core/log/commit_log.h"

namespace parley::plugin {

// A log that keeps what is appended; or refuses it.
class FakeLog final : public log::CommitLog {
 public:
  Result<LogIndex> Append(const domain::Command& command) override {
    if (failure) return *failure;
    commands.push_back(command);
    return LogIndex{commands.size()};
  }
  void Seal() override {}
  void Release(LogIndex) override {}

  std::vector<domain::Command> commands;
  std::optional<Error> failure;
};

}  // namespace parley::plugin
