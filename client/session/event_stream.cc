#include "client/session/event_stream.h"

#include <algorithm>
#include <utility>

#include "schemas/json.h"
#include "schemas/limits.h"

namespace parley::client {
namespace {

// One reply of one method; its own code becomes the error.
template <typename Reply>
Result<Reply> DecodeReply(const Result<std::string>& outcome) {
  if (!outcome) return outcome.error();
  Reply reply;
  if (Status status = FromJson(*outcome, reply); !status) return std::move(status).error();
  if (reply.code() != Code::OK) return Error{reply.code(), reply.reason()};
  return reply;
}

RoomStream::Events TakeEvents(google::protobuf::RepeatedPtrField<v1::Event>& events) {
  return {std::make_move_iterator(events.begin()), std::make_move_iterator(events.end())};
}

}  // namespace

EventStream::EventStream(StreamConfig config) : config_(std::move(config)) {
  for (const auto& [name, seen] : config_.seen) {
    const auto& listed = config_.listed;
    const bool wanted = config_.rooms == StreamConfig::Rooms::kAll ||
                        std::find(listed.begin(), listed.end(), name) != listed.end();
    if (!wanted || seen.seq == 0) continue;
    Room& room = rooms_[name];
    RoomStream::Events none;
    room.stream.SetBase(seen.seq, none);
    v1::Event last;
    last.set_ts_ms(seen.ts_ms);
    room.stream.NoteTime(last);
    room.seen = seen.seq;
  }
}

void EventStream::OnReady(Context& context) {
  if (config_.rooms == StreamConfig::Rooms::kNone) {
    if (config_.inbox) context.effects.push_back(CaughtUp{});
    return;
  }
  ready_ = true;
  catching_up_ = true;
  retry_wait_ms_ = limits::kRetryFirstMs;
  if (config_.rooms == StreamConfig::Rooms::kAll) {
    Sync(synced_once_ ? cursor_ : config_.cursor, context);
    return;
  }
  for (const std::string& name : config_.listed) {
    Room& room = rooms_[name];
    room.unchecked = true;
    room.attempts = 0;
    room.failures = 0;
    Fill(name, room, context);
  }
}

void EventStream::OnDisconnected(Context& context) {
  ready_ = false;
  // A reply to what was asked before may be older than the new subscriptions: ask anew.
  context.requests.Cancel(sync_id_);
  sync_id_.clear();
  sync_retry_ms_ = 0;
  for (auto& [name, room] : rooms_) {
    context.requests.Cancel(room.fill_id);
    room.fill_id.clear();
    room.retry_ms = 0;
  }
}

void EventStream::OnEvent(v1::Event event, Context& context) {
  RoomStream::Events out;
  if (event.seq() == 0) {
    out.push_back(std::move(event));
    return Emit(std::move(out), context);
  }
  const std::string name = event.room();
  if (rooms_[name].stream.IsAnotherLog(event)) StartOver(name, context);
  Room& room = rooms_[name];
  const bool synced = config_.rooms == StreamConfig::Rooms::kAll && Synced();
  if (!room.stream.based() && (synced || base_on_live_)) {
    const bool from_start = config_.start == StreamConfig::Start::kAll;
    room.stream.SetBase(from_start ? 0 : event.seq() - 1, out);
  }
  room.stream.Offer(std::move(event), out);
  Emit(std::move(out), context);
}

bool EventStream::OnReply(const RequestDone& done, Context& context) {
  if (done.request_id == sync_id_) {
    sync_id_.clear();
    OnSyncReply(done.outcome, context);
    CheckCaughtUp(context);
    return true;
  }
  for (auto& [name, room] : rooms_) {
    if (room.fill_id != done.request_id) continue;
    room.fill_id.clear();
    OnFillReply(std::string(name), done.outcome, context);
    CheckCaughtUp(context);
    return true;
  }
  return false;
}

void EventStream::Pump(Context& context) {
  if (!ready_) return;
  if (sync_retry_ms_ > 0 && context.now_ms >= sync_retry_ms_) {
    Sync(synced_once_ ? cursor_ : config_.cursor, context);
  }
  for (auto& [name, room] : rooms_) {
    const bool wanted = room.unchecked || room.stream.Incomplete();
    if (wanted && room.fill_id.empty() && context.now_ms >= room.retry_ms) Fill(name, room, context);
  }
}

// --- sync ---

void EventStream::Sync(const std::string& cursor, Context& context) {
  sync_retry_ms_ = 0;
  sync_id_ = context.new_request_id();
  v1::SyncRequest request;
  request.set_request_id(sync_id_);
  request.set_cursor(cursor.empty() ? "0" : cursor);
  request.set_limit(parley::limits::kPageDefault);
  const bool first = !synced_once_ && config_.cursor.empty();
  uint32_t per_room = limits::kFillPage;
  if (first && config_.start == StreamConfig::Start::kNow) per_room = 1;
  if (first && config_.start == StreamConfig::Start::kLast) per_room = std::max(1u, config_.last);
  request.set_events_per_room(std::min(per_room, parley::limits::kPageMax));
  const Status added = context.requests.Add(sync_id_, "sync", ToJson(request), context.now_ms, 0);
  if (added) return;
  sync_id_.clear();
  sync_retry_ms_ = context.now_ms + retry_wait_ms_;
}

void EventStream::OnSyncReply(const Result<std::string>& outcome, Context& context) {
  Result<v1::SyncReply> reply = DecodeReply<v1::SyncReply>(outcome);
  if (!reply) {
    if (retry_wait_ms_ == limits::kRetryFirstMs) {
      context.effects.push_back(Notice{Error(reply.error()).Within("sync, trying again")});
    }
    sync_retry_ms_ = context.now_ms + retry_wait_ms_;
    retry_wait_ms_ = std::min(retry_wait_ms_ * 2, limits::kRetryLastMs);
    BaseOnLive(context);
    return;
  }
  retry_wait_ms_ = limits::kRetryFirstMs;
  for (v1::RoomState& state : *reply->mutable_rooms()) OnSyncedRoom(state, reply->reset(), context);
  if (reply->more()) return Sync(reply->cursor(), context);
  cursor_ = reply->cursor();
  FinishSync(context);
}

void EventStream::OnSyncedRoom(v1::RoomState& state, bool reset, Context& context) {
  RoomStream::Events out;
  if (state.left()) {
    const auto found = rooms_.find(state.room());
    if (found != rooms_.end() && found->second.stream.based()) found->second.stream.PassOver(out);
    return Emit(std::move(out), context);
  }
  const RoomStream& known = rooms_[state.room()].stream;
  const bool lost = known.based() && state.head() < std::exchange(rooms_[state.room()].seen, 0);
  const bool fewer = lost || (reset && known.based() && state.head() < known.have());
  if (fewer || known.IsAnotherLog(state.last_event())) StartOver(state.room(), context);
  Room& room = rooms_[state.room()];
  if (!room.stream.based()) room.stream.SetBase(BaseOf(state, room), out);
  if (state.first() > room.stream.have() + 1) room.stream.SetBase(state.first() - 1, out);
  room.stream.NoteHead(state.head());
  room.stream.NoteTime(state.last_event());
  for (v1::Event& event : *state.mutable_events()) room.stream.Offer(std::move(event), out);
  Emit(std::move(out), context);
}

uint64_t EventStream::BaseOf(const v1::RoomState& state, const Room& room) const {
  const uint64_t before_first = state.first() > 0 ? state.first() - 1 : 0;
  if (config_.start == StreamConfig::Start::kAll) return before_first;
  uint64_t base = state.head();
  if (synced_once_ || !config_.cursor.empty()) {  // a room that is new since then
    if (state.events_size() > 0) base = state.events(0).seq() - 1;
  } else if (config_.start == StreamConfig::Start::kLast) {
    base -= std::min<uint64_t>(base, config_.last);
  }
  // What came live before this reply came after the start.
  if (const auto held = room.stream.FirstHeld()) base = std::min(base, *held - 1);
  return std::max(base, before_first);
}

void EventStream::FinishSync(Context& context) {
  synced_once_ = true;
  base_on_live_ = false;
  RoomStream::Events out;
  for (auto& [name, room] : rooms_) {
    if (room.stream.based()) continue;  // a room that appeared after the reply was made
    const uint64_t live_base = room.stream.FirstHeld().value_or(1) - 1;
    room.stream.SetBase(config_.start == StreamConfig::Start::kAll ? 0 : live_base, out);
  }
  Emit(std::move(out), context);
}

// The name stands for another room than before (deleted and made again, or another store).
void EventStream::StartOver(const std::string& name, Context& context) {
  Room& room = rooms_[name];
  context.requests.Cancel(room.fill_id);
  room = Room();
}

// --- holes in one room, and listed rooms ---

void EventStream::Fill(const std::string& name, Room& room, Context& context) {
  room.fill_id = context.new_request_id();
  v1::HistoryPageRequest request;
  request.set_request_id(room.fill_id);
  request.set_room(name);
  request.set_limit(limits::kFillPage);
  const bool newest = !room.stream.based() && config_.start != StreamConfig::Start::kAll;
  if (newest) {
    const uint32_t last = config_.start == StreamConfig::Start::kLast ? std::max(1u, config_.last) : 1;
    request.set_limit(std::min(last, parley::limits::kPageMax));
  } else {
    request.set_after(room.stream.based() ? room.stream.have() : 0);
  }
  if (context.requests.Add(room.fill_id, "history.page", ToJson(request), context.now_ms, 0)) return;
  room.fill_id.clear();
  room.retry_ms = context.now_ms + limits::kRetryFirstMs;
}

void EventStream::OnFillReply(const std::string& name, const Result<std::string>& outcome, Context& context) {
  Result<v1::HistoryPageReply> page = DecodeReply<v1::HistoryPageReply>(outcome);
  if (!page) return FillFailed(name, page.error(), context);
  OnPage(name, *page, context);
}

void EventStream::OnPage(const std::string& name, v1::HistoryPageReply& page, Context& context) {
  Room& room = rooms_[name];
  room.failures = 0;
  RoomStream::Events out;
  if (!room.stream.based()) {
    BasePage(room, page, out);
  } else {
    // Fewer events than an earlier session saw: the room was made anew since.
    if (page.head() < std::exchange(room.seen, 0)) {
      StartOver(name, context);
      rooms_[name].stream.SetBase(0, out);
      return Fill(name, rooms_[name], context);
    }
    const uint64_t before = room.stream.have();
    if (page.first() > before + 1) room.stream.SetBase(page.first() - 1, out);
    room.stream.NoteHead(page.head());
    room.stream.OfferPage(TakeEvents(*page.mutable_events()), out);
    room.attempts = room.stream.have() > before ? 0 : room.attempts + 1;
  }
  room.unchecked = false;
  room.retry_ms = 0;
  if (room.stream.Incomplete() && room.attempts > 0) {
    room.retry_ms = context.now_ms + limits::kRetryFirstMs * room.attempts;
  }
  if (room.stream.Incomplete() && room.attempts >= limits::kFillAttemptsMax) {
    context.effects.push_back(
        Notice{{Code::NOT_FOUND, "room " + name + ": events are missing in its history"}});
    room.stream.PassOver(out);
    room.attempts = 0;
  }
  Emit(std::move(out), context);
}

// The first page of a listed room sets where its stream starts.
void EventStream::BasePage(Room& room, const v1::HistoryPageReply& page, RoomStream::Events& out) {
  uint64_t base = page.head();
  if (config_.start == StreamConfig::Start::kAll) {
    base = page.first() > 0 ? page.first() - 1 : 0;
  } else {
    if (config_.start == StreamConfig::Start::kLast) base -= std::min<uint64_t>(base, config_.last);
    if (const auto held = room.stream.FirstHeld()) base = std::min(base, *held - 1);
    if (page.first() > 0) base = std::max(base, page.first() - 1);
  }
  room.stream.SetBase(base, out);
  room.stream.NoteHead(page.head());
  for (const v1::Event& event : page.events()) room.stream.NoteTime(event);
  for (const v1::Event& event : page.events()) room.stream.Offer(event, out);
}

void EventStream::FillFailed(const std::string& name, const Error& why, Context& context) {
  Room& room = rooms_[name];
  const bool for_now = why.code == Code::UNAVAILABLE || why.code == Code::RESOURCE_EXHAUSTED;
  if (!for_now) return RoomLost(name, why, context);
  if (room.failures == 0) context.effects.push_back(Notice{Error(why).Within("history of " + name)});
  room.failures = std::min(room.failures + 1, limits::kFillAttemptsMax);
  const int64_t wait_ms = std::min(limits::kRetryFirstMs << room.failures, limits::kRetryLastMs);
  room.retry_ms = context.now_ms + wait_ms;
  if (!room.stream.based()) BaseOnLive(context);
}

// The server says no for good: no member (any more), no such room, no such method.
void EventStream::RoomLost(const std::string& name, const Error& why, Context& context) {
  Room& room = rooms_[name];
  const bool never_seen = !room.stream.based() || room.seen > 0;
  room.unchecked = false;
  RoomStream::Events out;
  room.stream.PassOver(out);
  Emit(std::move(out), context);
  Error error = Error(why).Within("room " + name);
  if (never_seen && why.code != Code::UNIMPLEMENTED) {
    context.effects.push_back(Failed{std::move(error)});
  } else {
    context.effects.push_back(Notice{std::move(error)});
  }
}

// --- both ---

// The history does not answer: start with what comes live, unless everything was asked for.
void EventStream::BaseOnLive(Context& context) {
  if (synced_once_ || config_.start == StreamConfig::Start::kAll) return;
  base_on_live_ = true;
  RoomStream::Events out;
  for (auto& [name, room] : rooms_) {
    const auto held = room.stream.FirstHeld();
    if (!room.stream.based() && held) room.stream.SetBase(*held - 1, out);
  }
  Emit(std::move(out), context);
}

void EventStream::Emit(RoomStream::Events events, Context& context) {
  for (v1::Event& event : events) context.effects.push_back(Deliver{std::move(event)});
}

void EventStream::CheckCaughtUp(Context& context) {
  if (!catching_up_ || !sync_id_.empty() || sync_retry_ms_ > 0) return;
  for (const auto& [name, room] : rooms_) {
    if (room.unchecked || room.stream.Incomplete()) return;
  }
  catching_up_ = false;
  context.effects.push_back(CaughtUp{cursor_});
}

}  // namespace parley::client
