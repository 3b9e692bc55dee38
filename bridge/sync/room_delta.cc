#include "bridge/sync/room_delta.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace parley::bridge {
namespace {

using store::StoredEvent;
using store::StoreView;

// Of a RoomState without its events, and of each event in it.
constexpr size_t kStateFrameBytes = 512;
constexpr size_t kEventFrameBytes = 8;
// The first read of a walk back; each further one is four times as long.
constexpr size_t kFirstStride = 16;

// The newest visible events after `since`, newest first, and whether there are more of them.
struct Newest {
  std::vector<v1::Event> events;
  bool truncated = false;
};

Result<Newest> WalkBack(const StoreView& view, const VisibleRoom& room, LogIndex since,
                        const DeltaLimits& limits) {
  Newest newest;
  const Seq first = room.First();
  if (first.value == 0) return newest;
  size_t bytes_left = limits.bytes_max;
  size_t stride = kFirstStride;
  for (Seq last = room.head; last >= first; stride *= 4) {
    Result<std::vector<StoredEvent>> read = view.Events(room.rid(), {.first = first,
                                                                     .last = last,
                                                                     .limit = stride,
                                                                     .bytes_max = limits.bytes_max,
                                                                     .keep = StoreView::Keep::kNewest});
    if (!read) return std::move(read).error();
    if (read->empty() || read->back().seq != last) {
      return Error{Code::INTERNAL, "the store is damaged: no event " + std::to_string(last.value)};
    }
    for (auto stored = read->rbegin(); stored != read->rend(); ++stored) {
      Result<v1::Event> event = ParseEvent(*stored);
      if (!event) return std::move(event).error();
      if (event->feed() <= since.value) return newest;
      const size_t size = stored->bytes.size() + kEventFrameBytes;
      if (newest.events.size() >= limits.events_max || size > bytes_left) {
        newest.truncated = true;
        return newest;
      }
      bytes_left -= size;
      newest.events.push_back(*std::move(event));
    }
    last = Seq{read->front().seq.value - 1};
  }
  return newest;
}

// A room that the user no longer has: its name and nothing else. Unknown to a client that knows nothing.
std::optional<v1::RoomState> Left(const std::string& room, LogIndex left, LogIndex since) {
  if (since.value == 0 || left <= since) return std::nullopt;
  v1::RoomState state;
  state.set_room(room);
  state.set_left(true);
  return state;
}

// Something was said there, or the user's own cursor has moved (on another device).
bool HasMoved(const VisibleRoom& room, LogIndex since) {
  if (room.member && room.member->moved_feed() > since.value) return true;
  return room.First().value != 0 && room.feed > since;
}

}  // namespace

std::optional<v1::RoomState> DeletedRoomDelta(const store::RoomOfUser& room, LogIndex since) {
  return Left(room.room, room.deleted_at, since);
}

Result<std::optional<v1::RoomState>> RoomDelta(const StoreView& view, const VisibleRoom& room, LogIndex since,
                                               const DeltaLimits& limits) {
  if (!room.visibility.member) {
    return Left(room.record.room(), LogIndex{room.member->left_feed()}, since);
  }
  const bool never_seen = since.value == 0 || room.member->since_feed() > since.value;
  if (!never_seen && !HasMoved(room, since)) return std::optional<v1::RoomState>();
  const size_t frame = std::min(limits.bytes_max, kStateFrameBytes);
  Result<v1::RoomState> state = DescribeRoom(view, room, limits.bytes_max - frame);
  if (!state) return std::move(state).error();
  const size_t used = std::min(limits.bytes_max, state->ByteSizeLong() + frame);
  Result<Newest> newest = WalkBack(view, room, never_seen ? LogIndex{} : since,
                                   {.events_max = limits.events_max, .bytes_max = limits.bytes_max - used});
  if (!newest) return std::move(newest).error();
  for (auto event = newest->events.rbegin(); event != newest->events.rend(); ++event) {
    *state->add_events() = std::move(*event);
  }
  state->set_truncated(newest->truncated);
  return std::optional<v1::RoomState>(*std::move(state));
}

}  // namespace parley::bridge
