#include "broker-plugin/auth/interest.h"

#include <algorithm>
#include <vector>

namespace parley::plugin {
namespace {

constexpr std::array<Encoding, 2> kEncodings = {Encoding::kJson, Encoding::kPb};

size_t At(Encoding encoding) {
  return static_cast<size_t>(encoding);
}

}  // namespace

void Interest::Add(std::string_view filter, std::string_view user, std::string_view client) {
  std::vector<std::string_view> levels;
  ForEachLevel(filter, [&levels](std::string_view level) {
    levels.push_back(level);
    return levels.size() < 8;
  });
  // chat/v1/rooms/{room}/…: the name of the room, when the filter has one.
  const bool named = levels.size() > 3 && levels[3] != "+" && levels[3] != "#";
  for (const Encoding encoding : kEncodings) {
    if (FilterMatches(filter, AcksTopic(client, encoding))) acks[At(encoding)] = true;
    if (FilterMatches(filter, UserEventsTopic(user, encoding))) user_events[At(encoding)] = true;
    if (FilterMatches(filter, UserInboxTopic(user, encoding))) inbox[At(encoding)] = true;
    if (!FilterMatches(filter, RoomEventsTopic(named ? levels[3] : "any", encoding))) continue;
    if (named) {
      if (!rooms) rooms = std::make_unique<Rooms>();
      std::vector<std::string>& names = (*rooms)[At(encoding)];
      const auto place = std::lower_bound(names.begin(), names.end(), levels[3]);
      if (place == names.end() || *place != levels[3]) names.emplace(place, levels[3]);
    } else {
      any_room[At(encoding)] = true;
    }
  }
}

bool InterestCounts::AnyInRoom(std::string_view room, Encoding encoding) const {
  return any_room_[At(encoding)] > 0 || AnyIn(by_room_, room, encoding);
}

bool InterestCounts::AnyOfUser(std::string_view user, Encoding encoding) const {
  return AnyIn(by_user_, user, encoding);
}

bool InterestCounts::AnyInInbox(std::string_view user, Encoding encoding) const {
  return AnyIn(by_inbox_, user, encoding);
}

bool InterestCounts::AnyIn(const Table& table, std::string_view name, Encoding encoding) {
  const auto found = table.find(name);
  return found != table.end() && found->second[At(encoding)] > 0;
}

void InterestCounts::Change(std::string_view user, const Interest& interest, int64_t by) {
  for (const Encoding encoding : kEncodings) {
    const size_t at = At(encoding);
    if (interest.any_room[at]) any_room_[at] += by;
    if (interest.user_events[at]) ChangeIn(by_user_, user, at, by);
    if (interest.inbox[at]) ChangeIn(by_inbox_, user, at, by);
    if (!interest.rooms) continue;
    for (const std::string& room : (*interest.rooms)[at]) ChangeIn(by_room_, room, at, by);
  }
}

void InterestCounts::ChangeIn(Table& table, std::string_view name, size_t encoding, int64_t by) {
  auto entry = table.find(name);
  if (entry == table.end()) entry = table.emplace(name, Counts{}).first;
  entry->second[encoding] += by;
  if (entry->second == Counts{}) table.erase(entry);
}

}  // namespace parley::plugin
