#include "client/cli/chat_input.h"

#include <charconv>

#include "schemas/json.h"
#include "schemas/limits.h"

namespace parley::client {
namespace {

constexpr std::string_view kSpaces = " \t";

std::string_view Trimmed(std::string_view text) {
  const size_t begin = text.find_first_not_of(kSpaces);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kSpaces) + 1 - begin);
}

ChatInput ReadHistory(std::string_view rest) {
  if (rest.empty()) return ShowHistory();
  ShowHistory history;
  const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), history.count);
  const bool whole = error == std::errc() && end == rest.data() + rest.size();
  if (!whole || history.count == 0 || history.count > limits::kPageMax) {
    return Mistyped{"/history N: a number from 1 to 1000"};
  }
  return history;
}

}  // namespace

ChatInput ReadChatInput(std::string_view line) {
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  if (line.empty()) return Nothing();
  if (line[0] != '/') return Say{std::string(line)};
  if (line.size() > 1 && line[1] == '/') return Say{std::string(line.substr(1))};
  const size_t end = line.find_first_of(kSpaces);
  const std::string_view name = line.substr(0, end);
  const std::string_view rest =
      end == std::string_view::npos ? std::string_view() : Trimmed(line.substr(end));
  if (name == "/history") return ReadHistory(rest);
  if (name == "/members") return ShowMembers();
  if (name == "/help") return ShowChatHelp();
  if (name == "/quit") return Quit();
  return Mistyped{"no such command: " + Printable(name, 64) +
                  ". /help lists them; // says a line that starts "
                  "with /"};
}

std::string_view ChatInputHelp() {
  return "  /history [N]   N earlier messages (20), before the first one shown\n"
         "  /members       who is in the room\n"
         "  /quit          waits for the acks of what was sent, and ends (as Ctrl-D does)\n"
         "  //text         says /text";
}

}  // namespace parley::client
