#include "client/session/room_stream.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "client/session/limits.h"

namespace parley::client {

void RoomStream::SetBase(uint64_t seq, Events& out) {
  have_ = seq;
  Drain(out);
}

std::optional<uint64_t> RoomStream::FirstHeld() const {
  if (held_.empty()) return std::nullopt;
  return held_.begin()->first;
}

void RoomStream::Offer(v1::Event event, Events& out) {
  const uint64_t seq = event.seq();
  NoteHead(seq);
  if (have_ && seq <= *have_) return;
  held_.emplace(seq, std::move(event));
  if (have_) Drain(out);
  if (held_.size() > limits::kHeldEventsMax) held_.erase(std::prev(held_.end()));
}

void RoomStream::OfferPage(Events page, Events& out) {
  for (v1::Event& event : page) {
    // What is held and lies before this event was left out of the page: it goes first.
    while (!held_.empty() && held_.begin()->first < event.seq()) {
      Release(std::move(held_.begin()->second), out);
      held_.erase(held_.begin());
    }
    held_.erase(event.seq());
    Release(std::move(event), out);
  }
  Drain(out);
}

void RoomStream::NoteHead(uint64_t head) {
  head_ = std::max(head_, head);
}

void RoomStream::PassOver(Events& out) {
  if (!have_) have_ = 0;
  for (auto& [seq, event] : held_) Release(std::move(event), out);
  held_.clear();
  have_ = std::max(*have_, head_);
}

void RoomStream::Drain(Events& out) {
  while (!held_.empty() && held_.begin()->first <= *have_ + 1) {
    Release(std::move(held_.begin()->second), out);
    held_.erase(held_.begin());
  }
}

void RoomStream::Release(v1::Event event, Events& out) {
  if (event.seq() <= *have_) return;
  have_ = event.seq();
  NoteHead(event.seq());
  NoteTime(event);
  out.push_back(std::move(event));
}

}  // namespace parley::client
