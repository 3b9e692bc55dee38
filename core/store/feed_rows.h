#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "schemas/names.h"
#include "schemas/result.h"

// What the rows of the `feed` family say (docs/formats/store.md). Pure.
namespace parley::store {

// One thing that an entry of the log made.
struct FeedItem {
  enum class Kind : uint8_t {
    kEvent = 1,   // rid, seq: an event of a room
    kInbox = 2,   // uid, useq: an item of a user's inbox
    kCursor = 3,  // rid, uid: a member's cursor has moved
  };
  Kind kind = Kind::kEvent;
  uint64_t first = 0;
  uint64_t second = 0;

  bool operator==(const FeedItem&) const = default;
};

// An entry of the log as the feed tells it. An entry that made nothing has no row.
struct FeedEntry {
  LogIndex index;
  std::vector<FeedItem> items;
  std::string damage;  // not "": the row cannot be understood, and why; then there are no items
};

// INTERNAL with what is wrong.
Result<std::vector<FeedItem>> ParseFeedItems(std::string_view row);

}  // namespace parley::store
