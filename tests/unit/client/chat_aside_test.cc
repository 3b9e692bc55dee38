#include "client/cli/chat_aside.h"

#include <gtest/gtest.h>

namespace parley::client {
namespace {

v1::Receipt ReceiptOf(const std::string& user, uint64_t read, uint64_t delivered = 0) {
  v1::Receipt receipt;
  receipt.set_user(user);
  receipt.set_read(read);
  receipt.set_delivered(delivered);
  return receipt;
}

v1::Signal SignalOf(const std::string& sender, v1::Signal::Kind kind) {
  v1::Signal signal;
  signal.set_sender(sender);
  signal.set_client(sender + "-1");
  signal.set_kind(kind);
  return signal;
}

v1::Event EventOf(uint64_t seq) {
  v1::Event event;
  event.set_seq(seq);
  return event;
}

TEST(ChatAside, SaysWhoHasReadFurther) {
  ChatAside aside("alice");
  EXPECT_EQ(aside.OnReceipt(ReceiptOf("bob", 7)), "bob read up to #7");
  EXPECT_EQ(aside.OnReceipt(ReceiptOf("bob", 7, 9)), std::nullopt) << "only delivered";
  EXPECT_EQ(aside.OnReceipt(ReceiptOf("alice", 9)), std::nullopt) << "one's own";
  v1::Receipt counts;
  counts.set_counts_only(true);
  counts.set_seq(9);
  counts.set_read_by(12);
  counts.set_members(300);
  EXPECT_EQ(aside.OnReceipt(counts), "#9 was read by 12 of 300");
}

TEST(ChatAside, SaysOnceThatSomebodyIsTyping) {
  ChatAside aside("alice");
  EXPECT_EQ(aside.OnSignal(SignalOf("bob", v1::Signal::TYPING_START)), "bob is typing...");
  EXPECT_EQ(aside.OnSignal(SignalOf("bob", v1::Signal::TYPING_START)), std::nullopt);
  EXPECT_EQ(aside.OnSignal(SignalOf("bob", v1::Signal::TYPING_STOP)), std::nullopt);
  EXPECT_EQ(aside.OnSignal(SignalOf("bob", v1::Signal::TYPING_START)), "bob is typing...");
  EXPECT_EQ(aside.OnSignal(SignalOf("alice", v1::Signal::TYPING_START)), std::nullopt);
  EXPECT_EQ(aside.OnSignal(SignalOf("bob", v1::Signal::CALL)), "bob signals call, 0 bytes");
}

TEST(ChatAside, TellsTheServerTwiceASecondAtMost) {
  ChatAside aside("alice");
  EXPECT_FALSE(aside.CursorToSay(1'000, true)) << "nothing was shown";
  aside.OnShown(EventOf(0));
  EXPECT_FALSE(aside.CursorToSay(1'000, true)) << "nothing that is stored";
  aside.OnShown(EventOf(3));
  EXPECT_EQ(aside.CursorToSay(1'000, false)->read(), 3U);
  EXPECT_FALSE(aside.CursorToSay(9'000, false)) << "it is known";
  aside.OnShown(EventOf(4));
  aside.OnShown(EventOf(2));
  EXPECT_FALSE(aside.CursorToSay(1'499, false));
  EXPECT_EQ(aside.CursorToSay(1'500, false)->read(), 4U);
  aside.OnShown(EventOf(5));
  EXPECT_EQ(aside.CursorToSay(1'501, true)->read(), 5U) << "at the end";
  aside.OnReconnected();
  EXPECT_EQ(aside.CursorToSay(9'000, false)->read(), 5U) << "it may have been lost";
}

}  // namespace
}  // namespace parley::client
