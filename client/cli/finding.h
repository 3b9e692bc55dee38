#pragma once

#include <string>
#include <vector>

namespace parley::client {

// One thing that `parley doctor` has looked at.
struct Finding {
  enum class Level { kOk, kWarning, kProblem };
  Level level = Level::kOk;
  std::string subject;  // "max_queued_messages", "/var/lib/parley/store"
  std::string text;     // what is, and, unless all is well, what to do: one line
};
using Findings = std::vector<Finding>;

}  // namespace parley::client
