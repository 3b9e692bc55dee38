// Three lines: a topic and two filters. Topics are taken apart and put together again; filters are compared
// as the sets that they are.

#include <string>

#include "schemas/filter.h"
#include "schemas/names.h"
#include "schemas/topic.h"
#include "tests/fuzz/input.h"

namespace parley::fuzz {
namespace {

struct PutTogether {
  std::string operator()(const SendTopic& send) const {
    return SendTopicOf(send.room, send.encoding, send.id.value_or(""));
  }
  std::string operator()(const RoomTopic& room) const {
    return room.aspect == RoomTopic::Aspect::kEvents ? RoomEventsTopic(room.room, room.encoding) : "";
  }
  std::string operator()(const RewindTopic&) const { return ""; }
  std::string operator()(const UserTopic& user) const {
    return user.aspect == UserTopic::Aspect::kEvents ? UserEventsTopic(user.user, user.encoding) : "";
  }
  std::string operator()(const ClientTopic& client) const {
    return std::string(kRoot) + "clients/" + std::string(client.client) + "/" + std::string(client.rest);
  }
  std::string operator()(const RequestTopic& request) const {
    return RequestTopicOf(request.method, request.encoding);
  }
};

void TryTopic(std::string_view topic) {
  const Result<ChatTopic> parsed = ParseChatTopic(topic);
  if (!parsed) {
    Require(parsed.error().code == Code::INVALID_ARGUMENT && !parsed.error().reason.empty(),
            "a topic's error");
    return;
  }
  Require(IsChat(topic), "only chat topics are taken apart");
  const auto* send = std::get_if<SendTopic>(&*parsed);
  if (send != nullptr && send->id == "") return;  // a level that is there and empty
  const std::string again = std::visit(PutTogether(), *parsed);
  Require(again.empty() || again == topic, "a topic taken apart is the one put together");
}

void TryNames(std::string_view text) {
  if (const auto user = ParseUserId(text)) {
    Require(user->str() == text && ParseRoomId(text).has_value(), "every user name could be a room's");
  }
  if (const auto room = ParseRoomId(text); room && IsDirect(text)) {
    const auto [a, b] = DirectUsers(text);
    Require(a < b, "a direct room names its users in byte order");
    Require(DirectRoom(*ParseUserId(b), *ParseUserId(a)) == *room, "a direct room is found by its users");
  }
  if (const auto client = ParseClientId(text)) Require(client->str() == text, "a client id is itself");
  if (const auto id = ParseMessageId(text)) {
    Require(ParseClientId(text).has_value(), "a message id's grammar lies within a client id's");
  }
}

bool IsTopic(std::string_view topic) {
  return CheckFilter(topic).has_value() && topic.find_first_of("+#") == std::string_view::npos;
}

void TryFilters(std::string_view topic, std::string_view one, std::string_view other) {
  if (!CheckFilter(one) || !CheckFilter(other)) return;
  Require(Covers(one, one) && Overlap(one, one), "a filter covers itself");
  Require(Overlap(one, other) == Overlap(other, one), "overlapping goes both ways");
  if (Covers(one, other)) Require(Overlap(one, other), "what is covered overlaps");
  if (!IsTopic(topic)) return;
  Require(Covers(one, topic) == FilterMatches(one, topic), "both matchers say the same of a topic");
  Require(Covers(one, topic) == Overlap(one, topic), "a topic is covered or apart");
  const bool in_one = FilterMatches(one, topic);
  const bool in_other = FilterMatches(other, topic);
  if (Covers(one, other) && in_other) Require(in_one, "what the narrow filter matches, the wide one does");
  if (in_one && in_other) Require(Overlap(one, other), "filters that match one topic overlap");
}

void TryShare(std::string_view filter) {
  const Result<std::string_view> inner = WithoutShare(filter);
  if (inner) Require(filter.substr(filter.size() - inner->size()) == *inner, "a share's filter is its end");
}

}  // namespace
}  // namespace parley::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace parley::fuzz;
  Input input(data, size);
  const std::string_view topic = input.Line();
  const std::string_view one = input.Line();
  const std::string_view other = input.Line();
  TryTopic(topic);
  TryNames(topic);
  TryShare(one);
  TryFilters(topic, one, other);
  return 0;
}
