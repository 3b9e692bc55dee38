#include "schemas/names.h"

#include <algorithm>

namespace parley {
namespace {

constexpr std::string_view kDirectPrefix = "dm:";

constexpr bool IsLowerOrDigit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}
constexpr bool IsAlphaNumeric(char c) {
  return IsLowerOrDigit(c) || (c >= 'A' && c <= 'Z');
}

bool IsPlainName(std::string_view text) {
  if (text.empty() || text.size() > 64 || !IsLowerOrDigit(text[0])) return false;
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return IsLowerOrDigit(c) || c == '.' || c == '_' || c == '-'; });
}

bool IsMadeOf(std::string_view text, size_t length_max, std::string_view punctuation) {
  if (text.empty() || text.size() > length_max) return false;
  return std::all_of(text.begin(), text.end(), [punctuation](char c) {
    return IsAlphaNumeric(c) || punctuation.find(c) != std::string_view::npos;
  });
}

Error Invalid(std::string reason) {
  return {Code::INVALID_ARGUMENT, std::move(reason)};
}

}  // namespace

Result<UserId> ParseUserId(std::string_view text) {
  if (!IsPlainName(text)) {
    return Invalid("a user name is 1 to 64 of a-z 0-9 . _ - and starts with a letter or digit");
  }
  return UserId::Trusted(text);
}

Result<RoomId> ParseRoomId(std::string_view text) {
  if (IsDirect(text)) {
    const DirectPair pair = DirectUsers(text);
    if (!IsPlainName(pair.a) || !IsPlainName(pair.b) || pair.a >= pair.b) {
      return Invalid("a direct room is dm:{a}:{b} with two different user names in byte order");
    }
    return RoomId::Trusted(text);
  }
  if (!IsPlainName(text)) {
    return Invalid("a room name is 1 to 64 of a-z 0-9 . _ - and starts with a letter or digit");
  }
  return RoomId::Trusted(text);
}

Result<ClientId> ParseClientId(std::string_view text) {
  if (!IsMadeOf(text, 128, "._:@-")) return Invalid("a client id is 1 to 128 of A-Z a-z 0-9 . _ : @ -");
  return ClientId::Trusted(text);
}

Result<MessageId> ParseMessageId(std::string_view text) {
  if (!IsMadeOf(text, 64, "._:-")) return Invalid("a message id is 1 to 64 of A-Z a-z 0-9 . _ : -");
  return MessageId::Trusted(text);
}

bool IsDirect(std::string_view room) {
  return room.substr(0, kDirectPrefix.size()) == kDirectPrefix;
}

DirectPair DirectUsers(std::string_view room) {
  if (!IsDirect(room)) return {};
  const std::string_view names = room.substr(kDirectPrefix.size());
  const size_t colon = names.find(':');
  if (colon == std::string_view::npos) return {};
  return {names.substr(0, colon), names.substr(colon + 1)};
}

RoomId DirectRoom(const UserId& one, const UserId& other) {
  const auto& [a, b] = std::minmax(one.str(), other.str());
  return RoomId::Trusted(std::string(kDirectPrefix) + a + ":" + b);
}

}  // namespace parley
