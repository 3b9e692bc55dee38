#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "schemas/result.h"

namespace parley::client {

// A mosquitto.conf as `parley doctor` looks at it.

struct ConfigurationLine {
  std::string key;
  std::string value;  // all behind the key, without the spaces around it
  std::string where;  // "mosquitto.conf:12"
};

struct Listener {
  uint16_t port = 0;  // 0: a unix socket, or what cannot be read
  std::string address;
  bool websockets = false;
  std::string domain;  // socket_domain; empty: not set
  bool tls = false;
  std::string where;
};

struct PluginLine {
  std::string path;
  std::string where;
  std::vector<ConfigurationLine> options;  // keys without plugin_opt_ / auth_opt_
};

class BrokerConfiguration {
 public:
  explicit BrokerConfiguration(std::vector<ConfigurationLine> lines);

  // The last line of a setting, which is the one that counts.
  const ConfigurationLine* Last(std::string_view key) const;
  std::string Value(std::string_view key, std::string_view otherwise) const;
  const std::vector<ConfigurationLine>& lines() const { return lines_; }
  const std::vector<Listener>& listeners() const { return listeners_; }
  const std::vector<PluginLine>& plugins() const { return plugins_; }
  // The one that loads parley_plugin.so, or null.
  const PluginLine* Parley() const;
  // An option of it ("parley_data").
  std::optional<std::string> Option(std::string_view name) const;

 private:
  std::vector<ConfigurationLine> lines_;
  std::vector<Listener> listeners_;
  std::vector<PluginLine> plugins_;
};

// Lines of one file, comments and empty ones left out. Pure.
std::vector<ConfigurationLine> ParseConfiguration(std::string_view text, const std::string& file);

// Reads a file and, as Mosquitto does, the *.conf files of the folders it includes (in their place, sorted).
Result<BrokerConfiguration> ReadConfiguration(const std::string& path);

}  // namespace parley::client
