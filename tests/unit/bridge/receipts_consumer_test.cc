#include "bridge/receipts/receipts_consumer.h"

#include <gmock/gmock.h>

#include "bridge/service/limits.h"
#include "parley/v1/message.pb.h"
#include "schemas/json.h"
#include "schemas/limits.h"
#include "tests/unit/bridge/feed_world.h"

namespace parley::bridge {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

class ReceiptsConsumerTest : public ::testing::Test {
 protected:
  ReceiptsConsumerTest() {
    world_.tiny.CreateUser("alice");
    world_.tiny.CreateUser("bob");
    world_.tiny.CreateRoom("lobby", {{"alice", v1::Member::OWNER}, {"bob", v1::Member::MEMBER}});
    for (int i = 0; i < 9; ++i) world_.tiny.Say("lobby", "alice");
    world_.Start(receipts_);
    Settle();
  }

  void Move(const std::string& room, const std::string& user, uint64_t read, uint64_t delivered) {
    domain::Command command;
    command.mutable_origin()->set_user(user);
    command.mutable_origin()->set_client(user + "-1");
    command.mutable_move_cursor()->set_room(room);
    command.mutable_move_cursor()->set_read(read);
    command.mutable_move_cursor()->set_delivered(delivered);
    world_.tiny.Apply(std::move(command));
  }
  void Settle() {
    world_.HearAll();
    world_.Settle();
  }
  // What went out since the last call, of the JSON topic; the other one says the same.
  std::vector<v1::Receipt> Told() {
    std::vector<v1::Receipt> told;
    const std::vector<std::string> payloads = std::exchange(world_.published, {});
    for (size_t i = 0; i + 1 < payloads.size(); i += 2) {
      v1::Receipt in_pb;
      v1::Receipt in_json;
      EXPECT_TRUE(in_pb.ParseFromString(payloads[i]));
      EXPECT_TRUE(FromJson(payloads[i + 1], in_json)) << payloads[i + 1];
      EXPECT_EQ(in_pb.SerializeAsString(), in_json.SerializeAsString());
      told.push_back(in_pb);
    }
    return told;
  }

  parley::testing::FeedWorld world_;
  ReceiptsConsumer receipts_;
};

TEST_F(ReceiptsConsumerTest, ACursorThatMovesIsAReceipt) {
  EXPECT_THAT(Told(), IsEmpty());
  Move("lobby", "bob", 4, 6);
  Settle();
  const std::vector<v1::Receipt> told = Told();
  ASSERT_THAT(told, SizeIs(1));
  EXPECT_EQ(told[0].room(), "lobby");
  EXPECT_EQ(told[0].user(), "bob");
  EXPECT_EQ(told[0].read(), 4U);
  EXPECT_EQ(told[0].delivered(), 6U);
  EXPECT_EQ(told[0].ts_ms(), world_.tiny.now_ms);
  EXPECT_FALSE(told[0].counts_only());
}

TEST_F(ReceiptsConsumerTest, OfARunTheNewestOfEachMemberIsTold) {
  for (uint64_t seq = 1; seq <= 5; ++seq) {
    Move("lobby", "bob", seq, seq);
    Move("lobby", "alice", seq + 1, seq + 1);
  }
  Settle();
  const std::vector<v1::Receipt> told = Told();
  ASSERT_THAT(told, SizeIs(2));
  EXPECT_EQ(told[0].user() + told[1].user(), "bobalice");
  EXPECT_EQ(told[0].read(), 5U);
  EXPECT_EQ(told[1].read(), 6U);
}

TEST_F(ReceiptsConsumerTest, OfThoseWhoHaveLeftNothingIsTold) {
  Move("lobby", "bob", 4, 6);
  world_.tiny.Remove("lobby", "bob");
  Settle();
  EXPECT_THAT(Told(), IsEmpty());
  Move("lobby", "alice", 2, 2);
  world_.tiny.DeleteRoom("lobby");
  Settle();
  EXPECT_THAT(Told(), IsEmpty());
  EXPECT_EQ(world_.runner->letters().size(), 0U);
}

TEST_F(ReceiptsConsumerTest, ABigRoomIsToldCountsOnceASecond) {
  world_.tiny.BeginBatch();
  parley::testing::TinyStore::Members members = {{"alice", v1::Member::OWNER}};
  for (uint32_t i = 0; i < parley::limits::kReceiptMembersMax; ++i) {
    const std::string name = "u" + std::to_string(i);
    world_.tiny.CreateUser(name);
    members.emplace_back(name, v1::Member::MEMBER);
  }
  world_.tiny.CreateRoom("hall", members);
  world_.tiny.Say("hall", "alice");  // seq 2
  world_.tiny.EndBatch();
  Settle();
  Move("hall", "u1", 2, 2);
  world_.HearAll();
  for (int step = 0; step < 20 && world_.published.empty(); ++step) {
    world_.now.steady_ms = std::max(world_.runner->Step(), world_.now.steady_ms);
  }
  std::vector<v1::Receipt> told = Told();
  ASSERT_THAT(told, SizeIs(1));
  EXPECT_TRUE(told[0].counts_only());
  EXPECT_EQ(told[0].user(), "");
  EXPECT_EQ(told[0].seq(), 2U);
  EXPECT_EQ(told[0].members(), parley::limits::kReceiptMembersMax + 1);
  const uint32_t read_by = told[0].read_by();
  const int64_t told_ms = world_.now.steady_ms;
  for (int i = 2; i < 6; ++i) {
    Move("hall", "u" + std::to_string(i), 0, 2);
    world_.HearAll();
    for (int step = 0; step < 5; ++step) {
      world_.now.steady_ms = std::min(std::max(world_.runner->Step(), world_.now.steady_ms), told_ms + 500);
    }
  }
  EXPECT_THAT(world_.published, IsEmpty());
  world_.now.steady_ms = told_ms + limits::kReceiptCountsMs * 2;
  world_.Settle();
  told = Told();
  ASSERT_THAT(told, SizeIs(1));
  EXPECT_EQ(told[0].read_by(), read_by);
  EXPECT_GE(told[0].delivered_to(), read_by + 4);
}

}  // namespace
}  // namespace parley::bridge
