#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bridge/presence/person.h"
#include "bridge/presence/session_table.h"

namespace parley::bridge {

// One retained message that is to be published in both encodings; empty when `clear`.
struct PresencePublication {
  bool of_room = false;
  std::string name;  // of the user or room
  Rid rid;           // of the room
  uint64_t version = 0;
  bool clear = false;
  v1::Presence person;
  v1::RoomPresence room;
};

// Somebody whose last session has died.
struct LostPerson {
  uint64_t number = 0;  // of the loss, in this process; they rise
  std::string user;
  uint64_t heard_ms = 0;  // wall clock: the last sign of life
};

struct RoomOfPerson {
  Rid rid;
  std::string room;
};

// Sessions, people, rooms: who is seen where, and what of it must be told. Pure: time is passed in; what is
// to be read, kept and published is asked for, in bounded pieces, and nothing is queued but the names of what
// changed, so that the newest state is what goes out. Not thread-safe.
class PresenceModel {
 public:
  explicit PresenceModel(int64_t grace_ms) : grace_ms_(grace_ms) {}

  // What was kept. Before anything else.
  void Load(const std::string& user, const internal::v1::PresenceRecord& record);
  void LoadRoom(Rid rid, const std::string& room);

  // Sessions. `complete`: everybody who is online by what was kept, and has no session, left at `gone_ms`.
  void Hear(const std::vector<SessionTable::Step>& steps, const PresenceTime& time);
  void SessionsComplete(uint64_t gone_ms, const PresenceTime& time);
  // Everything is to be published again, a little at a time.
  void TellAll();
  // The grace of some is over.
  void Tick(const PresenceTime& time);

  // What a person says of themselves. `state`: not OFFLINE.
  v1::Presence Set(const std::string& user, std::optional<v1::Presence::State> state,
                   const std::optional<std::string>& status_text, const PresenceTime& time);
  // Who has died (their grace is over) since the loss of this number, and by what was kept. Some may be back
  // by now. The newest few thousand are remembered.
  std::vector<LostPerson> LostAfter(uint64_t number) const;
  uint64_t newest_lost() const { return lost_.empty() ? 0 : lost_.back().number; }
  // By what was kept, those who died shortly before the bridge was last there. After Load().
  void LoadLost(uint64_t alive_ms);

  // nullptr: never seen.
  const Person* Find(std::string_view user) const;
  // "": not known.
  std::string NameOf(Rid rid) const;
  v1::RoomPresence Describe(Rid rid, const std::string& room, bool big) const;

  // Memberships. People who are here and whose rooms are to be read (again); taken from the queue.
  std::optional<std::string> NextToRead();
  bool anything_to_read() const { return !to_read_.empty(); }
  void SetRooms(const std::string& user, uint64_t uid, const std::vector<RoomOfPerson>& rooms,
                const PresenceTime& time);
  void SetMember(const std::string& user, const RoomOfPerson& room, bool member, const PresenceTime& time);
  // Reads the rooms of everybody who is here again.
  void ReadAll();
  void RoomChanged(Rid rid, const PresenceTime& time);
  void RoomDeleted(Rid rid, const std::string& room, const PresenceTime& time);
  void UserDeleted(const std::string& user, const PresenceTime& time);
  // The next `count` people in turn, for a look whether they still exist. Over and over.
  std::vector<std::string> NextToCheck(size_t count);
  void ReadAgain(const std::string& user);

  // Rooms that are due and of which it is not known whether they are big.
  std::vector<RoomOfPerson> ToMeasure(const PresenceTime& time, size_t count_max) const;
  void SetBig(Rid rid, bool big);

  // What is due, at most so many; each is answered by Published().
  struct Counts {
    size_t persons;
    size_t rooms;
    size_t swept;
  };
  std::vector<PresencePublication> TakeDue(const PresenceTime& time, const Counts& counts);
  void Published(const PresencePublication& publication, bool ok, const PresenceTime& time);

  // What must be kept, before what is taken after it is published. nullopt: no more.
  struct Rows {
    std::vector<std::pair<std::string, std::optional<internal::v1::PresenceRecord>>> persons;
    std::vector<std::pair<Rid, std::optional<std::string>>> rooms;
    bool empty() const { return persons.empty() && rooms.empty(); }
  };
  Rows TakeRows();
  void ReturnRows(const Rows& rows);  // they could not be kept

  size_t person_count() const { return persons_.size(); }
  size_t room_count() const { return rooms_.size(); }
  size_t here_count() const { return here_count_; }

 private:
  struct Room {
    Rid rid;
    std::string name;
    std::set<std::string> here;  // users
    std::optional<bool> big;
    bool deleted = false;
    bool kept = false;      // there is a row
    bool retained = false;  // something was published, perhaps by an earlier bridge
    std::optional<int64_t> due_ms;
    uint64_t version = 0;
    std::string published;
    int64_t next_ms = 0;
  };

  Person& PersonOf(const std::string& user);
  void Connected(const std::string& user, const PresenceTime& time);
  void Disconnected(const SessionTable::Step& step, const PresenceTime& time);
  void BeginGrace(Person& person, uint64_t gone_ms, int64_t grace_ms, const PresenceTime& time);
  void EndGrace(Person& person);
  void Arrive(Person& person);
  void Leave(Person& person, const PresenceTime& time);
  void Lose(const Person& person);
  void Changed(Person& person, const PresenceTime& time);
  void Queue(Person& person, const PresenceTime& time);
  void Queue(Room& room, const PresenceTime& time);
  void Enter(Person& person, const RoomOfPerson& room, const PresenceTime& time);
  void Exit(const Person& person, Rid rid, const PresenceTime& time);
  void ForgetIfDone(const std::string& user);
  void TellNamesakes(const std::string& name, const PresenceTime& time);
  void Sweep(const PresenceTime& time, size_t count);
  std::optional<PresencePublication> Take(Person& person, const PresenceTime& time);
  std::optional<PresencePublication> Take(Room& room, const PresenceTime& time);

  const int64_t grace_ms_;
  std::map<std::string, Person, std::less<>> persons_;
  std::map<Rid, Room> rooms_;
  size_t here_count_ = 0;
  std::vector<std::string> unconfirmed_;  // here by what was kept

  std::deque<LostPerson> lost_;
  uint64_t losses_ = 0;

  std::set<std::pair<int64_t, std::string>> leaving_;  // by the end of the grace
  std::set<std::pair<int64_t, std::string>> due_;      // people, by when they may be published
  std::set<std::pair<int64_t, Rid>> rooms_due_;
  std::deque<std::string> to_read_;
  std::set<std::string> reading_;  // in to_read_
  std::set<std::string> person_rows_;
  std::set<Rid> room_rows_;
  std::string check_after_;

  // What is published again: after these, in order.
  bool sweeping_persons_ = false;
  bool sweeping_rooms_ = false;
  std::string swept_person_;
  Rid swept_room_;
};

}  // namespace parley::bridge
