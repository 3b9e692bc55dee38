#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "broker-plugin/auth/sessions.h"
#include "broker-plugin/gate/command_sender.h"
#include "core/log/held_slots.h"
#include "schemas/result.h"
#include "schemas/topic.h"

namespace parley::plugin {

// Cursors on their way into the log. Of one user and room, at most one command each kInterval: what comes
// sooner is held in a slot that outlives the process, merged, and appended when the interval is over. Broker
// thread.
class Cursors {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr std::chrono::milliseconds kInterval{250};

  // `slots` outlives it.
  Cursors(CommandSender& commands, log::HeldSlots& slots) : commands_(commands), slots_(slots) {}

  // A Cursor in this encoding, with something to move. INVALID_ARGUMENT.
  static Status Read(Encoding encoding, std::string_view payload, v1::Cursor& cursor);

  // Appends or holds a cursor: from here on it survives the process. False: the log has no room for it.
  struct Taken {
    const Session& session;
    std::string_view room;
    Encoding encoding;
    std::string_view correlation_data;  // of the ack, should it be refused; not of what is held
  };
  bool Take(const Taken& taken, const v1::Cursor& cursor, Clock::time_point now);
  // Appends what has been held long enough. What the log does not take stays for the next time.
  void OnTick(Clock::time_point now);
  // Appends all that is held, before the log ends.
  void AppendHeld();

  size_t held_count() const { return slots_.taken(); }
  uint64_t merged_count() const { return merged_count_; }

 private:
  // Pairs of user and room that are remembered at once; beyond, each cursor is appended as it comes.
  static constexpr size_t kRecentMax = 100'000;

  // One that was appended less than kInterval ago.
  struct Recent {
    std::optional<size_t> slot{};  // of what is held since
    domain::Command held{};
  };
  struct Due {
    Clock::time_point at;
    std::string key;
  };

  bool Hold(Recent& recent, const Taken& taken, const v1::Cursor& cursor);
  bool Append(Recent& recent);

  CommandSender& commands_;
  log::HeldSlots& slots_;
  std::unordered_map<std::string, Recent> recent_;
  std::deque<Due> due_;  // one of each in recent_, the earliest first
  uint64_t merged_count_ = 0;
};

}  // namespace parley::plugin
