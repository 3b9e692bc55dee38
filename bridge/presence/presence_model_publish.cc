// What is published, and when.
#include <algorithm>
#include <utility>

#include "bridge/presence/limits.h"
#include "bridge/presence/presence_model.h"

namespace parley::bridge {

void PresenceModel::Queue(Person& person, const PresenceTime& time) {
  ++person.version;
  if (std::exchange(person.queued, true)) return;
  person.next_ms = std::max(person.next_ms, time.now_ms);
  due_.emplace(person.next_ms, person.user);
}

void PresenceModel::Queue(Room& room, const PresenceTime& time) {
  ++room.version;
  if (room.due_ms) return;
  room.due_ms = std::max(room.next_ms, time.now_ms);
  rooms_due_.emplace(*room.due_ms, room.rid);
}

void PresenceModel::TellAll() {
  sweeping_persons_ = true;
  sweeping_rooms_ = true;
  swept_person_.clear();
  swept_room_ = {};
}

void PresenceModel::Sweep(const PresenceTime& time, size_t count) {
  for (; sweeping_persons_ && count > 0; --count) {
    const auto next = persons_.upper_bound(swept_person_);
    sweeping_persons_ = next != persons_.end();
    if (!sweeping_persons_) break;
    swept_person_ = next->first;
    next->second.published.clear();
    Queue(next->second, time);
  }
  for (; sweeping_rooms_ && count > 0; --count) {
    const auto next = rooms_.upper_bound(swept_room_);
    sweeping_rooms_ = next != rooms_.end();
    if (!sweeping_rooms_) break;
    swept_room_ = next->first;
    next->second.published.clear();
    Queue(next->second, time);
  }
}

std::vector<PresencePublication> PresenceModel::TakeDue(const PresenceTime& time, const Counts& counts) {
  Sweep(time, counts.swept);
  std::vector<PresencePublication> taken;
  for (size_t i = 0; i < counts.persons && !due_.empty() && due_.begin()->first <= time.now_ms; ++i) {
    Person& person = persons_.find(due_.begin()->second)->second;
    due_.erase(due_.begin());
    person.queued = false;
    if (auto publication = Take(person, time)) taken.push_back(std::move(*publication));
  }
  size_t seen = 0;
  for (auto next = rooms_due_.begin();
       next != rooms_due_.end() && next->first <= time.now_ms && seen < counts.rooms; ++seen) {
    Room& room = rooms_.find(next->second)->second;
    if (!room.big && !room.deleted) {
      ++next;
      continue;
    }
    next = rooms_due_.erase(next);
    room.due_ms.reset();
    if (auto publication = Take(room, time)) taken.push_back(std::move(*publication));
  }
  return taken;
}

std::optional<PresencePublication> PresenceModel::Take(Person& person, const PresenceTime& time) {
  PresencePublication publication{.of_room = false,
                                  .name = person.user,
                                  .rid = {},
                                  .version = person.version,
                                  .clear = person.deleted,
                                  .person = {},
                                  .room = {}};
  if (!person.deleted) {
    publication.person = ShownPresence(person);
    std::string serialised = publication.person.SerializeAsString();
    if (serialised == person.published) return std::nullopt;
    person.published = std::move(serialised);
  }
  person.next_ms = time.now_ms + limits::kPresenceIntervalMs;
  return publication;
}

std::optional<PresencePublication> PresenceModel::Take(Room& room, const PresenceTime& time) {
  PresencePublication publication{.of_room = true,
                                  .name = room.name,
                                  .rid = room.rid,
                                  .version = room.version,
                                  .clear = room.deleted,
                                  .person = {},
                                  .room = {}};
  if (!room.deleted) {
    publication.room = Describe(room.rid, room.name, *room.big);
    if (publication.room.online() == 0 && !room.retained) return std::nullopt;  // of nobody who is seen
    std::string serialised = publication.room.SerializeAsString();
    if (serialised == room.published) return std::nullopt;
    room.published = std::move(serialised);
  }
  room.retained = true;
  if (!std::exchange(room.kept, true)) room_rows_.insert(room.rid);
  room.next_ms = time.now_ms + limits::kPresenceIntervalMs;
  return publication;
}

// A room that was made anew under the name of a deleted one: what it had published may just have been taken
// back.
void PresenceModel::TellNamesakes(const std::string& name, const PresenceTime& time) {
  for (auto& [rid, room] : rooms_) {
    if (room.name != name) continue;
    room.published.clear();
    Queue(room, time);
  }
}

void PresenceModel::Published(const PresencePublication& publication, bool ok, const PresenceTime& time) {
  if (publication.of_room) {
    const auto found = rooms_.find(publication.rid);
    if (found == rooms_.end()) return;
    Room& room = found->second;
    if (!ok) {
      room.published.clear();
      Queue(room, time);
    } else if (publication.clear && room.version == publication.version) {
      rooms_.erase(found);
      room_rows_.insert(publication.rid);
      TellNamesakes(publication.name, time);
    }
    return;
  }
  const auto found = persons_.find(publication.name);
  if (found == persons_.end()) return;
  Person& person = found->second;
  if (!ok) {
    person.published.clear();
    Queue(person, time);
  } else if (publication.clear && person.deleted && person.version == publication.version) {
    person.taken_back = true;
    ForgetIfDone(publication.name);
  }
}

}  // namespace parley::bridge
