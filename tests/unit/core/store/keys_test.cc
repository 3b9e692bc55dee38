// Formats are promises: the bytes of every key and row, both ways (docs/formats/store.md).
#include "core/store/keys.h"

#include <string>

#include <gtest/gtest.h>

namespace parley::store {
namespace {

using namespace std::string_literals;

std::string Hex(std::string_view bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (const char byte : bytes) {
    text.push_back(kDigits[static_cast<uint8_t>(byte) >> 4]);
    text.push_back(kDigits[byte & 15]);
  }
  return text;
}

constexpr Rid kRid{0x0102030405060708};
constexpr Uid kUid{0x1112131415161718};

TEST(Keys, GoldenBytes) {
  EXPECT_EQ(Hex(EventKey(kRid, Seq{0xfe})), "010203040506070800000000000000fe");
  EXPECT_EQ(Hex(FeedKey(LogIndex{0x100})), "0000000000000100");
  EXPECT_EQ(Hex(DedupKeyBytes({kUid, kRid, "m1"})), "111213141516171801020304050607086d31");
  EXPECT_EQ(UserKey("bob"), "ubob");
  EXPECT_EQ(RoomKey("dm:a:b"), "rdm:a:b");
  EXPECT_EQ(Hex(MemberKey(kRid, kUid)), "6d01020304050607081112131415161718");
  EXPECT_EQ(Hex(MembershipKey(kUid, kRid)), "4d11121314151617180102030405060708");
  EXPECT_EQ(Hex(MembershipPrefix(kUid)), "4d1112131415161718");
  EXPECT_EQ(Hex(SentKey(kRid, kUid)), "7301020304050607081112131415161718");
  EXPECT_EQ(ClientKey("phone-1"), "cphone-1");
}

TEST(Keys, NamesOfFamiliesAndMetaRows) {
  EXPECT_EQ(kFormatVersion, 1u);
  EXPECT_STREQ(kEventsFamily, "events");
  EXPECT_STREQ(kFeedFamily, "feed");
  EXPECT_STREQ(kDedupFamily, "dedup");
  EXPECT_STREQ(kStateFamily, "state");
  EXPECT_STREQ(kMetaFamily, "meta");
  EXPECT_EQ(kMetaFormat, "format");
  EXPECT_EQ(kMetaApplied, "applied");
  EXPECT_EQ(kMetaLogTime, "log_time");
  EXPECT_EQ(kMetaWallTime, "wall_time");
  EXPECT_EQ(kMetaStoreId, "store_id");
}

TEST(Keys, OrderOfBytesIsOrderOfNumbers) {
  EXPECT_LT(EventKey(Rid{1}, Seq{255}), EventKey(Rid{1}, Seq{256}));
  EXPECT_LT(EventKey(Rid{1}, Seq{UINT64_MAX}), EventKey(Rid{2}, Seq{0}));
  EXPECT_LT(FeedKey(LogIndex{INT64_MAX}), FeedKey(LogIndex{UINT64_MAX}));
}

TEST(Keys, IdsComeBack) {
  const auto member = ParseIdPair(MemberKey(kRid, kUid));
  ASSERT_TRUE(member);
  EXPECT_EQ(member->first, kRid.value);
  EXPECT_EQ(member->second, kUid.value);
  const auto event = ParseEventKey(EventKey(kRid, Seq{9}));
  ASSERT_TRUE(event);
  EXPECT_EQ(event->first, kRid.value);
  EXPECT_EQ(event->second, 9u);
  for (const size_t size : {0, 8, 15, 17, 18}) EXPECT_FALSE(ParseEventKey(std::string(size, 'x'))) << size;
  for (const size_t size : {0, 1, 16, 18}) EXPECT_FALSE(ParseIdPair(std::string(size, 'x'))) << size;
}

TEST(Keys, Numbers) {
  EXPECT_EQ(Hex(BigEndian64(UINT64_MAX - 1)), "fffffffffffffffe");
  EXPECT_EQ(ParseBigEndian64(BigEndian64(0x8000000000000001)), 0x8000000000000001);
  for (const size_t size : {0, 7, 9}) EXPECT_FALSE(ParseBigEndian64(std::string(size, '\0'))) << size;
}

TEST(Rows, Event) {
  const std::string bytes = EncodeEventRow({.ordinal = 3, .own_ordinal = 2, .event = "EVENT"});
  EXPECT_EQ(Hex(bytes),
            "0100"
            "0000000000000003"
            "0000000000000002"
            "4556454e54");
  const auto row = ParseEventRow(bytes);
  ASSERT_TRUE(row);
  EXPECT_EQ(row->ordinal, 3u);
  EXPECT_EQ(row->own_ordinal, 2u);
  EXPECT_EQ(row->event, "EVENT");

  EXPECT_FALSE(ParseEventRow(""));
  EXPECT_FALSE(ParseEventRow(bytes.substr(0, 17)));
  EXPECT_TRUE(ParseEventRow(bytes.substr(0, 18)));
  EXPECT_FALSE(ParseEventRow("\2"s + bytes.substr(1)));
}

TEST(Rows, Dedup) {
  const domain::DedupEntry entry{
      .seq = {7}, .index = {8}, .ts_ms = 9, .log_time_ms = 10, .body_hash = "0123456789abcdef"};
  const std::string bytes = EncodeDedupRow(entry);
  EXPECT_EQ(Hex(bytes),
            "01"
            "0000000000000007"
            "0000000000000008"
            "0000000000000009"
            "000000000000000a"
            "30313233343536373839616263646566");
  const auto row = ParseDedupRow(bytes);
  ASSERT_TRUE(row);
  EXPECT_EQ(row->seq.value, 7u);
  EXPECT_EQ(row->index.value, 8u);
  EXPECT_EQ(row->ts_ms, 9u);
  EXPECT_EQ(row->log_time_ms, 10u);
  EXPECT_EQ(row->body_hash, "0123456789abcdef");

  EXPECT_FALSE(ParseDedupRow(""));
  EXPECT_FALSE(ParseDedupRow(bytes.substr(0, bytes.size() - 1)));
  EXPECT_FALSE(ParseDedupRow(bytes + "x"));
  EXPECT_FALSE(ParseDedupRow("\2"s + bytes.substr(1)));
}

TEST(Rows, Feed) {
  const std::vector<FeedItem> made = {
      {FeedItem::Kind::kEvent, 1, 2}, {FeedItem::Kind::kInbox, 3, 4}, {FeedItem::Kind::kCursor, 5, 6}};
  const std::string bytes = EncodeFeedRow(made);
  EXPECT_EQ(Hex(bytes),
            "01"
            "01"
            "0000000000000001"
            "0000000000000002"
            "02"
            "0000000000000003"
            "0000000000000004"
            "03"
            "0000000000000005"
            "0000000000000006");
  EXPECT_EQ(ParseFeedRow(bytes), made);

  EXPECT_FALSE(ParseFeedRow(""));
  EXPECT_FALSE(ParseFeedRow(bytes.substr(0, bytes.size() - 1)));
  EXPECT_FALSE(ParseFeedRow("\2"s + bytes.substr(1)));
  std::string unknown_kind = bytes;
  unknown_kind[1] = 9;
  EXPECT_FALSE(ParseFeedRow(unknown_kind));
}

}  // namespace
}  // namespace parley::store
