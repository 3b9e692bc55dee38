#include "client/cli/help.h"

namespace parley::client {

std::vector<std::string> ValueOptions(const std::vector<OptionHelp>& options) {
  std::vector<std::string> names;
  for (const OptionHelp& option : options) {
    if (option.value.empty()) continue;
    names.push_back("--" + option.name);
    if (!option.letter.empty()) names.push_back("-" + option.letter);
  }
  return names;
}

}  // namespace parley::client
