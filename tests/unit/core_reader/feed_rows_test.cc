#include "core/store/feed_rows.h"

#include <gmock/gmock.h>

#include "core/store/keys.h"
#include "tests/support/store_dump.h"
#include "tests/unit/core_reader/tiny_store.h"

namespace parley::store {
namespace {

using namespace std::string_literals;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

std::string Item(char kind, uint64_t first, uint64_t second) {
  return std::string(1, kind) + BigEndian64(first) + BigEndian64(second);
}

TEST(FeedRows, HaveEventsInboxItemsAndCursors) {
  const std::string row = "\1"s + Item(1, 7, 9) + Item(2, 3, 4) + Item(3, 7, 3);
  const std::vector<FeedItem> items = {
      {FeedItem::Kind::kEvent, 7, 9}, {FeedItem::Kind::kInbox, 3, 4}, {FeedItem::Kind::kCursor, 7, 3}};
  EXPECT_EQ(ParseFeedRow(row), items);
  EXPECT_EQ(EncodeFeedRow(items), row);
  EXPECT_THAT(ParseFeedRow("\1"s).value(), IsEmpty());
}

TEST(FeedRows, ThatAreDamagedSayHow) {
  const std::string row = "\1"s + Item(1, 7, 9);
  for (const std::string& damaged : {""s, "\2"s + row.substr(1), row + "x", row.substr(0, row.size() - 1),
                                     "\1"s + Item(6, 7, 9), "\1"s + Item(0, 7, 9), row + Item(9, 1, 1)}) {
    std::string why;
    EXPECT_FALSE(ParseFeedRow(damaged, &why)) << damaged.size();
    EXPECT_THAT(why, HasSubstr("the feed row is damaged: "));
  }
}

class FeedOfView : public ::testing::Test {
 protected:
  FeedOfView() {
    store_.CreateUser("alice");                                  // 1
    store_.CreateRoom("lobby", {{"alice", v1::Member::OWNER}});  // 2
    for (int i = 0; i < 4; ++i) store_.Say("lobby", "alice");    // 3 … 6
  }
  std::vector<uint64_t> Indexes(const StoreView::FeedRange& range) {
    std::vector<uint64_t> indexes;
    const std::vector<FeedEntry> entries = store_.View()->Feed(range).value();
    for (const FeedEntry& entry : entries) indexes.push_back(entry.index.value);
    return indexes;
  }

  parley::testing::TinyStore store_;
};

TEST_F(FeedOfView, ComesInOrderWithinItsBounds) {
  using Numbers = std::vector<uint64_t>;
  EXPECT_EQ(Indexes({.after = {0}, .last = {6}, .limit = 9, .items_max = 99}), (Numbers{2, 3, 4, 5, 6}));
  EXPECT_EQ(Indexes({.after = {2}, .last = {5}, .limit = 9, .items_max = 99}), (Numbers{3, 4, 5}));
  EXPECT_EQ(Indexes({.after = {2}, .last = {6}, .limit = 2, .items_max = 99}), (Numbers{3, 4}));
  EXPECT_EQ(Indexes({.after = {6}, .last = {9}, .limit = 9, .items_max = 99}), Numbers());
  EXPECT_EQ(Indexes({.after = {7}, .last = {6}, .limit = 9, .items_max = 99}), Numbers());
  const size_t of_the_first =
      store_.View()->Feed({.after = {0}, .last = {6}, .limit = 1, .items_max = 1}).value()[0].items.size();
  EXPECT_EQ(Indexes({.after = {0}, .last = {6}, .limit = 9, .items_max = of_the_first + 1}), (Numbers{2, 3}));
}

TEST_F(FeedOfView, ADamagedRowIsThereAndSaysSo) {
  store_.Close();
  const std::string damaged = "\1\1\1";
  parley::testing::PokeStore(store_.path(), "feed", FeedKey(LogIndex{4}), &damaged);
  store_.Reopen();
  const auto entries = store_.View()->Feed({.after = {3}, .last = {6}, .limit = 9, .items_max = 99}).value();
  ASSERT_THAT(entries, SizeIs(3));
  EXPECT_THAT(entries[0].damage, HasSubstr("damaged"));
  EXPECT_THAT(entries[0].items, IsEmpty());
  EXPECT_EQ(entries[1].damage, "");
}

TEST_F(FeedOfView, EveryStoreHasAnIdOfItsOwn) {
  parley::testing::TinyStore another;
  EXPECT_NE(store_.View()->Id().value(), another.View()->Id().value());
  const StoreId id = store_.View()->Id().value();
  store_.Close();
  store_.Reopen();
  EXPECT_EQ(store_.View()->Id().value(), id);
}

}  // namespace
}  // namespace parley::store
