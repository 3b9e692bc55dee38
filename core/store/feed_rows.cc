#include "core/store/feed_rows.h"

#include "core/store/keys.h"

namespace parley::store {
namespace {

constexpr char kRowVersion = 1;
constexpr size_t kNumberBytes = 8;
constexpr size_t kItemBytes = 1 + 2 * kNumberBytes;

std::string Number(char byte) {
  return std::to_string(static_cast<unsigned char>(byte));
}

uint64_t NumberAt(std::string_view row, size_t at) {
  return ParseBigEndian64(row.substr(at, kNumberBytes)).value_or(0);
}

}  // namespace

std::string EncodeFeedRow(const std::vector<FeedItem>& items) {
  std::string row(1, kRowVersion);
  row.reserve(1 + items.size() * kItemBytes);
  for (const FeedItem& item : items) {
    row.push_back(static_cast<char>(item.kind));
    row += BigEndian64(item.first);
    row += BigEndian64(item.second);
  }
  return row;
}

std::optional<std::vector<FeedItem>> ParseFeedRow(std::string_view row, std::string* why) {
  const auto wrong = [why](const std::string& what) {
    if (why != nullptr) *why = "the feed row is damaged: " + what;
    return std::nullopt;
  };
  if (row.empty()) return wrong("it is empty");
  if (row.front() != kRowVersion) return wrong("it has version " + Number(row.front()));
  row.remove_prefix(1);
  if (row.size() % kItemBytes != 0) return wrong("its length is no whole number of items");
  std::vector<FeedItem> items;
  items.reserve(row.size() / kItemBytes);
  for (; !row.empty(); row.remove_prefix(kItemBytes)) {
    const auto kind = static_cast<FeedItem::Kind>(row.front());
    if (kind < FeedItem::Kind::kEvent || kind > FeedItem::Kind::kMessage) {
      return wrong("an item has kind " + Number(row.front()));
    }
    items.push_back({kind, NumberAt(row, 1), NumberAt(row, 1 + kNumberBytes)});
  }
  return items;
}

}  // namespace parley::store
