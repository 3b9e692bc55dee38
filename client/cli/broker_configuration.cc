#include "client/cli/broker_configuration.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <system_error>
#include <utility>

#include "client/cli/files.h"

namespace parley::client {
namespace {

constexpr std::string_view kSpaces = " \t\r";

std::string_view Trimmed(std::string_view text) {
  const size_t begin = text.find_first_not_of(kSpaces);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kSpaces) + 1 - begin);
}

Listener ListenerOf(const ConfigurationLine& line) {
  Listener listener;
  listener.where = line.where;
  const size_t space = line.value.find_first_of(kSpaces);
  const std::string_view port = std::string_view(line.value).substr(0, space);
  std::from_chars(port.data(), port.data() + port.size(), listener.port);
  if (space != std::string::npos) listener.address = Trimmed(std::string_view(line.value).substr(space));
  return listener;
}

bool StartsWith(const std::string& text, std::string_view head) {
  return text.compare(0, head.size(), head) == 0;
}

Status ReadInto(const std::string& path, bool follow, std::vector<ConfigurationLine>& lines) {
  Result<std::string> text = ReadSmallFile(path);
  if (!text) return std::move(text).error();
  for (ConfigurationLine& line : ParseConfiguration(*text, path)) {
    if (line.key != "include_dir" || !follow) {
      lines.push_back(std::move(line));
      continue;
    }
    std::vector<std::string> files;
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(line.value, error)) {
      if (entry.path().extension() == ".conf") files.push_back(entry.path());
    }
    if (error)
      return Error{Code::NOT_FOUND, line.where + ": include_dir " + line.value + ": " + error.message()};
    std::sort(files.begin(), files.end());
    for (const std::string& file : files) {
      if (Status read = ReadInto(file, false, lines); !read) return read;
    }
  }
  return {};
}

}  // namespace

BrokerConfiguration::BrokerConfiguration(std::vector<ConfigurationLine> lines) : lines_(std::move(lines)) {
  for (const ConfigurationLine& line : lines_) {
    if (line.key == "listener" || line.key == "port") listeners_.push_back(ListenerOf(line));
    if (line.key == "protocol" && !listeners_.empty())
      listeners_.back().websockets = line.value == "websockets";
    if (line.key == "socket_domain" && !listeners_.empty()) listeners_.back().domain = line.value;
    if (line.key == "certfile" && !listeners_.empty()) listeners_.back().tls = true;
    if (line.key == "plugin" || line.key == "auth_plugin") plugins_.push_back({line.value, line.where, {}});
    for (const std::string_view head : {"plugin_opt_", "auth_opt_"}) {
      if (!StartsWith(line.key, head) || plugins_.empty()) continue;
      plugins_.back().options.push_back({line.key.substr(head.size()), line.value, line.where});
    }
  }
}

const ConfigurationLine* BrokerConfiguration::Last(std::string_view key) const {
  const auto found = std::find_if(lines_.rbegin(), lines_.rend(),
                                  [&](const ConfigurationLine& line) { return line.key == key; });
  return found == lines_.rend() ? nullptr : &*found;
}

std::string BrokerConfiguration::Value(std::string_view key, std::string_view otherwise) const {
  const ConfigurationLine* line = Last(key);
  return line == nullptr ? std::string(otherwise) : line->value;
}

const PluginLine* BrokerConfiguration::Parley() const {
  for (const PluginLine& plugin : plugins_) {
    if (std::filesystem::path(plugin.path).filename() == "parley_plugin.so") return &plugin;
  }
  return nullptr;
}

std::optional<std::string> BrokerConfiguration::Option(std::string_view name) const {
  const PluginLine* parley = Parley();
  std::optional<std::string> value;
  if (parley == nullptr) return value;
  for (const ConfigurationLine& option : parley->options) {
    if (option.key == name) value = option.value;
  }
  return value;
}

std::vector<ConfigurationLine> ParseConfiguration(std::string_view text, const std::string& file) {
  std::vector<ConfigurationLine> lines;
  for (int number = 1; !text.empty(); ++number) {
    const size_t end = text.find('\n');
    const std::string_view line = Trimmed(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (line.empty() || line[0] == '#') continue;
    const size_t space = line.find_first_of(kSpaces);
    ConfigurationLine parsed;
    parsed.key = line.substr(0, space);
    if (space != std::string_view::npos) parsed.value = Trimmed(line.substr(space));
    parsed.where = std::filesystem::path(file).filename().string() + ":" + std::to_string(number);
    lines.push_back(std::move(parsed));
  }
  return lines;
}

Result<BrokerConfiguration> ReadConfiguration(const std::string& path) {
  std::vector<ConfigurationLine> lines;
  if (Status read = ReadInto(path, true, lines); !read) return std::move(read).error();
  return BrokerConfiguration(std::move(lines));
}

}  // namespace parley::client
