#include "bridge/webhooks/hook_queue.h"

#include <algorithm>

namespace parley::bridge {

HookQueue::HookQueue(HookPatience patience, HookPlace place)
    : patience_(patience), read_(place.offset), offset_(place.offset), ahead_(std::move(place.ahead)) {}

void HookQueue::Take(const std::vector<store::FeedEntry>& entries, LogIndex through, Rid only) {
  for (const store::FeedEntry& entry : entries) {
    for (const store::FeedItem& item : entry.items) {
      const Rid rid{item.first};
      if (!item.is_event() || (only.value != 0 && rid != only)) continue;
      if (const auto ahead = ahead_.find(rid); ahead != ahead_.end() && entry.index <= ahead->second)
        continue;
      const auto [room, is_new] = rooms_.try_emplace(rid);
      room->second.waiting.push_back({entry.index, Seq{item.second}});
      ++waiting_;
      if (!is_new) continue;
      oldest_.emplace(entry.index, rid);
      ready_.push_back(rid);
    }
  }
  read_ = std::max(read_, through);
  SetOffset();
}

bool HookQueue::MayBegin(Rid rid) const {
  return ahead_.size() < limits::kWebhookRoomsAheadMax || ahead_.count(rid) != 0 ||
         oldest_.begin()->second == rid;
}

HookRun HookQueue::RunOf(Rid rid, Room& room) {
  room.out = true;
  ++out_;
  const size_t count = std::min(room.waiting.size(), limits::kWebhookEventsPerLook);
  return {rid, {room.waiting.begin(), room.waiting.begin() + static_cast<std::ptrdiff_t>(count)}};
}

std::vector<HookRun> HookQueue::Next(int64_t now_ms) {
  std::vector<HookRun> runs;
  for (auto& [rid, failing] : failing_) {
    if (out_ >= limits::kWebhookRoomsAtOnce) return runs;
    Room& room = rooms_.at(rid);
    if (!room.out && failing.not_before_ms <= now_ms) runs.push_back(RunOf(rid, room));
  }
  // Those that may not begin keep their places.
  const size_t looks = ready_.size();
  std::deque<Rid> held;
  for (size_t i = 0; i < looks; ++i) {
    if (out_ >= limits::kWebhookRoomsAtOnce || failing_.size() >= limits::kWebhookRoomsFailingMax) break;
    const Rid rid = ready_.front();
    ready_.pop_front();
    if (MayBegin(rid)) {
      runs.push_back(RunOf(rid, rooms_.at(rid)));
    } else {
      held.push_back(rid);
    }
  }
  ready_.insert(ready_.begin(), held.begin(), held.end());
  return runs;
}

bool HookQueue::Pop(Rid rid) {
  const auto found = rooms_.find(rid);
  Room& room = found->second;
  const LogIndex done = room.waiting.front().feed;
  oldest_.erase({done, rid});
  room.waiting.pop_front();
  --waiting_;
  const bool more = !room.waiting.empty();
  if (more) oldest_.emplace(room.waiting.front().feed, rid);
  // An entry can make several events of a room: it is done with the last of them.
  if (!more || room.waiting.front().feed != done) ahead_[rid] = done;
  failing_.erase(rid);
  if (!more) {
    --out_;
    rooms_.erase(found);
  }
  SetOffset();
  return more;
}

void HookQueue::SetOffset() {
  const LogIndex before = offset_;
  offset_ = oldest_.empty() ? read_ : LogIndex{oldest_.begin()->first.value - 1};
  if (offset_ == before) return;
  std::erase_if(ahead_, [this](const auto& room) { return room.second <= offset_; });
}

void HookQueue::Skip(Rid rid) {
  Pop(rid);
}

void HookQueue::Delivered(Rid rid) {
  failed_in_a_row_ = 0;
  if (Pop(rid)) Release(rid);
}

void HookQueue::Release(Rid rid) {
  const auto found = rooms_.find(rid);
  if (found == rooms_.end() || !found->second.out) return;
  found->second.out = false;
  --out_;
  if (failing_.count(rid) == 0) ready_.push_back(rid);
}

bool HookQueue::Failed(Rid rid, std::optional<int64_t> retry_after_ms, int64_t now_ms, uint64_t random) {
  if (failed_in_a_row_++ == 0) failing_since_ms_ = now_ms;
  const auto [found, is_new] = failing_.try_emplace(rid);
  Failing& failing = found->second;
  if (is_new) failing.since_ms = now_ms;
  ++failing.attempts;
  const int64_t pause_ms = failing.backoff.Next(random);
  failing.not_before_ms = now_ms + (retry_after_ms ? std::clamp<int64_t>(*retry_after_ms, pause_ms,
                                                                         limits::kWebhookRetryAfterMsMax)
                                                   : pause_ms);
  Release(rid);
  const auto too_often = [&](uint32_t attempts, int64_t since_ms) {
    return attempts >= patience_.attempts_max && now_ms - since_ms >= patience_.patience_ms;
  };
  return too_often(failed_in_a_row_, failing_since_ms_) || too_often(failing.attempts, failing.since_ms);
}

void HookQueue::Forgive() {
  failed_in_a_row_ = 0;
  for (const auto& [rid, failing] : std::exchange(failing_, {})) {
    if (!rooms_.at(rid).out) ready_.push_back(rid);
  }
}

std::optional<int64_t> HookQueue::due_ms() const {
  std::optional<int64_t> due;
  if (out_ >= limits::kWebhookRoomsAtOnce) return due;  // an answer comes first
  for (const auto& [rid, failing] : failing_) {
    if (!rooms_.at(rid).out) due = std::min(due.value_or(failing.not_before_ms), failing.not_before_ms);
  }
  return due;
}

HookPlace HookQueue::place() const {
  return {offset_, ahead_};
}

}  // namespace parley::bridge
