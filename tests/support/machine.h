#pragma once

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "core/domain/state_machine.h"

namespace parley::testing {

// A state machine with what a log gives it: rising indices, a memory of message ids, of cursors, and of
// users' devices.
class Machine {
 public:
  domain::Applied Do(const domain::Command& command) {
    domain::Applied applied = machine_.Apply({++last_}, command, KnownFor(command));
    if (applied.dedup) {
      const auto& [made, entry] = *applied.dedup;
      dedup_[std::tuple(made.uid.value, made.rid.value, made.id)] = entry;
    }
    for (const domain::Change& change : applied.changes) {
      if (const auto* put = std::get_if<domain::MemberPut>(&change))
        members_[{put->rid, put->uid}] = put->record;
    }
    if (applied.cursor) members_[{applied.cursor->rid, applied.cursor->uid}] = applied.cursor->member;
    if (applied.push) {
      push_.erase(applied.push->uid);
      if (!applied.push->record.devices().empty()) push_[applied.push->uid] = applied.push->record;
    }
    for (domain::NewEvent& event : std::vector(applied.events)) {
      event.bytes.clear();
      events_[event.rid].push_back(std::move(event));
    }
    return applied;
  }

  const domain::Directory& directory() const { return machine_.directory(); }
  domain::Head HeadOf(std::string_view room) const {
    const domain::Room* found = directory().FindRoom(room);
    return found == nullptr ? domain::Head{} : machine_.HeadOf(Rid{found->record.rid()});
  }
  uint64_t last() const { return last_; }
  // The member's row, as the newest change or move has left it.
  domain::MemberRecord MemberOf(std::string_view room, std::string_view user) const {
    const domain::Room* in = directory().FindRoom(room);
    const domain::User* who = directory().FindUser(user);
    if (in == nullptr || who == nullptr) return {};
    const auto found = members_.find({Rid{in->record.rid()}, Uid{who->record.uid()}});
    return found == members_.end() ? domain::MemberRecord() : found->second;
  }

  // The devices of a user that want notifications.
  domain::PushRecord PushOf(std::string_view user) const {
    const domain::User* who = directory().FindUser(user);
    const auto found = who == nullptr ? push_.end() : push_.find(Uid{who->record.uid()});
    return found == push_.end() ? domain::PushRecord() : found->second;
  }
  size_t push_records() const { return push_.size(); }

 private:
  domain::Known KnownFor(const domain::Command& command) const {
    domain::Known known;
    if (const std::optional<domain::DedupKey> key = machine_.DedupKeyOf(command)) {
      const auto found = dedup_.find(std::tuple(key->uid.value, key->rid.value, key->id));
      if (found != dedup_.end()) known.dedup = found->second;
    }
    if (const std::optional<Uid> owner = machine_.PushOwnerOf(command)) {
      const auto found = push_.find(*owner);
      if (found != push_.end()) known.push = found->second;
    }
    const std::optional<domain::CursorKey> key = machine_.CursorKeyOf(command);
    if (!key) return known;
    known.cursor.emplace().member = members_.at({key->rid, key->uid});
    if (key->read.value == 0) return known;
    domain::KnownCursor::Ordinals ordinals;  // counted one by one
    for (const domain::NewEvent& event : events_.at(key->rid)) {
      if (event.seq > key->read) break;
      ordinals.room = event.ordinal;
      if (event.own_ordinal != 0 && event.sender == key->uid) ++ordinals.own;
    }
    known.cursor->at_read = ordinals;
    return known;
  }

  domain::StateMachine machine_;
  std::map<std::tuple<uint64_t, uint64_t, std::string>, domain::DedupEntry> dedup_;
  std::map<std::pair<Rid, Uid>, domain::MemberRecord> members_;
  std::map<Rid, std::vector<domain::NewEvent>> events_;
  std::map<Uid, domain::PushRecord> push_;
  uint64_t last_ = 0;
};

}  // namespace parley::testing
