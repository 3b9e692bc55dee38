#include "bridge/service/parked_replies.h"

#include <gtest/gtest.h>

#include "bridge/service/limits.h"

namespace parley::bridge {
namespace {

OutgoingReply Reply(const std::string& name, uint64_t seen) {
  return {.number = 7, .payload = name, .refusal = "no " + name, .seen = {seen}};
}

std::vector<std::string> Payloads(const std::vector<Outgoing>& replies) {
  std::vector<std::string> payloads;
  for (const Outgoing& reply : replies) payloads.push_back(reply.payload);
  return payloads;
}

using Names = std::vector<std::string>;

TEST(ParkedReplies, AReplyFromNoViewLeavesAtOnce) {
  ParkedReplies parked;
  EXPECT_EQ(Payloads(parked.Admit(Reply("a", 0), 0)), Names{"a"});
}

TEST(ParkedReplies, AReplyFromWhatIsCommittedLeavesAtOnce) {
  ParkedReplies parked;
  EXPECT_TRUE(parked.Heard({7}).empty());
  EXPECT_EQ(Payloads(parked.Admit(Reply("a", 7), 0)), Names{"a"});
}

TEST(ParkedReplies, NothingReadAheadOfTheDiskLeavesBeforeItsCommit) {
  ParkedReplies parked;
  parked.Heard({7});
  EXPECT_TRUE(parked.Admit(Reply("a", 8), 0).empty());
  EXPECT_TRUE(parked.Admit(Reply("b", 10), 0).empty());
  EXPECT_TRUE(parked.Admit(Reply("c", 9), 0).empty());
  EXPECT_TRUE(parked.Heard({7}).empty());
  EXPECT_TRUE(parked.Heard({3}).empty());
  EXPECT_EQ(Payloads(parked.Heard({9})), (Names{"a", "c"}));
  EXPECT_EQ(parked.size(), 1u);
  EXPECT_EQ(Payloads(parked.Heard({11})), Names{"b"});
  EXPECT_EQ(parked.committed().value, 11u);
}

TEST(ParkedReplies, WhatIsHeardNeverGoesBack) {
  ParkedReplies parked;
  parked.Heard({9});
  parked.Heard({3});
  EXPECT_EQ(Payloads(parked.Admit(Reply("a", 9), 0)), Names{"a"});
}

TEST(ParkedReplies, AReplyThatWaitedTooLongIsRefused) {
  ParkedReplies parked;
  parked.Admit(Reply("a", 1), 1'000);
  parked.Admit(Reply("b", 1), 2'000);
  EXPECT_TRUE(parked.Expire(1'000 + limits::kReplyParkedMs - 1).empty());
  EXPECT_EQ(Payloads(parked.Expire(1'000 + limits::kReplyParkedMs)), Names{"no a"});
  EXPECT_EQ(Payloads(parked.Heard({1})), Names{"b"});
  EXPECT_EQ(parked.size(), 0u);
}

TEST(ParkedReplies, AFullListRefuses) {
  ParkedReplies parked;
  for (size_t i = 0; i < limits::kRepliesParkedMax; ++i) ASSERT_TRUE(parked.Admit(Reply("a", 1), 0).empty());
  EXPECT_EQ(Payloads(parked.Admit(Reply("b", 1), 0)), Names{"no b"});
  EXPECT_EQ(parked.Heard({1}).size(), limits::kRepliesParkedMax);
  EXPECT_TRUE(parked.Admit(Reply("c", 2), 0).empty());
}

TEST(ParkedReplies, SoDoesOneThatIsFullOfBytes) {
  ParkedReplies parked;
  const std::string large(1024 * 1024, 'x');
  for (size_t i = 0; i < limits::kReplyBytesParkedMax / large.size(); ++i) {
    ASSERT_TRUE(parked.Admit(Reply(large, 1), 0).empty());
  }
  EXPECT_EQ(Payloads(parked.Admit(Reply("b", 1), 0)), Names{"no b"});
  parked.Expire(limits::kReplyParkedMs);
  EXPECT_TRUE(parked.Admit(Reply(large, 1), 0).empty());
}

}  // namespace
}  // namespace parley::bridge
