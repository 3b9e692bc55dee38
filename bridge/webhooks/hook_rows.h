#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "bridge/webhooks/hook_queue.h"
#include "core/domain/directory.h"
#include "core/store/store_reader.h"

// What the bridge keeps of outgoing webhooks (docs/formats/bridge.md, tag `w`). Pure.
namespace parley::bridge {

// How a webhook stands, and what came of its attempts.
struct HookState {
  HookPlace place;
  bool paused = false;
  std::string why;         // of the pause
  uint64_t paused_ms = 0;  // wall clock
  uint64_t delivered = 0;
  uint64_t failed_attempts = 0;
  uint32_t last_status = 0;  // of the newest answer; 0: there was none
  std::string last_error;    // of the newest attempt that failed; "" once one has succeeded
  uint64_t last_attempt_ms = 0;
};

// Before all keys of webhooks.
std::string HookPrefix();
std::string HookKey(std::string_view webhook);

std::string EncodeHook(const HookState& state, const store::StoreId& store_id, LogIndex created);

struct KeptHook {
  HookState state;
  store::StoreId store_id{};
  LogIndex created;
};
// nullopt: damaged.
std::optional<KeptHook> ParseHook(std::string_view row);

}  // namespace parley::bridge
