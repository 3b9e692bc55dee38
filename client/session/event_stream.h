#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "client/session/effects.h"
#include "client/session/limits.h"
#include "client/session/request_table.h"
#include "client/session/room_stream.h"
#include "parley/v1/request.pb.h"

namespace parley::client {

// Which events a session is interested in, and from where on.
struct StreamConfig {
  // The last event of a room that an earlier session delivered.
  struct Seen {
    uint64_t seq = 0;
    uint64_t ts_ms = 0;
  };
  enum class Rooms { kNone, kAll, kListed };
  // kNow: what comes. kLast: first the last `last` events (≤ 1000) of each room. kAll: first all there are.
  enum class Start { kNow, kLast, kAll };
  Rooms rooms = Rooms::kNone;
  std::vector<std::string> listed;
  Start start = Start::kNow;
  uint32_t last = 0;
  // With kAll rooms: continue after this cursor of an earlier session (then `start` is for rooms it did not
  // know). What that session delivered after it took the cursor comes again.
  std::string cursor;
  // Receipts and signals of the listed rooms, too, as far as the server lets the user have them.
  bool passing = false;
  // The user's inbox. Items come as they are published: after each CaughtUp, `sync` has what was missed.
  bool inbox = false;
  // What an earlier session delivered, by room: such a room continues behind it, whatever `start` says.
  std::map<std::string, Seen> seen;
};

// All rooms of a session: every event once, in the order of its room, complete by `sync` (all rooms) or
// `history.page` (listed rooms) after each reconnect and whenever a hole shows. Pure; time is passed in.
// While the history is not available, live events are delivered as they come (Start::kAll waits instead).
class EventStream {
 public:
  // What each call works with.
  struct Context {
    int64_t now_ms;
    RequestTable& requests;
    const std::function<std::string()>& new_request_id;
    Effects& effects;
  };

  explicit EventStream(StreamConfig config);

  // The subscriptions stand: catch up.
  void OnReady(Context& context);
  void OnDisconnected(Context& context);
  void OnEvent(v1::Event event, Context& context);
  // The outcome of a request that this stream made; false when it is not of this stream.
  bool OnReply(const RequestDone& done, Context& context);
  void Pump(Context& context);

  // Where a later session may continue; "" before the first sync.
  const std::string& cursor() const { return cursor_; }

 private:
  struct Room {
    RoomStream stream;
    std::string fill_id;     // the request under way
    bool unchecked = false;  // to be asked for at least once
    int attempts = 0;        // pages without progress
    int failures = 0;        // requests in a row that got no page
    int64_t retry_ms = 0;    // 0 = at once
    uint64_t seen = 0;       // of StreamConfig::seen, until the server has confirmed that it is there
  };

  void Sync(const std::string& cursor, Context& context);
  void OnSyncReply(const Result<std::string>& outcome, Context& context);
  void OnSyncedRoom(v1::RoomState& state, bool reset, Context& context);
  uint64_t BaseOf(const v1::RoomState& state, const Room& room) const;
  void FinishSync(Context& context);

  void Fill(const std::string& name, Room& room, Context& context);
  void OnFillReply(const std::string& name, const Result<std::string>& outcome, Context& context);
  void OnPage(const std::string& name, v1::HistoryPageReply& page, Context& context);
  void FillFailed(const std::string& name, const Error& why, Context& context);
  void BasePage(Room& room, const v1::HistoryPageReply& page, RoomStream::Events& out);
  void RoomLost(const std::string& name, const Error& why, Context& context);

  void BaseOnLive(Context& context);
  void StartOver(const std::string& name, Context& context);
  bool Synced() const { return synced_once_ && sync_id_.empty() && sync_retry_ms_ == 0; }
  void Emit(RoomStream::Events events, Context& context);
  void CheckCaughtUp(Context& context);

  const StreamConfig config_;
  std::map<std::string, Room> rooms_;
  std::string cursor_;
  std::string sync_id_;        // the request under way
  int64_t sync_retry_ms_ = 0;  // 0 = none planned
  int64_t retry_wait_ms_ = limits::kRetryFirstMs;
  bool ready_ = false;
  bool synced_once_ = false;
  bool base_on_live_ = false;  // unknown rooms start with their first live event
  bool catching_up_ = false;
};

}  // namespace parley::client
