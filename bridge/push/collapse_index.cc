#include "bridge/push/collapse_index.h"

#include <algorithm>

#include "bridge/push/limits.h"

namespace parley::bridge {

void CollapseIndex::Add(const PushItem& item) {
  if (item.withdraw() || size_ >= limits::kPushCollapsibleMax) return;
  places_[PlaceOf(item)].push_back({.feed = item.feed(),
                                    .seq = item.seq(),
                                    .not_before_ms = item.not_before_ms(),
                                    .decided_ms = item.decided_ms(),
                                    .priority = item.priority(),
                                    .attempts = item.attempts()});
  ++size_;
}

void CollapseIndex::Remove(const PushItem& item) {
  const auto place = places_.find(PlaceOf(item));
  if (place == places_.end()) return;
  size_ -= std::erase_if(place->second, [&](const Entry& entry) { return entry.feed == item.feed(); });
  if (place->second.empty()) places_.erase(place);
}

void CollapseIndex::Clear() {
  places_.clear();
  size_ = 0;
}

std::vector<PushItem> CollapseIndex::TakeOlder(const PushItem& newer) {
  std::vector<PushItem> taken;
  const auto place = places_.find(PlaceOf(newer));
  if (place == places_.end()) return taken;
  size_ -= std::erase_if(place->second, [&](const Entry& entry) {
    const bool keeps = entry.priority == kPushUrgent && newer.priority() != kPushUrgent;
    if (entry.feed >= newer.feed() || keeps) return false;
    PushItem& item = taken.emplace_back();
    item.set_provider(newer.provider());
    item.set_uid(newer.uid());
    item.set_device(newer.device());
    item.set_device_number(newer.device_number());
    item.set_rid(newer.rid());
    item.set_feed(entry.feed);
    item.set_seq(entry.seq);
    item.set_not_before_ms(entry.not_before_ms);
    item.set_decided_ms(entry.decided_ms);
    item.set_priority(entry.priority);
    item.set_attempts(entry.attempts);
    return true;
  });
  if (place->second.empty()) places_.erase(place);
  return taken;
}

}  // namespace parley::bridge
