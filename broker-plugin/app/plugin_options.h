#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "schemas/limits.h"
#include "schemas/result.h"

namespace parley::plugin {

// What mosquitto.conf says of us: plugin_opt_parley_…, without `plugin_opt_`.
struct PluginOptions {
  std::string data_folder;                         // parley_data
  std::string journal_folder;                      // parley_journal; default: the data folder
  uint64_t journal_bytes = uint64_t{64} << 20;     // parley_journal_mib
  bool defer_other_topics = false;                 // parley_other_topics deny|defer
  bool defer_unknown_users = false;                // parley_unknown_users deny|defer
  bool doorbell = true;                            // parley_doorbell auto|off|PORT
  uint16_t doorbell_port = 0;                      // 0 = auto
  bool coalesce = true;                            // parley_coalesce auto|off
  uint32_t typing_timeout_ms = limits::kTypingMs;  // parley_typing_timeout_ms
  std::string key_folder = "/dev/shm";             // a memory file system; no option
};

// INVALID_ARGUMENT with the option and what it takes; unknown parley_ options are errors, so that a typing
// mistake is not a silent default.
Result<PluginOptions> ParsePluginOptions(const std::map<std::string, std::string>& options);

}  // namespace parley::plugin
