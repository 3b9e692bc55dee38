#pragma once

#include <chrono>
#include <map>
#include <string>
#include <string_view>

#include "client/cli/connection.h"
#include "client/session/event_stream.h"

namespace parley::client {

// Where a `tail` or `chat` ended, so that the next one continues there: kept in a file of the state folder.
struct Positions {
  std::string cursor;  // of sync, for all rooms; "" = none
  std::map<std::string, StreamConfig::Seen> rooms;
};

// The text of such a file, JSON. INVALID_ARGUMENT when it is none.
Result<Positions> ParsePositions(std::string_view text);
std::string PrintPositions(const Positions& positions);

// $XDG_STATE_HOME/parley or ~/.local/state/parley, and in it a file for each program ("tail"), user and
// broker.
std::string PositionsPath(std::string_view program, const MqttOptions& connection,
                          const Environment& environment);

// Keeps the positions of one run. An event counts once it was shown, so a run that is killed shows some
// again, and leaves none out. One thread at a time.
class PositionKeeper {
 public:
  using Clock = std::chrono::steady_clock;

  explicit PositionKeeper(std::string path) : path_(std::move(path)) {}

  // Reads the file; none is a start without positions. An Error: it is there, and cannot be used.
  Status Load();
  const Positions& positions() const { return positions_; }

  void Shown(const v1::Event& event);
  // Everything up to `cursor` was shown.
  void CaughtUp(const std::string& cursor);

  // Writes what changed, at most every two seconds, or at once with `now`.
  Status Save(bool now);

 private:
  const std::string path_;
  Positions positions_;
  bool changed_ = false;
  Clock::time_point saved_;
};

}  // namespace parley::client
