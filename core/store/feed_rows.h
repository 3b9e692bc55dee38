#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "schemas/names.h"

// What the rows of the `feed` family say (docs/formats/store.md). Pure.
namespace parley::store {

// One thing that an entry of the log made.
struct FeedItem {
  // A kind is never used again for something else.
  enum class Kind : uint8_t {
    kEvent = 1,    // rid, seq: an event of a room that is no message (in old rows: any event)
    kInbox = 2,    // uid, useq: an item of a user's inbox
    kCursor = 3,   // rid, uid: this member's cursor moved
    kPush = 4,     // uid, 0: the devices of this user that want notifications changed
    kMessage = 5,  // rid, seq: a message of a room
  };
  Kind kind = Kind::kEvent;
  uint64_t first = 0;
  uint64_t second = 0;

  bool is_event() const { return kind == Kind::kEvent || kind == Kind::kMessage; }
  bool operator==(const FeedItem&) const = default;
};

// An entry of the log as the feed tells it. An entry that made nothing has no row.
struct FeedEntry {
  LogIndex index;
  std::vector<FeedItem> items;
  std::string damage;  // not "": the row cannot be understood, and why; then there are no items
};

// A row: events first, then inbox items, then cursors, then pushes.
std::string EncodeFeedRow(const std::vector<FeedItem>& items);
// nullopt: damaged, or of a newer version; then `why` says what is wrong.
std::optional<std::vector<FeedItem>> ParseFeedRow(std::string_view row, std::string* why = nullptr);

}  // namespace parley::store
