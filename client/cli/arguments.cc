#include "client/cli/arguments.h"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace parley::client {

Arguments TakeCommand(std::vector<std::string> words, std::span<const std::string> value_options) {
  Arguments arguments;
  for (size_t i = 0; i < words.size(); ++i) {
    if (words[i] == "--") break;
    if (std::find(value_options.begin(), value_options.end(), words[i]) != value_options.end()) {
      ++i;  // its value
      continue;
    }
    if (words[i].size() > 1 && words[i][0] == '-') continue;
    arguments.command = words[i];
    arguments.before = i;
    words.erase(words.begin() + static_cast<std::ptrdiff_t>(i));
    break;
  }
  arguments.words = std::move(words);
  return arguments;
}

}  // namespace parley::client
