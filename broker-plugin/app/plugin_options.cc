#include "broker-plugin/app/plugin_options.h"

#include <charconv>
#include <functional>

#include "schemas/json.h"

namespace parley::plugin {
namespace {

Error Invalid(const std::string& option, const std::string& takes) {
  return {Code::INVALID_ARGUMENT, "plugin_opt_" + option + " takes " + takes};
}

bool ParseNumber(const std::string& text, uint64_t low, uint64_t high, uint64_t& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() && number >= low && number <= high;
}

bool ParseDoorbell(const std::string& value, PluginOptions& options) {
  if (value == "auto") return true;
  options.doorbell = value != "off";
  if (!options.doorbell) return true;
  uint64_t port = 0;
  if (!ParseNumber(value, 1, 65535, port)) return false;
  options.doorbell_port = static_cast<uint16_t>(port);
  return true;
}

}  // namespace

Result<PluginOptions> ParsePluginOptions(const std::map<std::string, std::string>& given) {
  PluginOptions options;
  for (const auto& [name, value] : given) {
    if (name.rfind("parley_", 0) != 0) continue;  // another plugin's
    if (name == "parley_data") {
      if (value.empty() || value[0] != '/') return Invalid(name, "an absolute path");
      options.data_folder = value;
    } else if (name == "parley_journal") {
      if (value.empty() || value[0] != '/') return Invalid(name, "an absolute path");
      options.journal_folder = value;
    } else if (name == "parley_journal_mib") {
      uint64_t mib = 0;
      if (!ParseNumber(value, 8, 16384, mib)) return Invalid(name, "a number from 8 to 16384");
      options.journal_bytes = mib << 20;
    } else if (name == "parley_other_topics") {
      if (value != "deny" && value != "defer") return Invalid(name, "deny or defer");
      options.defer_other_topics = value == "defer";
    } else if (name == "parley_unknown_users") {
      if (value != "deny" && value != "defer") return Invalid(name, "deny or defer");
      options.defer_unknown_users = value == "defer";
    } else if (name == "parley_coalesce") {
      if (value != "auto" && value != "off") return Invalid(name, "auto or off");
      options.coalesce = value == "auto";
    } else if (name == "parley_typing_timeout_ms") {
      uint64_t timeout_ms = 0;
      if (!ParseNumber(value, 100, 60'000, timeout_ms)) return Invalid(name, "a number from 100 to 60000");
      options.typing_timeout_ms = static_cast<uint32_t>(timeout_ms);
    } else if (name == "parley_doorbell") {
      if (!ParseDoorbell(value, options)) return Invalid(name, "auto, off or a port of this broker");
    } else {
      return Error{Code::INVALID_ARGUMENT, "unknown option plugin_opt_" + Printable(name, 64)};
    }
  }
  if (options.data_folder.empty()) {
    return Error{Code::INVALID_ARGUMENT,
                 "plugin_opt_parley_data is missing: give the folder for Parley's data"};
  }
  if (options.journal_folder.empty()) options.journal_folder = options.data_folder;
  return options;
}

}  // namespace parley::plugin
