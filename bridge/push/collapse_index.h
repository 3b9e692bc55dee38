#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <tuple>
#include <vector>

#include "bridge/push/push_rows.h"

namespace parley::bridge {

// The deferred notifications of one provider by device and room, so that a newer one can take the place of
// older ones. Knows at most kPushCollapsibleMax; the others are each sent. One thread.
class CollapseIndex {
 public:
  void Add(const PushItem& item);
  void Remove(const PushItem& item);
  void Clear();

  // What `newer` takes the place of, removed from here: its older ones of the device and room, but a direct
  // message or a mention only if it is one, too. Each as far as its keys and a ledger row need it.
  std::vector<PushItem> TakeOlder(const PushItem& newer);

 private:
  struct Entry {
    uint64_t feed = 0;
    uint64_t seq = 0;
    uint64_t not_before_ms = 0;
    uint64_t decided_ms = 0;
    uint32_t priority = 0;
    uint32_t attempts = 0;
  };
  using Place = std::tuple<uint64_t, uint32_t, uint64_t>;  // uid, device number, rid

  static Place PlaceOf(const PushItem& item) { return {item.uid(), item.device_number(), item.rid()}; }

  std::map<Place, std::vector<Entry>> places_;
  size_t size_ = 0;
};

}  // namespace parley::bridge
