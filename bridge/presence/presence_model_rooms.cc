// Who is seen in which room.
#include <algorithm>
#include <utility>

#include "bridge/presence/limits.h"
#include "bridge/presence/presence_model.h"

namespace parley::bridge {

void PresenceModel::LoadRoom(Rid rid, const std::string& name) {
  Room& room = rooms_[rid];
  room.rid = rid;
  room.name = name;
  room.kept = true;
  room.retained = true;  // perhaps
}

void PresenceModel::ReadAgain(const std::string& user) {
  if (reading_.insert(user).second) to_read_.push_back(user);
}

void PresenceModel::ReadAll() {
  for (const auto& [user, person] : persons_) {
    if (person.here) ReadAgain(user);
  }
}

std::optional<std::string> PresenceModel::NextToRead() {
  while (!to_read_.empty()) {
    std::string user = std::move(to_read_.front());
    to_read_.pop_front();
    reading_.erase(user);
    const Person* person = Find(user);
    if (person != nullptr && person->here) return user;
  }
  return std::nullopt;
}

void PresenceModel::SetRooms(const std::string& user, uint64_t uid, const std::vector<RoomOfPerson>& rooms,
                             const PresenceTime& time) {
  const auto found = persons_.find(user);
  if (found == persons_.end() || !found->second.here) return;
  Person& person = found->second;
  if (person.uid != uid) {
    if (person.uid != 0) BeginAnew(person);
    person.uid = uid;
    person_rows_.insert(user);
    Queue(person, time);
  }
  std::vector<Rid> now_in;
  now_in.reserve(rooms.size());
  for (const RoomOfPerson& room : rooms) now_in.push_back(room.rid);
  std::sort(now_in.begin(), now_in.end());
  for (const Rid rid : person.rooms) {
    if (!std::binary_search(now_in.begin(), now_in.end(), rid)) Exit(person, rid, time);
  }
  for (const RoomOfPerson& room : rooms) {
    if (!std::binary_search(person.rooms.begin(), person.rooms.end(), room.rid)) Enter(person, room, time);
  }
  person.rooms = std::move(now_in);
  person.rooms_known = true;
}

void PresenceModel::SetMember(const std::string& user, const RoomOfPerson& room, bool member,
                              const PresenceTime& time) {
  const auto found = persons_.find(user);
  // Whose rooms are not read yet will be seen by that.
  if (found == persons_.end() || !found->second.here || !found->second.rooms_known) return;
  Person& person = found->second;
  const auto place = std::lower_bound(person.rooms.begin(), person.rooms.end(), room.rid);
  const bool was_in = place != person.rooms.end() && *place == room.rid;
  if (was_in == member) return;
  if (member) {
    person.rooms.insert(place, room.rid);
    Enter(person, room, time);
  } else {
    person.rooms.erase(place);
    Exit(person, room.rid, time);
  }
}

void PresenceModel::Enter(Person& person, const RoomOfPerson& entered, const PresenceTime& time) {
  Room& room = rooms_[entered.rid];
  room.rid = entered.rid;
  room.name = entered.room;
  if (std::exchange(room.deleted, false)) room.published.clear();
  room.here.insert(person.user);
  Queue(room, time);
}

void PresenceModel::Exit(const Person& person, Rid rid, const PresenceTime& time) {
  const auto found = rooms_.find(rid);
  if (found == rooms_.end()) return;
  found->second.here.erase(person.user);
  Queue(found->second, time);
}

void PresenceModel::RoomChanged(Rid rid, const PresenceTime& time) {
  const auto found = rooms_.find(rid);
  if (found == rooms_.end()) return;
  found->second.big.reset();
  Queue(found->second, time);
}

void PresenceModel::RoomDeleted(Rid rid, const std::string& name, const PresenceTime& time) {
  Room& room = rooms_[rid];
  room.rid = rid;
  if (room.name.empty()) room.name = name;
  for (const std::string& user : std::exchange(room.here, {})) {
    std::erase(persons_.find(user)->second.rooms, rid);
  }
  room.deleted = true;
  room.retained = true;  // perhaps
  Queue(room, time);
}

std::vector<RoomOfPerson> PresenceModel::ToMeasure(const PresenceTime& time, size_t count_max) const {
  std::vector<RoomOfPerson> rooms;
  for (const auto& [due_ms, rid] : rooms_due_) {
    if (due_ms > time.now_ms || rooms.size() >= count_max) break;
    const Room& room = rooms_.find(rid)->second;
    if (!room.big && !room.deleted) rooms.push_back({rid, room.name});
  }
  return rooms;
}

void PresenceModel::SetBig(Rid rid, bool big) {
  const auto found = rooms_.find(rid);
  if (found != rooms_.end()) found->second.big = big;
}

std::string PresenceModel::NameOf(Rid rid) const {
  const auto found = rooms_.find(rid);
  return found == rooms_.end() ? std::string() : found->second.name;
}

v1::RoomPresence PresenceModel::Describe(Rid rid, const std::string& name, bool big) const {
  v1::RoomPresence described;
  described.set_room(name);
  described.set_counts_only(big);
  const auto found = rooms_.find(rid);
  if (found == rooms_.end()) return described;
  uint32_t online = 0;
  for (const std::string& user : found->second.here) {
    const Person& person = persons_.find(user)->second;
    if (!person.visible()) continue;
    ++online;
    if (!big) *described.add_members() = ShownPresence(person);
  }
  described.set_online(online);
  return described;
}

}  // namespace parley::bridge
