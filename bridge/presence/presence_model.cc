// Sessions and people. Rooms are in presence_model_rooms.cc, what is published in presence_model_publish.cc.
#include "bridge/presence/presence_model.h"

#include <algorithm>
#include <utility>

namespace parley::bridge {
namespace {

// Losses that are remembered; above: the oldest are forgotten.
constexpr size_t kLostMax = 4'096;
// A loss of so long before the bridge was last there has been dealt with.
constexpr uint64_t kLostBeforeMs = 120'000;

}  // namespace

void PresenceModel::Load(const std::string& user, const internal::v1::PresenceRecord& record) {
  Person& person = persons_[user];
  person.user = user;
  Restore(record, person);
  person.here = record.online();
  if (!person.here) return;
  ++here_count_;
  unconfirmed_.push_back(user);
  ReadAgain(user);
}

Person& PresenceModel::PersonOf(const std::string& user) {
  const auto [entry, is_new] = persons_.try_emplace(user);
  if (is_new) {
    entry->second.user = user;
    person_rows_.insert(user);
  }
  return entry->second;
}

const Person* PresenceModel::Find(std::string_view user) const {
  const auto found = persons_.find(user);
  return found == persons_.end() || found->second.deleted ? nullptr : &found->second;
}

void PresenceModel::Hear(const std::vector<SessionTable::Step>& steps, const PresenceTime& time) {
  for (const SessionTable::Step& step : steps) {
    if (step.connected) {
      Connected(step.user, time);
    } else {
      Disconnected(step, time);
    }
  }
}

void PresenceModel::Connected(const std::string& user, const PresenceTime& time) {
  Person& person = PersonOf(user);
  if (std::exchange(person.deleted, false)) {
    person.taken_back = false;
    BeginAnew(person);
  }
  ++person.sessions;
  person.heard_ms = 0;
  EndGrace(person);
  if (!person.here) Arrive(person);
  Changed(person, time);
}

// Who was silent has had the time to come back.
void PresenceModel::Disconnected(const SessionTable::Step& step, const PresenceTime& time) {
  const auto found = persons_.find(step.user);
  if (found == persons_.end() || found->second.sessions == 0) return;
  Person& person = found->second;
  --person.sessions;
  if (person.deleted) return ForgetIfDone(step.user);
  const uint64_t gone_ms = step.at_ms != 0 ? step.at_ms : time.wall_ms;
  if (person.sessions == 0) {
    person.heard_ms = step.heard_ms;
    BeginGrace(person, gone_ms, step.silent ? 0 : grace_ms_, time);
  }
  Changed(person, time);
}

void PresenceModel::SessionsComplete(uint64_t gone_ms, const PresenceTime& time) {
  for (const std::string& user : std::exchange(unconfirmed_, {})) {
    const auto found = persons_.find(user);
    if (found == persons_.end()) continue;
    Person& person = found->second;
    if (person.here && person.sessions == 0 && person.leaves_ms < 0) {
      BeginGrace(person, gone_ms, grace_ms_, time);
    }
  }
}

void PresenceModel::BeginGrace(Person& person, uint64_t gone_ms, int64_t grace_ms, const PresenceTime& time) {
  person.gone_ms = gone_ms;
  person.leaves_ms = time.now_ms + grace_ms;
  leaving_.emplace(person.leaves_ms, person.user);
}

void PresenceModel::EndGrace(Person& person) {
  if (person.leaves_ms < 0) return;
  leaving_.erase({person.leaves_ms, person.user});
  person.leaves_ms = -1;
}

void PresenceModel::Tick(const PresenceTime& time) {
  while (!leaving_.empty() && leaving_.begin()->first <= time.now_ms) {
    Person& person = persons_.find(leaving_.begin()->second)->second;
    EndGrace(person);
    person.last_seen_ms = person.gone_ms;
    Leave(person, time);
    if (person.heard_ms != 0) Lose(person);
    Changed(person, time);
  }
}

void PresenceModel::Lose(const Person& person) {
  lost_.push_back({++losses_, person.user, person.heard_ms});
  if (lost_.size() > kLostMax) lost_.pop_front();
}

std::vector<LostPerson> PresenceModel::LostAfter(uint64_t number) const {
  const auto first =
      std::upper_bound(lost_.begin(), lost_.end(), number,
                       [](uint64_t wanted, const LostPerson& lost) { return wanted < lost.number; });
  return {first, lost_.end()};
}

void PresenceModel::LoadLost(uint64_t alive_ms) {
  for (const auto& [user, person] : persons_) {
    if (person.here || person.heard_ms == 0) continue;
    if (person.last_seen_ms + kLostBeforeMs >= alive_ms) Lose(person);
  }
}

void PresenceModel::Arrive(Person& person) {
  person.here = true;
  ++here_count_;
  person_rows_.insert(person.user);
  ReadAgain(person.user);
}

void PresenceModel::Leave(Person& person, const PresenceTime& time) {
  if (!std::exchange(person.here, false)) return;
  --here_count_;
  person_rows_.insert(person.user);
  for (const Rid rid : std::exchange(person.rooms, {})) Exit(person, rid, time);
  person.rooms_known = false;
}

v1::Presence PresenceModel::Set(const std::string& user, std::optional<v1::Presence::State> state,
                                const std::optional<std::string>& status_text, const PresenceTime& time) {
  Person& person = PersonOf(user);
  person.deleted = false;
  Choose(person, state, status_text, time.wall_ms);
  person_rows_.insert(user);
  Changed(person, time);
  return OwnPresence(person);
}

void PresenceModel::UserDeleted(const std::string& user, const PresenceTime& time) {
  Person& person = PersonOf(user);
  if (std::exchange(person.deleted, true)) return;
  EndGrace(person);
  Leave(person, time);
  BeginAnew(person);
  person_rows_.insert(user);
  Queue(person, time);
}

std::vector<std::string> PresenceModel::NextToCheck(size_t count) {
  std::vector<std::string> users;
  auto next = persons_.upper_bound(check_after_);
  while (users.size() < std::min(count, persons_.size())) {
    if (next == persons_.end()) next = persons_.begin();
    users.push_back(next->first);
    ++next;
  }
  if (!users.empty()) check_after_ = users.back();
  return users;
}

// The person, and all rooms that the person is seen in.
void PresenceModel::Changed(Person& person, const PresenceTime& time) {
  Queue(person, time);
  for (const Rid rid : person.rooms) Queue(rooms_.find(rid)->second, time);
}

PresenceModel::Rows PresenceModel::TakeRows() {
  Rows rows;
  for (const std::string& user : std::exchange(person_rows_, {})) {
    const auto found = persons_.find(user);
    if (found == persons_.end()) {
      rows.persons.emplace_back(user, std::nullopt);
    } else {
      rows.persons.emplace_back(user, RecordOf(found->second));
    }
  }
  for (const Rid rid : std::exchange(room_rows_, {})) {
    const auto found = rooms_.find(rid);
    if (found == rooms_.end()) {
      rows.rooms.emplace_back(rid, std::nullopt);
    } else {
      rows.rooms.emplace_back(rid, found->second.name);
    }
  }
  return rows;
}

void PresenceModel::ReturnRows(const Rows& rows) {
  for (const auto& [user, record] : rows.persons) person_rows_.insert(user);
  for (const auto& [rid, name] : rows.rooms) room_rows_.insert(rid);
}

void PresenceModel::ForgetIfDone(const std::string& user) {
  const auto found = persons_.find(user);
  if (found == persons_.end()) return;
  const Person& person = found->second;
  if (!person.deleted || !person.taken_back || person.sessions > 0) return;
  if (person.queued) due_.erase({person.next_ms, user});
  persons_.erase(found);
  person_rows_.insert(user);
}

}  // namespace parley::bridge
