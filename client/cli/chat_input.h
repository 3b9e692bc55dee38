#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

namespace parley::client {

// What one typed line of `parley chat` asks for.
struct Say {
  std::string text;
};
struct ShowHistory {
  uint32_t count = 20;
};
struct ShowMembers {};
struct ShowChatHelp {};
struct Quit {};
struct Mistyped {
  std::string reason;
};
struct Nothing {};
using ChatInput = std::variant<Say, ShowHistory, ShowMembers, ShowChatHelp, Quit, Mistyped, Nothing>;

// A line that starts with '/' is a command, one that starts with "//" says the rest with one '/'; an empty
// one is nothing. Pure.
ChatInput ReadChatInput(std::string_view line);

// What /help shows, a line each.
std::string_view ChatInputHelp();

}  // namespace parley::client
