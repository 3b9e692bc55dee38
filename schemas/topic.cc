#include "schemas/topic.h"

#include <array>
#include <vector>

namespace parley {
namespace {

Error Unknown(std::string_view what) {
  return {Code::INVALID_ARGUMENT, "no such topic: " + std::string(what)};
}

std::optional<Encoding> AnswerEncodingOf(std::string_view level) {
  if (level == "json") return Encoding::kJson;
  if (level == "pb") return Encoding::kPb;
  return std::nullopt;
}

std::optional<Encoding> SendEncodingOf(std::string_view level) {
  if (level == "text") return Encoding::kText;
  return AnswerEncodingOf(level);
}

std::optional<RoomTopic::Aspect> RoomAspectOf(std::string_view level) {
  if (level == "events") return RoomTopic::Aspect::kEvents;
  if (level == "cursor") return RoomTopic::Aspect::kCursor;
  if (level == "signals") return RoomTopic::Aspect::kSignals;
  if (level == "receipts") return RoomTopic::Aspect::kReceipts;
  if (level == "presence") return RoomTopic::Aspect::kPresence;
  return std::nullopt;
}

std::optional<UserTopic::Aspect> UserAspectOf(std::string_view level) {
  if (level == "events") return UserTopic::Aspect::kEvents;
  if (level == "presence") return UserTopic::Aspect::kPresence;
  if (level == "inbox") return UserTopic::Aspect::kInbox;
  return std::nullopt;
}

// The levels of a topic in a fixed array: more levels than any chat topic has are cut off and counted.
struct Levels {
  static constexpr size_t kMax = 6;
  std::array<std::string_view, kMax> level;
  size_t count = 0;
};

Levels Split(std::string_view text) {
  Levels levels;
  ForEachLevel(text, [&levels](std::string_view level) {
    if (levels.count < Levels::kMax) levels.level[levels.count] = level;
    return ++levels.count <= Levels::kMax;
  });
  return levels;
}

Result<ChatTopic> ParseRoom(const Levels& levels) {
  const std::string_view room = levels.level[1];
  const std::string_view aspect = levels.level[2];
  if (aspect == "send" && (levels.count == 4 || levels.count == 5)) {
    const std::optional<Encoding> encoding = SendEncodingOf(levels.level[3]);
    if (!encoding) return Unknown("an encoding is pb, json or text");
    SendTopic send{room, *encoding, std::nullopt};
    if (levels.count == 5) send.id = levels.level[4];
    return ChatTopic(send);
  }
  if (aspect == "rewind" && levels.count == 5) {
    const std::optional<Encoding> encoding = AnswerEncodingOf(levels.level[4]);
    if (!encoding) return Unknown("an encoding is pb or json");
    return ChatTopic(RewindTopic{room, levels.level[3], *encoding});
  }
  const std::optional<RoomTopic::Aspect> known = RoomAspectOf(aspect);
  if (!known || levels.count != 4)
    return Unknown("a room has send, events, cursor, signals, receipts, presence, rewind");
  const std::optional<Encoding> encoding = AnswerEncodingOf(levels.level[3]);
  if (!encoding) return Unknown("an encoding is pb or json");
  return ChatTopic(RoomTopic{room, *known, *encoding});
}

Result<ChatTopic> ParseUser(const Levels& levels) {
  const std::optional<UserTopic::Aspect> aspect = UserAspectOf(levels.level[2]);
  const std::optional<Encoding> encoding = AnswerEncodingOf(levels.level[3]);
  if (levels.count != 4 || !aspect || !encoding)
    return Unknown("a user has {events,presence,inbox}/{pb,json}");
  return ChatTopic(UserTopic{levels.level[1], *aspect, *encoding});
}

Result<ChatTopic> ParseClient(std::string_view topic, const Levels& levels) {
  if (levels.count < 3) return Unknown("a client has acks and replies");
  const std::string_view client = levels.level[1];
  const std::string_view rest =
      topic.substr(static_cast<size_t>(client.data() - topic.data()) + client.size() + 1);
  ClientTopic::Aspect aspect = ClientTopic::Aspect::kOther;
  if (levels.count == 4 && AnswerEncodingOf(levels.level[3])) {
    if (levels.level[2] == "acks") aspect = ClientTopic::Aspect::kAcks;
    if (levels.level[2] == "replies") aspect = ClientTopic::Aspect::kReplies;
  }
  return ChatTopic(ClientTopic{client, aspect, rest});
}

std::string Join(std::initializer_list<std::string_view> parts) {
  size_t size = 0;
  for (const std::string_view part : parts) size += part.size();
  std::string joined;
  joined.reserve(size);
  for (const std::string_view part : parts) joined.append(part);
  return joined;
}

std::vector<std::string_view> SplitAll(std::string_view text) {
  std::vector<std::string_view> levels;
  ForEachLevel(text, [&levels](std::string_view level) {
    levels.push_back(level);
    return true;
  });
  return levels;
}

}  // namespace

std::string_view LevelName(Encoding encoding) {
  switch (encoding) {
    case Encoding::kJson:
      return "json";
    case Encoding::kPb:
      return "pb";
    case Encoding::kText:
      return "text";
  }
  return "json";
}

bool IsChat(std::string_view topic) {
  return topic.substr(0, kRoot.size()) == kRoot || topic == kRoot.substr(0, kRoot.size() - 1);
}

Result<ChatTopic> ParseChatTopic(std::string_view topic) {
  if (topic.substr(0, kRoot.size()) != kRoot) return Unknown("chat topics start with chat/v1/");
  const Levels levels = Split(topic.substr(kRoot.size()));
  const std::string_view branch = levels.level[0];
  if (branch == "rooms" && levels.count >= 4 && levels.count <= 5) return ParseRoom(levels);
  if (branch == "users") return ParseUser(levels);
  if (branch == "clients") return ParseClient(topic, levels);
  if (branch == "requests" && levels.count == 3) {
    const std::optional<Encoding> encoding = AnswerEncodingOf(levels.level[2]);
    if (!encoding) return Unknown("an encoding is pb or json");
    return ChatTopic(RequestTopic{levels.level[1], *encoding});
  }
  return Unknown("chat/v1 has rooms, users, clients, requests; see the protocol");
}

std::string SendTopicOf(std::string_view room, Encoding encoding, std::string_view id) {
  std::string topic = Join({kRoot, "rooms/", room, "/send/", LevelName(encoding)});
  if (!id.empty()) topic.append("/").append(id);
  return topic;
}

std::string RoomEventsTopic(std::string_view room, Encoding encoding) {
  return Join({kRoot, "rooms/", room, "/events/", LevelName(encoding)});
}

std::string RoomSignalsTopic(std::string_view room, Encoding encoding) {
  return Join({kRoot, "rooms/", room, "/signals/", LevelName(encoding)});
}

std::string RoomCursorTopic(std::string_view room, Encoding encoding) {
  return Join({kRoot, "rooms/", room, "/cursor/", LevelName(encoding)});
}

std::string RoomReceiptsTopic(std::string_view room, Encoding encoding) {
  return Join({kRoot, "rooms/", room, "/receipts/", LevelName(encoding)});
}

std::string UserEventsTopic(std::string_view user, Encoding encoding) {
  return Join({kRoot, "users/", user, "/events/", LevelName(encoding)});
}

std::string RoomPresenceTopic(std::string_view room, Encoding encoding) {
  return Join({kRoot, "rooms/", room, "/presence/", LevelName(encoding)});
}

std::string UserPresenceTopic(std::string_view user, Encoding encoding) {
  return Join({kRoot, "users/", user, "/presence/", LevelName(encoding)});
}

std::string UserInboxTopic(std::string_view user, Encoding encoding) {
  return Join({kRoot, "users/", user, "/inbox/", LevelName(encoding)});
}

std::string AcksTopic(std::string_view client, Encoding encoding) {
  return Join({kRoot, "clients/", client, "/acks/", LevelName(encoding)});
}

std::string RepliesTopic(std::string_view client, Encoding encoding) {
  return Join({kRoot, "clients/", client, "/replies/", LevelName(encoding)});
}

std::string RequestTopicOf(std::string_view method, Encoding encoding) {
  return Join({kRoot, "requests/", method, "/", LevelName(encoding)});
}

bool FilterMatches(std::string_view filter, std::string_view topic) {
  return FilterCovers(filter, topic);
}

bool FilterCovers(std::string_view wide, std::string_view narrow) {
  // A wildcard in the first level never matches a topic that starts with '$' (MQTT 5, 4.7.2).
  if (!narrow.empty() && narrow[0] == '$' && !wide.empty() && (wide[0] == '+' || wide[0] == '#'))
    return false;
  const std::vector<std::string_view> outer = SplitAll(wide);
  const std::vector<std::string_view> inner = SplitAll(narrow);
  for (size_t i = 0; i < outer.size(); ++i) {
    if (outer[i] == "#") return true;  // also the level above: "a/#" covers "a"
    if (i >= inner.size()) return false;
    if (inner[i] == "#") return false;
    if (outer[i] != "+" && outer[i] != inner[i]) return false;
    if (i + 1 == inner.size() && i + 2 == outer.size() && outer[i + 1] == "#") return true;
  }
  return outer.size() == inner.size();
}

Result<std::string_view> WithoutShare(std::string_view filter) {
  constexpr std::string_view kShare = "$share/";
  if (filter.substr(0, kShare.size()) != kShare) return filter;
  const std::string_view rest = filter.substr(kShare.size());
  const size_t slash = rest.find('/');
  const std::string_view group = rest.substr(0, slash);
  if (group.empty() || slash == std::string_view::npos || slash + 1 == rest.size() ||
      group.find_first_of("+#") != std::string_view::npos) {
    return Error{Code::INVALID_ARGUMENT, "a shared subscription is $share/{group}/{filter}"};
  }
  return rest.substr(slash + 1);
}

}  // namespace parley
