#pragma once

#include <string>

#include "core/domain/state_machine.h"
#include "tests/support/seed.h"

namespace parley::testing {

// A stream of commands over few names, so that they meet: sends and re-sends, changed bodies, removals,
// deleted and re-created users, direct rooms, devices and webhooks, clocks that jump.
class RandomCommands {
 public:
  explicit RandomCommands(uint64_t seed) : random_(seed) {}

  domain::Command Next();

 private:
  std::string User() { return "u" + std::to_string(random_.Below(5)); }
  std::string Room() { return "r" + std::to_string(random_.Below(4)); }
  std::string AnyRoom();

  domain::Command AnyBody();
  domain::Command AnyAccess();
  domain::Command AnyCursor();
  domain::Command OwnRequest();
  domain::Command AnyPush();
  domain::Command AnyWebhook();

  Random random_;
  uint64_t wall_ms_ = 1'700'000'000'000;
  uint64_t log_ms_ = 1'000'000;
};

}  // namespace parley::testing
