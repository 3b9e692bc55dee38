// The keys of push's rows: their bytes are a promise (docs/formats/bridge.md), and whatever stands there is
// read without harm.

#include "bridge/push/push_rows.h"

#include <random>
#include <string>

#include <gtest/gtest.h>

namespace parley::bridge {
namespace {

std::string Hex(std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string hex;
  for (const char byte : bytes) {
    hex += kDigits[static_cast<uint8_t>(byte) >> 4];
    hex += kDigits[static_cast<uint8_t>(byte) & 15];
  }
  return hex;
}

PushItem Item() {
  PushItem item;
  item.set_provider(v1::Push::APNS);
  item.set_priority(kPushOrdinary);
  item.set_uid(0x0102);
  item.set_device_number(0x0304);
  item.set_rid(0x0506);
  item.set_seq(0x0708);
  item.set_feed(0x090a);
  item.set_not_before_ms(0x0b0c);
  return item;
}

TEST(PushRows, KeysAreThoseOfThePage) {
  EXPECT_EQ(Hex(QueuedKey(Item())), "710301000000000000090a0000000000000506000000000000010200000304");
  EXPECT_EQ(Hex(DeferredKey(Item())),
            "77030000000000000b0c01000000000000090a0000000000000506000000000000010200000304");
  EXPECT_EQ(Hex(SendingKey(Item())), "730301000000000000090a0000000000000506000000000000010200000304");
  EXPECT_EQ(Hex(StartedKey(Item())), "620301000000000000090a0000000000000506000000000000010200000304");
  EXPECT_EQ(Hex(LedgerKey(Rid{1}, Seq{2})), "6c00000000000000010000000000000002");
  EXPECT_EQ(Hex(LedgerKey(Rid{1}, Seq{2}, {Uid{3}, 4})),
            "6c00000000000000010000000000000002000000000000000300000004");
  EXPECT_EQ(Hex(LedgerTimeKey(1, Rid{2}, Seq{3})), "74000000000000000100000000000000020000000000000003");
  EXPECT_EQ(Hex(ShownKey(Uid{1}, Rid{2}, Seq{3}, 4)),
            "6100000000000000010000000000000002000000000000000300000004");
  EXPECT_EQ(Hex(EncodeShown({1, v1::Push::FCM})), "000000000000000102");
  EXPECT_EQ(Hex(DeletedKey(Rid{1}, Seq{2})), "7800000000000000010000000000000002");
  EXPECT_EQ(Hex(DeviceStatusKey({Uid{1}, 2})), "64000000000000000100000002");
  EXPECT_EQ(Hex(TimelineKey(LogIndex{1})), "690000000000000001");
  EXPECT_EQ(Hex(EncodeCommitTimes({LogIndex{1}, 2, 3})), "00000000000000020000000000000003");
}

TEST(PushRows, WhatIsWrittenIsRead) {
  EXPECT_EQ(NotBeforeOf(DeferredKey(Item())), 0x0b0c);
  EXPECT_EQ(DeviceOfLedgerKey(LedgerKey(Rid{1}, Seq{2}, {Uid{3}, 4})), (PushDeviceId{Uid{3}, 4}));
  EXPECT_EQ(DeviceOfLedgerKey(LedgerKey(Rid{1}, Seq{2})), std::nullopt);
  const std::optional<LedgerTime> time = ParseLedgerTimeKey(LedgerTimeKey(1, Rid{2}, Seq{3}));
  ASSERT_TRUE(time);
  EXPECT_EQ(time->wall_ms, 1);
  EXPECT_EQ(time->rid, Rid{2});
  EXPECT_EQ(time->seq, Seq{3});
  const std::optional<Shown> shown = ParseShownKey(ShownKey(Uid{1}, Rid{2}, Seq{3}, 4));
  ASSERT_TRUE(shown);
  EXPECT_EQ(shown->seq, Seq{3});
  EXPECT_EQ(shown->number, 4u);
  const std::optional<ShownValue> value = ParseShown(EncodeShown({1, v1::Push::FCM}));
  ASSERT_TRUE(value);
  EXPECT_EQ(value->accepted_ms, 1);
  EXPECT_EQ(value->provider, v1::Push::FCM);
  const std::optional<CommitTimes> times =
      ParseCommitTimes(TimelineKey(LogIndex{1}), EncodeCommitTimes({LogIndex{1}, 2, 3}));
  ASSERT_TRUE(times);
  EXPECT_EQ(times->committed, LogIndex{1});
  EXPECT_EQ(times->committed_ms, 2u);
  EXPECT_EQ(times->delivered_ms, 3u);
}

void ReadAll(const std::string& key, const std::string& value) {
  (void)NotBeforeOf(key);
  (void)DeviceOfLedgerKey(key);
  (void)ParseLedgerTimeKey(key);
  (void)ParseShownKey(key);
  (void)ParseShown(value);
  (void)ParseCommitTimes(key, value);
}

// A damaged row is a row that is not understood; nothing is read beyond its end (asan says so).
TEST(PushRows, AnyBytesAreReadWithoutHarm) {
  const std::string good[] = {DeferredKey(Item()),
                              LedgerKey(Rid{1}, Seq{2}, {Uid{3}, 4}),
                              LedgerTimeKey(1, Rid{2}, Seq{3}),
                              ShownKey(Uid{1}, Rid{2}, Seq{3}, 4),
                              EncodeShown({1, v1::Push::FCM}),
                              TimelineKey(LogIndex{1}),
                              EncodeCommitTimes({LogIndex{1}, 2, 3})};
  for (const std::string& row : good) {
    for (size_t length = 0; length <= row.size(); ++length)
      ReadAll(row.substr(0, length), row.substr(length));
    ReadAll(row + std::string(40, '\xff'), row + '\xff');
  }
  std::mt19937 random(1);  // the same bytes in every run
  for (int i = 0; i < 20'000; ++i) {
    std::string key(random() % 48, '\0');
    for (char& byte : key) byte = static_cast<char>(random());
    ReadAll(key, key);
  }
  EXPECT_EQ(ParseShown(""), std::nullopt);
  EXPECT_EQ(ParseLedgerTimeKey(""), std::nullopt);
  EXPECT_EQ(ParseCommitTimes("", ""), std::nullopt);
}

}  // namespace
}  // namespace parley::bridge
