#include "broker-plugin/rewind/rewind.h"

#include <gmock/gmock.h>

#include "tests/support/commands.h"
#include "tests/support/store_node.h"
#include "tests/support/temp_folder.h"
#include "tests/unit/plugin/fake_broker.h"

namespace parley::plugin {
namespace {

using ::testing::ElementsAre;
using ::testing::SizeIs;

constexpr auto kMember = v1::Member::MEMBER;

class RewindReaderTest : public ::testing::Test {
 protected:
  RewindReaderTest() {
    node_.Apply(parley::testing::CreateUser("bob"));
    room_ = node_.Apply(parley::testing::CreateRoom("lobby", {{"bob", kMember}})).index;
  }
  void Say(int count, const std::string& text = "hi") {
    for (int i = 0; i < count; ++i) node_.Apply(parley::testing::Send("bob", "lobby", "", text));
    EXPECT_EQ(node_.Write(), store::Commit::kDone);
  }
  std::vector<uint64_t> Seqs(size_t count, uint64_t first = 1, LogIndex up_to = {UINT64_MAX},
                             Encoding encoding = Encoding::kPb) {
    const auto view = node_.writer().SharedView();
    const auto events = ReadRewind(
        *view,
        {.rid = {room_.value}, .first = {first}, .up_to = up_to, .count = count, .encoding = encoding});
    EXPECT_TRUE(events);
    std::vector<uint64_t> seqs;
    for (const RewindEvent& event : *events) seqs.push_back(event.seq.value);
    return seqs;
  }

  const parley::testing::TempFolder folder_;
  parley::testing::StoreNode node_{folder_ / "store"};
  LogIndex room_;
};

TEST_F(RewindReaderTest, TheNewestOldestFirst) {
  Say(50);
  EXPECT_THAT(Seqs(3), ElementsAre(49, 50, 51));
  EXPECT_THAT(Seqs(1000), SizeIs(51));
  EXPECT_THAT(Seqs(3, 51), ElementsAre(51));
  EXPECT_THAT(Seqs(3, 52), ElementsAre());
}

// What the view does not know yet may be after a removal that it does not know either.
TEST_F(RewindReaderTest, NothingThatTheViewDoesNotKnow) {
  Say(100);
  EXPECT_THAT(Seqs(2, 1, LogIndex{room_.value + 40}), ElementsAre(40, 41));
}

TEST_F(RewindReaderTest, AtMostAMegabyteInItsEncoding) {
  Say(30, std::string(60'000, '"'));
  EXPECT_THAT(Seqs(1000), SizeIs(17));
  EXPECT_THAT(Seqs(1000, 1, {UINT64_MAX}, Encoding::kJson), SizeIs(8)) << "each quote is two bytes";
}

TEST(Rewind, WhatIsARewindAndWhatIsNot) {
  for (const char* filter :
       {"chat/v1/rooms/lobby/rewind/5/json", "$share/g/chat/v1/rooms/lobby/rewind/5/json",
        "chat/v1/rooms/lobby/rewind", "chat/v1/rooms/+/rewind/#", "chat/v1/rooms/lobby/rewind/+/pb"}) {
    EXPECT_TRUE(Rewind::IsRewind(filter)) << filter;
  }
  for (const char* filter :
       {"chat/v1/rooms/lobby/events/json", "chat/v1/#", "#", "chat/v1/users/rooms/rewind",
        "rooms/lobby/rewind/5/json", "chat/v1/rooms/rewind/events/json"}) {
    EXPECT_FALSE(Rewind::IsRewind(filter)) << filter;
  }
}

}  // namespace
}  // namespace parley::plugin
