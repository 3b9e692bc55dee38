#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace parley::domain {

// Keys to slots, by open addressing: the keys lie in the table itself, so that a look-up of one among
// hundreds of thousands waits for memory once, where a node-based map waits three times. Each check of each
// publish begins with one. Not synchronised.
//
// `Hash` has the type `View` that keys are asked for by, and Of(View), of which the lower bits count.
template <typename Key, typename Slot, typename Hash>
class FlatTable {
 public:
  using View = typename Hash::View;

  // nullptr when there is none; valid until the next change.
  const Slot* Find(View key) const {
    if (entries_.empty()) return nullptr;
    const Entry& entry = entries_[PlaceOf(key, HashOf(key))];
    return entry.hash == kFree ? nullptr : &entry.slot;
  }

  // The slot of the key, and true when that is `slot`, since it had none.
  std::pair<Slot, bool> TryEmplace(View key, Slot slot) {
    if (4 * (size_ + 1) > 3 * entries_.size()) Grow();
    const uint32_t hash = HashOf(key);
    Entry& entry = entries_[PlaceOf(key, hash)];
    if (entry.hash != kFree) return {entry.slot, false};
    entry = {hash, slot, Key(key)};
    ++size_;
    return {slot, true};
  }

  void Erase(View key) {
    if (entries_.empty()) return;
    size_t hole = PlaceOf(key, HashOf(key));
    if (entries_[hole].hash == kFree) return;
    --size_;
    // Those behind that would not be found across a hole move into it.
    for (size_t at = Next(hole); entries_[at].hash != kFree; at = Next(at)) {
      const size_t home = entries_[at].hash & mask();
      if (((at - home) & mask()) < ((at - hole) & mask())) continue;
      entries_[hole] = std::move(entries_[at]);
      hole = at;
    }
    entries_[hole] = {};
  }

  size_t size() const { return size_; }

  // Calls visit(key, slot) for each, in no order.
  template <typename Visit>
  void ForEach(Visit visit) const {
    for (const Entry& entry : entries_) {
      if (entry.hash != kFree) visit(View(entry.key), entry.slot);
    }
  }

 private:
  static constexpr uint32_t kFree = 0;
  static constexpr size_t kEntriesMin = 16;
  struct Entry {
    uint32_t hash = kFree;
    Slot slot{};
    Key key{};
  };

  static uint32_t HashOf(View key) {
    const uint32_t hash = Hash::Of(key);
    return hash == kFree ? 1 : hash;
  }
  size_t mask() const { return entries_.size() - 1; }  // their number is a power of two
  size_t Next(size_t place) const { return (place + 1) & mask(); }
  // Where the key is, or would be put.
  size_t PlaceOf(View key, uint32_t hash) const {
    size_t place = hash & mask();
    while (entries_[place].hash != kFree && (entries_[place].hash != hash || entries_[place].key != key)) {
      place = Next(place);
    }
    return place;
  }
  void Grow() {
    std::vector<Entry> old(entries_.empty() ? kEntriesMin : 2 * entries_.size());
    old.swap(entries_);
    for (Entry& entry : old) {
      if (entry.hash != kFree) entries_[PlaceOf(entry.key, entry.hash)] = std::move(entry);
    }
  }

  std::vector<Entry> entries_;
  size_t size_ = 0;
};

struct NameHash {
  using View = std::string_view;
  static uint32_t Of(View name) { return static_cast<uint32_t>(std::hash<View>()(name)); }
};
template <typename Slot>
using NameTable = FlatTable<std::string, Slot, NameHash>;

}  // namespace parley::domain
