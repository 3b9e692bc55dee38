#include "broker-plugin/requests/fields.h"

#include "schemas/json.h"
#include "schemas/limits.h"

namespace parley::plugin {
namespace {

Error Invalid(const std::string& field, const std::string& reason) {
  return {Code::INVALID_ARGUMENT, field + ": " + reason};
}

}  // namespace

Status CheckRoom(const std::string& room) {
  if (room.empty()) return Invalid("room", "give the name of a room");
  if (Result<RoomId> parsed = ParseRoomId(room); !parsed) return Invalid("room", parsed.error().reason);
  return {};
}

Status CheckUser(const char* field, const std::string& user) {
  if (user.empty()) return Invalid(field, "give the name of a user");
  if (Result<UserId> parsed = ParseUserId(user); !parsed) return Invalid(field, parsed.error().reason);
  return {};
}

Status CheckText(const char* field, const std::string& text, size_t bytes_max) {
  if (text.size() <= bytes_max && Printable(text, bytes_max) == text) return {};
  return Invalid(field, "at most " + std::to_string(bytes_max) + " bytes of printable text");
}

Status CheckRetention(uint32_t days) {
  if (days <= limits::kRetentionDaysMax) return {};
  return Invalid("retentionDays", "0 (for ever) to " + std::to_string(limits::kRetentionDaysMax));
}

Status CheckMessageBytes(uint32_t bytes, uint32_t server_limit) {
  if (bytes <= server_limit) return {};
  return Invalid("maxMessageBytes", "0 (the server's limit) to " + std::to_string(server_limit));
}

}  // namespace parley::plugin
