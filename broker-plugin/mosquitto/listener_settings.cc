#include "broker-plugin/mosquitto/listener_settings.h"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

namespace parley::plugin {
namespace {

// The words of this process's command line.
std::vector<std::string> CommandLine() {
  std::ifstream file("/proc/self/cmdline", std::ios::binary);
  std::vector<std::string> words;
  for (std::string word; std::getline(file, word, '\0');) words.push_back(word);
  return words;
}

std::optional<std::string> ConfigurationFile() {
  const std::vector<std::string> words = CommandLine();
  for (size_t i = 0; i + 1 < words.size(); ++i) {
    if (words[i] == "-c" || words[i] == "--config-file") return words[i + 1];
  }
  return std::nullopt;
}

// The last value of a setting in a file and the folders that it includes (one level, as Mosquitto does).
void LastValue(const std::string& path, const std::string& setting, std::string& value, bool follow) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    std::string name;
    std::string argument;
    words >> name >> argument;
    if (name == setting) value = argument;
    if (name != "include_dir" || !follow) continue;
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(argument, error)) {
      if (entry.path().extension() == ".conf") LastValue(entry.path(), setting, value, false);
    }
  }
}

}  // namespace

Status CheckListenerSettings() {
  const std::optional<std::string> path = ConfigurationFile();
  if (!path) return {};
  std::string value;
  LastValue(*path, "per_listener_settings", value, true);
  if (value != "true") return {};
  return Error{Code::FAILED_PRECONDITION, "per_listener_settings true in " + *path +
                                              ": Parley serves all listeners alike; set it to false"};
}

}  // namespace parley::plugin
