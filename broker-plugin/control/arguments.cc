#include "broker-plugin/control/arguments.h"

#include <algorithm>
#include <cctype>

#include "schemas/json.h"
#include "schemas/limits.h"

namespace parley::plugin {
namespace {

using nlohmann::json;

Error Invalid(const std::string& field, const std::string& reason) {
  return {Code::INVALID_ARGUMENT, field + ": " + reason};
}

std::string Cased(std::string text, int (*to)(int)) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [to](unsigned char c) { return static_cast<char>(to(c)); });
  return text;
}

}  // namespace

Result<std::string> RequiredText(const json& command, const char* field) {
  const auto found = command.find(field);
  if (found == command.end() || !found->is_string()) return Invalid(field, "give a string");
  return found->get<std::string>();
}

Result<std::string> OptionalText(const json& command, const char* field, size_t bytes_max) {
  if (!command.contains(field)) return std::string();
  Result<std::string> text = RequiredText(command, field);
  if (text && (text->size() > bytes_max || Printable(*text, bytes_max) != *text)) {
    return Invalid(field, "at most " + std::to_string(bytes_max) + " bytes of printable text");
  }
  return text;
}

Result<uint64_t> OptionalNumber(const json& command, const char* field) {
  const auto found = command.find(field);
  if (found == command.end()) return uint64_t{0};
  if (!found->is_number_unsigned()) return Invalid(field, "give a number from 0 up");
  return found->get<uint64_t>();
}

Result<uint32_t> NumberArgument(const json& command, const char* field, Bounds bounds) {
  const auto found = command.find(field);
  const bool number = found != command.end() && found->is_number_unsigned();
  if (number && found->get<uint64_t>() >= bounds.min && found->get<uint64_t>() <= bounds.max) {
    return found->get<uint32_t>();
  }
  return Invalid(field, "a number from " + std::to_string(bounds.min) + " to " + std::to_string(bounds.max));
}

Result<UserId> UserArgument(const json& command, const char* field) {
  const Result<std::string> text = RequiredText(command, field);
  if (!text) return text.error();
  Result<UserId> user = ParseUserId(*text);
  if (!user) return Invalid(field, user.error().reason);
  return user;
}

Result<RoomId> RoomArgument(const json& command) {
  const Result<std::string> text = RequiredText(command, "room");
  if (!text) return text.error();
  Result<RoomId> room = ParseRoomId(*text);
  if (!room) return Invalid("room", room.error().reason);
  return room;
}

Result<std::optional<std::string>> PasswordArgument(const json& command) {
  if (!command.contains("password")) return std::optional<std::string>();
  Result<std::string> password = RequiredText(command, "password");
  if (!password) return std::move(password).error();
  if (password->empty() || password->size() > limits::kPasswordBytesMax || !IsUtf8(*password)) {
    return Invalid("password", "1 to 256 bytes of UTF-8");
  }
  return std::optional(std::move(*password));
}

Result<domain::Role> RoleArgument(const json& command) {
  const auto found = command.find("role");
  if (found == command.end()) return v1::Member::MEMBER;
  domain::Role role = v1::Member::UNSPECIFIED;
  const std::string text = found->is_string() ? found->get<std::string>() : std::string();
  if (Cased(text, std::tolower) != text || !v1::Member::Role_Parse(Cased(text, std::toupper), &role) ||
      role == v1::Member::UNSPECIFIED) {
    return Invalid("role", "one of owner, moderator, member, reader, banned");
  }
  return role;
}

Result<domain::RoomKind> KindArgument(const json& command) {
  const auto found = command.find("kind");
  if (found == command.end()) return v1::Room::GROUP;
  domain::RoomKind kind = v1::Room::UNSPECIFIED;
  const std::string text = found->is_string() ? found->get<std::string>() : std::string();
  if (Cased(text, std::tolower) != text || !v1::Room::Kind_Parse(Cased(text, std::toupper), &kind) ||
      kind == v1::Room::UNSPECIFIED) {
    return Invalid("kind", "one of group, public, channel, device (direct rooms exist by themselves)");
  }
  if (kind == v1::Room::DIRECT) {
    return Error{Code::FAILED_PRECONDITION, "a direct room exists by itself: send to dm:{a}:{b}"};
  }
  return kind;
}

Result<v1::Room::History> HistoryArgument(const json& command) {
  const auto found = command.find("history");
  if (found == command.end()) return v1::Room::ALL;
  v1::Room::History history = v1::Room::ALL;
  const std::string text = found->is_string() ? found->get<std::string>() : std::string();
  if (Cased(text, std::tolower) != text || !v1::Room::History_Parse(Cased(text, std::toupper), &history)) {
    return Invalid("history", "all or since_join");
  }
  return history;
}

std::string LowerName(domain::Role role) {
  return Cased(v1::Member::Role_Name(role), std::tolower);
}
std::string LowerName(domain::RoomKind kind) {
  return Cased(v1::Room::Kind_Name(kind), std::tolower);
}
std::string LowerName(v1::Room::History history) {
  return Cased(v1::Room::History_Name(history), std::tolower);
}

}  // namespace parley::plugin
