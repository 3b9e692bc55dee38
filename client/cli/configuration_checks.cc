#include "client/cli/configuration_checks.h"

#include <array>
#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>

#include "schemas/limits.h"

namespace parley::client {
namespace {

using Level = Finding::Level;

std::optional<uint64_t> NumberOf(const std::string& text) {
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

class Checks {
 public:
  explicit Checks(const BrokerConfiguration& configuration) : conf_(configuration) {}

  Findings Run() {
    Switches();
    Listeners();
    Limits();
    Persistence();
    PluginOrder();
    PluginOptions();
    return std::move(findings_);
  }

 private:
  void Add(Level level, std::string subject, std::string text) {
    findings_.push_back({level, std::move(subject), std::move(text)});
  }

  // A setting as the file has it, or that it has the broker's own value.
  std::string Shown(const char* key, const char* otherwise) const {
    const ConfigurationLine* line = conf_.Last(key);
    return line == nullptr ? std::string(otherwise) + " (not set)" : line->value + " (" + line->where + ")";
  }

  void Switch(const char* key, const char* standard, const char* wanted, Level level, const char* otherwise) {
    const std::string shown = Shown(key, standard);
    if (conf_.Value(key, standard) == wanted) return Add(Level::kOk, key, shown);
    Add(level, key, shown + ": " + otherwise);
  }

  void Switches() {
    Switch("per_listener_settings", "false", "false", Level::kProblem,
           "the plugin serves all listeners alike and refuses to start: set it to false");
    Switch(
        "allow_anonymous", conf_.listeners().empty() ? "true" : "false", "false", Level::kWarning,
        "clients without a name are accepted, and may do what the broker's own rules allow: set it to false");
    Switch("set_tcp_nodelay", "false", "true", Level::kWarning,
           "small messages may wait 40 ms for the network: set it to true");
    Switch("allow_duplicate_messages", "true", "true", Level::kWarning,
           "the broker looks for duplicates at each delivery, a third of its time: set it to true");
  }

  // Mosquitto 2.0 opens websockets to every address, IPv4 and IPv6, unless the address is IPv6, or it is told
  // the family.
  void Listeners() {
    for (const Listener& listener : conf_.listeners()) {
      if (!listener.websockets) continue;
      const std::string shown = "websockets on port " + std::to_string(listener.port) +
                                (listener.address.empty() ? "" : " of " + listener.address) + " (" +
                                listener.where + ")";
      const bool v4 = !listener.address.empty() && listener.address.find(':') == std::string::npos;
      if (!v4 || listener.domain == "ipv4") {
        Add(Level::kOk, "listener", shown);
      } else {
        Add(Level::kWarning, "listener",
            shown + ": the broker opens it to every address of this machine: add socket_domain ipv4 to it");
      }
    }
  }

  void Limits() {
    const std::string queued = Shown("max_queued_messages", "1000");
    if (conf_.Value("max_queued_messages", "1000") == "0") {
      Add(Level::kProblem, "max_queued_messages",
          queued + ": then each publish that is denied disconnects its sender: give a limit, such as 2000");
    } else {
      Add(Level::kOk, "max_queued_messages", queued);
    }
    const std::optional<uint64_t> message = NumberOf(conf_.Value("message_size_limit", "0"));
    if (message && *message > 0) {
      Add(Level::kProblem, "message_size_limit",
          Shown("message_size_limit", "0") +
              ": a larger message is acknowledged to MQTT 3.1.1 clients and dropped: use max_packet_size "
              "instead");
    } else {
      Add(Level::kOk, "message_size_limit", Shown("message_size_limit", "0"));
    }
    const std::string packet = Shown("max_packet_size", "none");
    const std::optional<uint64_t> bytes = NumberOf(conf_.Value("max_packet_size", "0"));
    if (!bytes || *bytes == 0) {
      Add(Level::kWarning, "max_packet_size",
          packet + ": anybody may make the broker hold 256 MiB: set it, such as 1048576");
    } else if (*bytes < parley::limits::kReplyBytesMax + 4096) {
      Add(Level::kProblem, "max_packet_size",
          packet +
              ": replies of up to 256 KiB do not fit, and a client that asks is disconnected: 1048576 does");
    } else {
      Add(Level::kOk, "max_packet_size", packet);
    }
    const std::optional<uint64_t> inflight = NumberOf(conf_.Value("max_inflight_messages", "20"));
    if (inflight && *inflight < 20 && *inflight > 0) {
      Add(Level::kWarning, "max_inflight_messages",
          Shown("max_inflight_messages", "20") +
              ": a client far away gets few messages a second: 100 is better");
    }
    if (const ConfigurationLine* memory = conf_.Last("memory_limit")) {
      Add(Level::kWarning, "memory_limit",
          memory->value + " (" + memory->where +
              "): at the limit the broker drops messages for good: leave it out");
    }
  }

  void Persistence() {
    if (conf_.Value("persistence", "false") != "true") {
      return Add(Level::kWarning, "persistence",
                 Shown("persistence", "false") +
                     ": sessions and retained messages of other topics are gone after each restart");
    }
    Add(Level::kOk, "persistence", Shown("persistence", "false"));
    const bool on_changes = conf_.Value("autosave_on_changes", "false") == "true";
    if (conf_.Value("autosave_interval", "1800") != "0" || on_changes) {
      return Add(Level::kWarning, "autosave_interval",
                 Shown("autosave_interval", "1800") +
                     ": each save stops all clients while it writes: set it to 0 (saved at shutdown)");
    }
    Add(Level::kOk, "autosave_interval", Shown("autosave_interval", "1800"));
  }

  void PluginOrder() {
    const PluginLine* parley = conf_.Parley();
    if (parley == nullptr) {
      return Add(Level::kProblem, "plugin",
                 "no line loads Parley: add 'plugin /path/to/parley_plugin.so' and plugin_opt_parley_data");
    }
    if (conf_.plugins().front().path != parley->path) {
      Add(Level::kWarning, "plugin",
          parley->where + ": " + conf_.plugins().front().path +
              " is asked first, and its answer counts: load Parley before other plugins");
    } else {
      Add(Level::kOk, "plugin", parley->path + " (" + parley->where + ")");
    }
    const bool deferred = conf_.Option("parley_other_topics").value_or("deny") == "defer";
    for (const char* key : {"acl_file", "password_file"}) {
      const ConfigurationLine* line = conf_.Last(key);
      if (line == nullptr) continue;
      const bool users = std::string_view(key) == "password_file";
      const bool asked = users ? conf_.Option("parley_unknown_users").value_or("deny") == "defer" : deferred;
      const std::string option = users ? "parley_unknown_users" : "parley_other_topics";
      if (!asked) {
        Add(Level::kWarning, key,
            line->where + ": is never asked, since Parley decides first: set plugin_opt_" + option +
                " defer, or take the line out");
      } else {
        Add(Level::kOk, key, line->value + " decides what no rule of Parley does");
      }
    }
  }

  // The options of the plugin, and what they take.
  void PluginOptions() {
    const PluginLine* parley = conf_.Parley();
    if (parley == nullptr) return;
    for (const ConfigurationLine& option : parley->options) {
      if (option.key.compare(0, 7, "parley_") != 0) continue;
      const std::string name = "plugin_opt_" + option.key;
      const std::string wrong = WrongValue(option);
      if (wrong.empty()) {
        Add(Level::kOk, name, option.value + " (" + option.where + ")");
      } else {
        Add(Level::kProblem, name, option.where + ": " + wrong);
      }
    }
    if (!conf_.Option("parley_data")) {
      Add(Level::kProblem, "plugin_opt_parley_data",
          "is missing: name the folder of Parley's data behind the plugin");
    }
  }

  static std::string WrongValue(const ConfigurationLine& option) {
    const std::string& value = option.value;
    const std::optional<uint64_t> number = NumberOf(value);
    if (option.key == "parley_data" || option.key == "parley_journal") {
      return !value.empty() && value[0] == '/' ? "" : "takes an absolute path";
    }
    if (option.key == "parley_journal_mib") {
      return number && *number >= 8 && *number <= 16384 ? "" : "takes a number from 8 to 16384";
    }
    if (option.key == "parley_other_topics" || option.key == "parley_unknown_users") {
      return value == "deny" || value == "defer" ? "" : "takes deny or defer";
    }
    if (option.key == "parley_coalesce") return value == "auto" || value == "off" ? "" : "takes auto or off";
    if (option.key == "parley_typing_timeout_ms") {
      return number && *number >= 100 && *number <= 60'000 ? "" : "takes a number from 100 to 60000";
    }
    if (option.key == "parley_doorbell") {
      const bool port = number && *number >= 1 && *number <= 65535;
      return value == "auto" || value == "off" || port ? "" : "takes auto, off or a port of this broker";
    }
    return "is no option of Parley: the plugin refuses to start with it";
  }

  const BrokerConfiguration& conf_;
  Findings findings_;
};

}  // namespace

Findings CheckConfiguration(const BrokerConfiguration& configuration) {
  return Checks(configuration).Run();
}

}  // namespace parley::client
