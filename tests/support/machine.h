#pragma once

#include <map>
#include <optional>
#include <string>
#include <tuple>

#include "core/domain/state_machine.h"

namespace parley::testing {

// A state machine with the two things that a log gives it: rising indices and a memory of message ids.
class Machine {
 public:
  domain::Applied Do(const domain::Command& command) {
    const std::optional<domain::DedupKey> key = machine_.DedupKeyOf(command);
    std::optional<domain::DedupEntry> known;
    if (key) {
      const auto found = dedup_.find(std::tuple(key->uid.value, key->rid.value, key->id));
      if (found != dedup_.end()) known = found->second;
    }
    domain::Applied applied = machine_.Apply({++last_}, command, known);
    if (applied.dedup) {
      const auto& [made, entry] = *applied.dedup;
      dedup_[std::tuple(made.uid.value, made.rid.value, made.id)] = entry;
    }
    return applied;
  }

  const domain::Directory& directory() const { return machine_.directory(); }
  domain::Head HeadOf(std::string_view room) const {
    const domain::Room* found = directory().FindRoom(room);
    return found == nullptr ? domain::Head{} : machine_.HeadOf(Rid{found->record.rid()});
  }
  uint64_t last() const { return last_; }

 private:
  domain::StateMachine machine_;
  std::map<std::tuple<uint64_t, uint64_t, std::string>, domain::DedupEntry> dedup_;
  uint64_t last_ = 0;
};

}  // namespace parley::testing
