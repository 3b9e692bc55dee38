#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "schemas/topic.h"

namespace parley::plugin {

// What a session may be subscribed to, so that nothing is made that nobody takes. Only ever too much: an
// UNSUBSCRIBE cannot be seen on Mosquitto 2.0.
struct Interest {
  // Each by Encoding kJson, kPb.
  bool acks[2] = {};
  bool user_events[2] = {};  // users/{user}/events
  bool inbox[2] = {};        // users/{user}/inbox
  bool any_room[2] = {};     // the events of rooms that cannot be told by name
  // Rooms by name, each list sorted, without doubles. Absent in the many sessions that name none.
  using Rooms = std::array<std::vector<std::string>, 2>;
  std::unique_ptr<Rooms> rooms;

  // Of a session that was not seen from its start.
  static Interest Everything() {
    return {.acks = {true, true},
            .user_events = {true, true},
            .inbox = {true, true},
            .any_room = {true, true},
            .rooms = {}};
  }
  // Adds what a granted filter can match ($share taken off), for a session of this user and client id.
  void Add(std::string_view filter, std::string_view user, std::string_view client);
};

// How many sessions have an interest. Broker thread only.
class InterestCounts {
 public:
  void Add(std::string_view user, const Interest& interest) { Change(user, interest, +1); }
  void Remove(std::string_view user, const Interest& interest) { Change(user, interest, -1); }

  bool AnyInRoom(std::string_view room, Encoding encoding) const;
  // In users/{user}/events.
  bool AnyOfUser(std::string_view user, Encoding encoding) const;
  // In users/{user}/inbox.
  bool AnyInInbox(std::string_view user, Encoding encoding) const;
  // Users with a session that has an interest in its users/{user}/events.
  size_t user_count() const { return by_user_.size(); }
  template <typename Visitor>
  void ForEachUser(Visitor visit) const {
    for (const auto& [user, counts] : by_user_) visit(user);
  }

 private:
  struct TransparentHash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  };
  using Counts = std::array<int64_t, 2>;  // by Encoding kJson, kPb
  using Table = std::unordered_map<std::string, Counts, TransparentHash, std::equal_to<>>;

  void Change(std::string_view user, const Interest& interest, int64_t by);
  static bool AnyIn(const Table& table, std::string_view name, Encoding encoding);
  static void ChangeIn(Table& table, std::string_view name, size_t encoding, int64_t by);

  Counts any_room_{};
  Table by_room_;
  Table by_user_;
  Table by_inbox_;  // user → sessions with an interest in users/{user}/inbox
};

}  // namespace parley::plugin
