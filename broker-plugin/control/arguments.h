#pragma once

#include <optional>
#include <string>

#include <nlohmann/json.hpp>

#include "core/domain/directory.h"
#include "schemas/result.h"

namespace parley::plugin {

// Reads the arguments of one admin command. Every error names the field. Pure.

// A string argument; INVALID_ARGUMENT when it is absent or no string.
Result<std::string> RequiredText(const nlohmann::json& command, const char* field);
// "" when absent.
Result<std::string> OptionalText(const nlohmann::json& command, const char* field, size_t bytes_max);
// 0 when absent.
Result<uint64_t> OptionalNumber(const nlohmann::json& command, const char* field);

// A number that must be there, within these bounds.
struct Bounds {
  uint32_t min;
  uint32_t max;
};
Result<uint32_t> NumberArgument(const nlohmann::json& command, const char* field, Bounds bounds);

Result<UserId> UserArgument(const nlohmann::json& command, const char* field);
Result<RoomId> RoomArgument(const nlohmann::json& command);
// A password that may be set: 1 to 256 bytes without U+0000; nullopt when absent.
Result<std::optional<std::string>> PasswordArgument(const nlohmann::json& command);

// "owner", "moderator", "member", "reader", "banned"; absent = member.
Result<domain::Role> RoleArgument(const nlohmann::json& command);
Result<domain::RoomKind> KindArgument(const nlohmann::json& command);
// "all", "since_join"; absent = all.
Result<v1::Room::History> HistoryArgument(const nlohmann::json& command);

// Lower case, as $CONTROL shows enumerations.
std::string LowerName(domain::Role role);
std::string LowerName(domain::RoomKind kind);
std::string LowerName(v1::Room::History history);

}  // namespace parley::plugin
