#include "core/store/feed_rows.h"

#include "core/store/keys.h"

namespace parley::store {
namespace {

constexpr char kRowVersion = 1;
constexpr size_t kItemBytes = 17;
constexpr size_t kNumberBytes = 8;

Error Wrong(const std::string& what) {
  return {Code::INTERNAL, "the feed row is damaged: " + what};
}

std::string Number(char byte) {
  return std::to_string(static_cast<unsigned char>(byte));
}

uint64_t NumberAt(std::string_view row, size_t at) {
  return ParseBigEndian64(row.substr(at, kNumberBytes)).value_or(0);
}

}  // namespace

Result<std::vector<FeedItem>> ParseFeedItems(std::string_view row) {
  if (row.empty()) return Wrong("it is empty");
  if (row.front() != kRowVersion) return Wrong("it has version " + Number(row.front()));
  row.remove_prefix(1);
  if (row.size() % kItemBytes != 0) return Wrong("its length is no whole number of items");
  std::vector<FeedItem> items;
  items.reserve(row.size() / kItemBytes);
  for (; !row.empty(); row.remove_prefix(kItemBytes)) {
    const auto kind = static_cast<FeedItem::Kind>(row.front());
    if (kind < FeedItem::Kind::kEvent || kind > FeedItem::Kind::kCursor) {
      return Wrong("an item has kind " + Number(row.front()));
    }
    items.push_back({kind, NumberAt(row, 1), NumberAt(row, 1 + kNumberBytes)});
  }
  return items;
}

}  // namespace parley::store
