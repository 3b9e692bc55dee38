#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "client/session/effects.h"

namespace parley::client {

// Admin command lists until all their answers are in. Never sent twice: a command may not be repeatable, so a
// lost connection ends it as UNAVAILABLE. Pure; time is passed in.
class ControlTable {
 public:
  // `commands`: one JSON object each, with "command" in it. The outcome is one ControlDone{list}, with the
  // correlationData that each command had; time-outs grow with the length. INVALID_ARGUMENT: no object,
  // empty, or too many.
  Status Add(uint64_t list, const std::vector<std::string>& commands);

  void SetReady(bool ready, Effects& effects);

  // A payload of the response topic.
  void OnResponse(const std::string& payload, Effects& effects);

  void Pump(int64_t now_ms, Effects& effects);

 private:
  struct Pending {
    std::string payload;
    std::vector<std::string> correlations;  // what the caller set, as JSON; "" for none
    std::vector<std::optional<std::string>> answers;
    size_t missing = 0;
    bool sent = false;
    int64_t give_up_ms = 0;
  };

  void OnRefusedList(Error why, Effects& effects);

  bool ready_ = false;
  std::map<uint64_t, Pending> lists_;
};

}  // namespace parley::client
