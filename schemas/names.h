#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "schemas/result.h"

namespace parley {

// A string that was checked against one grammar of the protocol, as a type of its own.
// Construct by ParseX() (untrusted text) or Trusted() (text that comes from our own store).
template <typename Tag>
class Name {
 public:
  Name() = default;
  static Name Trusted(std::string_view text) { return Name(std::string(text)); }

  const std::string& str() const { return text_; }
  bool empty() const { return text_.empty(); }
  auto operator<=>(const Name&) const = default;

 private:
  explicit Name(std::string text) : text_(std::move(text)) {}
  std::string text_;
};

using UserId = Name<struct UserTag>;        // [a-z0-9][a-z0-9._-]{0,63}
using RoomId = Name<struct RoomTag>;        // the same, or dm:{a}:{b}
using ClientId = Name<struct ClientTag>;    // [A-Za-z0-9._:@-]{1,128}
using MessageId = Name<struct MessageTag>;  // [A-Za-z0-9._:-]{1,64}

// Each: INVALID_ARGUMENT with the grammar in words.
Result<UserId> ParseUserId(std::string_view text);
Result<RoomId> ParseRoomId(std::string_view text);  // also the form and byte order of a direct room
Result<ClientId> ParseClientId(std::string_view text);
Result<MessageId> ParseMessageId(std::string_view text);

// The two users of a direct room, a < b. Empty names when `room` is no direct room.
struct DirectPair {
  std::string_view a;
  std::string_view b;
};
bool IsDirect(std::string_view room);
DirectPair DirectUsers(std::string_view room);
RoomId DirectRoom(const UserId& one, const UserId& other);

// Strong integers. Seq: 1, 2, 3, … in a room, 0 = none. LogIndex: position in the log ("feed" on the wire).
// Uid, Rid: log index of the command that created the user or room; never used again, so a
// new user of an old name inherits nothing.
template <typename Tag>
struct Number {
  uint64_t value = 0;
  auto operator<=>(const Number&) const = default;
};
using Seq = Number<struct SeqTag>;
using LogIndex = Number<struct LogIndexTag>;
using Uid = Number<struct UidTag>;
using Rid = Number<struct RidTag>;

}  // namespace parley

template <typename Tag>
struct std::hash<parley::Name<Tag>> {
  size_t operator()(const parley::Name<Tag>& name) const { return std::hash<std::string>()(name.str()); }
};

template <typename Tag>
struct std::hash<parley::Number<Tag>> {
  size_t operator()(const parley::Number<Tag>& number) const { return std::hash<uint64_t>()(number.value); }
};
