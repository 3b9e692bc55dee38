#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "schemas/names.h"
#include "schemas/result.h"

namespace parley {

// The topic grammar of protocol.md, in one place. Pure; every function may be called on any thread.

enum class Encoding : uint8_t { kJson = 0, kPb = 1, kText = 2 };

// "json", "pb", "text".
std::string_view LevelName(Encoding encoding);
// The encoding of an answer to something sent in `encoding`: text is answered in JSON.
constexpr Encoding AnswerEncoding(Encoding encoding) {
  return encoding == Encoding::kText ? Encoding::kJson : encoding;
}

inline constexpr std::string_view kRoot = "chat/v1/";
inline constexpr std::string_view kControlTopic = "$CONTROL/parley/v1";
inline constexpr std::string_view kControlResponseTopic = "$CONTROL/parley/v1/response";
// Internal topics start with '$', so no wildcard of a client ever matches them.
inline constexpr std::string_view kInternalRoot = "$parley/";
inline constexpr std::string_view kBridgeRequestTopic =
    "$parley/requests";  // RequestEnvelope, plugin → bridge
inline constexpr std::string_view kBridgeReplyTopic = "$parley/replies";  // ReplyEnvelope, bridge → plugin
inline constexpr std::string_view kCommittedTopic = "$parley/committed";  // CommitNotice, plugin → bridge
inline constexpr std::string_view kStatsTopic = "$parley/stats";          // MetricsNotice, plugin → bridge
inline constexpr std::string_view kSessionsTopic = "$parley/sessions";    // SessionNotice, plugin → bridge
inline constexpr std::string_view kBarrierTopic = "$parley/barrier";      // plugin → its own doorbell
inline constexpr std::string_view kDoorbellTopic = "$CONTROL/parley-doorbell/v1";

// A topic under chat/v1, taken apart. Levels are views into the parsed topic and unchecked names.
struct SendTopic {
  std::string_view room;
  Encoding encoding;
  std::optional<std::string_view> id;
};
struct RoomTopic {  // rooms/{room}/{aspect}/{pb,json}
  enum class Aspect { kEvents, kCursor, kSignals, kReceipts, kPresence };
  std::string_view room;
  Aspect aspect;
  Encoding encoding;
};
struct RewindTopic {
  std::string_view room;
  std::string_view count;
  Encoding encoding;
};
struct UserTopic {  // users/{user}/{aspect}/{pb,json}
  enum class Aspect { kEvents, kPresence, kInbox };
  std::string_view user;
  Aspect aspect;
  Encoding encoding;
};
struct ClientTopic {  // clients/{client}/…
  enum class Aspect { kAcks, kReplies, kOther };
  std::string_view client;
  Aspect aspect;
  std::string_view rest;
};
struct RequestTopic {
  std::string_view method;
  Encoding encoding;
};
using ChatTopic = std::variant<SendTopic, RoomTopic, RewindTopic, UserTopic, ClientTopic, RequestTopic>;

// True for every topic or filter that is ours to decide: chat/v1 itself and all below.
bool IsChat(std::string_view topic);

// Takes a topic under chat/v1 apart. INVALID_ARGUMENT, and which level is wrong, for one that the protocol
// does not have. Names in it are not checked. `topic` must outlive the result.
Result<ChatTopic> ParseChatTopic(std::string_view topic);

std::string SendTopicOf(std::string_view room, Encoding encoding, std::string_view id = {});
std::string RoomEventsTopic(std::string_view room, Encoding encoding);
std::string RoomSignalsTopic(std::string_view room, Encoding encoding);
std::string RoomCursorTopic(std::string_view room, Encoding encoding);
std::string RoomReceiptsTopic(std::string_view room, Encoding encoding);
std::string UserEventsTopic(std::string_view user, Encoding encoding);
std::string RoomPresenceTopic(std::string_view room, Encoding encoding);
std::string UserPresenceTopic(std::string_view user, Encoding encoding);
std::string UserInboxTopic(std::string_view user, Encoding encoding);
std::string AcksTopic(std::string_view client, Encoding encoding);
std::string RepliesTopic(std::string_view client, Encoding encoding);
std::string RequestTopicOf(std::string_view method, Encoding encoding);

// MQTT's rules for filters. `filter` and `topic` are well formed.
bool FilterMatches(std::string_view filter, std::string_view topic);
// True when every topic that `narrow` can match is matched by `wide`, too.
bool FilterCovers(std::string_view wide, std::string_view narrow);
// {T of $share/{group}/T}; anything else unchanged. INVALID_ARGUMENT for a malformed $share.
Result<std::string_view> WithoutShare(std::string_view filter);

// Calls `visit(level)` for each '/'-separated level, in order; stops when it returns false.
template <typename Visitor>
void ForEachLevel(std::string_view topic, Visitor visit) {
  while (true) {
    const size_t slash = topic.find('/');
    if (!visit(topic.substr(0, slash)) || slash == std::string_view::npos) return;
    topic.remove_prefix(slash + 1);
  }
}

}  // namespace parley
