#include "bridge/push/second_look.h"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "bridge/push/limits.h"
#include "tests/unit/bridge/push_world.h"

namespace parley::bridge {
namespace {

using At = Whereabouts::At;
using Kind = PushVerdict::Kind;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

// Bob is connected, as far as anybody knows, and has a phone and a tablet.
class SecondLookTest : public ::testing::Test {
 protected:
  SecondLookTest() {
    world_.now.wall_ms = static_cast<int64_t>(world_.tiny.now_ms);
    for (const char* user : {"alice", "bob", "carol"}) world_.tiny.CreateUser(user);
    world_.tiny.CreateRoom("lobby", {{"alice", v1::Member::OWNER}, {"bob", v1::Member::MEMBER}});
    world_.Register("bob", "phone");
    Come("bob");
    world_.Follow();
  }
  void Come(const std::string& user) { world_.connectedness.users[user] = {.at = At::kConnected}; }
  // Their last session turns out to be dead; nothing has come from it for so long.
  void Lose(const std::string& user, int64_t quiet_ms) {
    world_.connectedness.users.erase(user);
    world_.connectedness.lost.push_back({++losses_, user, world_.now.wall_ms - quiet_ms});
  }
  void Pass(int64_t ms) {
    world_.Pass(ms);
    world_.tiny.now_ms = static_cast<uint64_t>(world_.now.wall_ms);
  }
  // A message of now, which the feed has seen.
  uint64_t Say() {
    world_.tiny.now_ms = static_cast<uint64_t>(world_.now.wall_ms);
    world_.tiny.Say("lobby", "alice");
    world_.Follow();
    const auto view = world_.tiny.View();
    return view->Head(Rid{view->Room("lobby").value()->rid()}).value().value;
  }
  std::string Fate(uint64_t seq, const std::string& device = "phone") {
    return world_.Fate("lobby", seq, device);
  }

  parley::testing::PushWorld world_;
  uint64_t losses_ = 0;
};

TEST_F(SecondLookTest, WhatCameSinceTheLastSignOfLifeIsTold) {
  const uint64_t before = Say();
  Pass(10'000);
  const uint64_t after = Say();
  Pass(20'000);
  EXPECT_EQ(Fate(after), "SUPPRESSED/ONLINE");
  Lose("bob", 25'000);
  world_.Follow();
  EXPECT_THAT(world_.Devices(), ElementsAre("phone"));
  EXPECT_EQ(Fate(before), "SUPPRESSED/ONLINE");
  EXPECT_EQ(Fate(after), "SENDING/NO_REASON");
  world_.Answer(Kind::kAccepted);
  EXPECT_EQ(Fate(after), "ACCEPTED/NO_REASON");
}

TEST_F(SecondLookTest, OnceForEachDeviceWhateverIsLostOrRestarted) {
  world_.Register("bob", "tablet");
  world_.Follow();
  const uint64_t seq = Say();
  Pass(1'000);
  Lose("bob", 5'000);
  Lose("bob", 5'000);
  world_.Follow();
  EXPECT_THAT(world_.Devices(), UnorderedElementsAre("phone", "tablet"));
  world_.Answer(Kind::kAccepted);
  world_.StartPush();  // hears of the same losses again
  world_.Follow();
  Lose("bob", 5'000);
  Pass(limits::kPushSecondLookMs);
  world_.Follow();
  EXPECT_THAT(world_.Devices(), IsEmpty());
  EXPECT_EQ(Fate(seq), "ACCEPTED/NO_REASON");
  EXPECT_EQ(Fate(seq, "tablet"), "ACCEPTED/NO_REASON");
}

TEST_F(SecondLookTest, ALossAfterARestartFindsWhatWasNotToldBefore) {
  const uint64_t seq = Say();
  world_.StartPush();
  world_.Follow();
  Lose("bob", 5'000);
  world_.Follow();
  EXPECT_THAT(world_.Devices(), ElementsAre("phone"));
  EXPECT_EQ(Fate(seq), "SENDING/NO_REASON");
}

TEST_F(SecondLookTest, WhatTheyHaveReceivedOrReadIsNotTold) {
  const uint64_t first = Say();
  const uint64_t second = Say();
  domain::Command received;
  received.mutable_origin()->set_user("bob");
  received.mutable_move_cursor()->set_room("lobby");
  received.mutable_move_cursor()->set_delivered(second);
  received.mutable_move_cursor()->set_read(first);
  world_.tiny.Apply(std::move(received));
  world_.Follow();
  Lose("bob", 5'000);
  world_.Follow();
  EXPECT_THAT(world_.Devices(), IsEmpty());
  EXPECT_EQ(Fate(first), "SUPPRESSED/READ");
  EXPECT_EQ(Fate(second), "SUPPRESSED/ONLINE");
}

TEST_F(SecondLookTest, WhoIsBackIsNotTold) {
  const uint64_t seq = Say();
  Lose("bob", 5'000);
  Come("bob");
  world_.Follow();
  EXPECT_THAT(world_.Devices(), IsEmpty());
  EXPECT_EQ(Fate(seq), "SUPPRESSED/ONLINE");
}

TEST_F(SecondLookTest, WhatHasRunOutIsNotTold) {
  domain::Command command;
  command.mutable_origin()->set_user("alice");
  command.mutable_origin()->set_client("alice-1");
  command.mutable_send()->set_room("lobby");
  command.mutable_send()->mutable_draft()->mutable_text()->set_text("for a minute");
  command.mutable_send()->mutable_draft()->set_expires_in_s(60);
  world_.tiny.Apply(std::move(command));
  world_.Follow();
  const uint64_t seq = Say() - 1;
  ASSERT_EQ(Fate(seq), "SUPPRESSED/ONLINE");
  Pass(61'000);
  Lose("bob", 70'000);
  world_.Follow();
  EXPECT_EQ(Fate(seq), "SUPPRESSED/EXPIRED");
  EXPECT_THAT(world_.Devices(), ElementsAre("phone")) << "of the message after it";
}

TEST_F(SecondLookTest, TheSenderAsksOnceMoreWhetherTheyHaveIt) {
  world_.sender_counters.blocked = false;
  const uint64_t seq = Say();
  world_.connectedness.users["bob"] = {.at = At::kLeaving, .leaving_ms = 3'000};
  world_.connectedness.lost.push_back({++losses_, "bob", world_.now.wall_ms - 5'000});
  world_.Follow();
  EXPECT_EQ(Fate(seq), "WAITING/NO_REASON");
  domain::Command received;
  received.mutable_origin()->set_user("bob");
  received.mutable_move_cursor()->set_room("lobby");
  received.mutable_move_cursor()->set_delivered(seq);
  world_.tiny.Apply(std::move(received));
  world_.connectedness.users.erase("bob");
  world_.Follow();
  Pass(4'000);
  EXPECT_THAT(world_.Devices(), IsEmpty());
  EXPECT_EQ(Fate(seq), "SUPPRESSED/ONLINE");
}

TEST_F(SecondLookTest, WhatWasNotToldForAnotherReasonStaysSo) {
  world_.tiny.CreateRoom("den", {{"alice", v1::Member::OWNER}, {"carol", v1::Member::MEMBER}});
  world_.Register("carol", "watch", [](PushDeviceRecord& device) { device.set_level(v1::Push::NONE); });
  Come("carol");
  world_.Follow();
  world_.tiny.Say("den", "alice");
  world_.Follow();
  const auto view = world_.tiny.View();
  const uint64_t seq = view->Head(Rid{view->Room("den").value()->rid()}).value().value;
  Lose("carol", 5'000);
  world_.Follow();
  EXPECT_THAT(world_.Devices(), IsEmpty());
  EXPECT_EQ(world_.Fate("den", seq, "watch"), "SUPPRESSED/LEVEL");
}

TEST_F(SecondLookTest, ItWaitsUntilItIsKnownWhoIsConnected) {
  const uint64_t seq = Say();
  Lose("bob", 5'000);
  world_.connectedness.users["bob"] = {.at = At::kUnknown};
  for (int i = 0; i < 20; ++i) {
    world_.runner->Step();
    world_.now.steady_ms += 200;
  }
  EXPECT_EQ(Fate(seq), "SUPPRESSED/ONLINE");
  world_.connectedness.users.clear();
  world_.now.steady_ms += 6'000;  // the feed's longest pause
  world_.Follow();
  EXPECT_THAT(world_.Devices(), ElementsAre("phone"));
}

TEST_F(SecondLookTest, TheNewestOfTooManyAreTold) {
  std::vector<uint64_t> seqs;
  for (size_t i = 0; i < limits::kPushDoubtedMax + 3; ++i) {
    seqs.push_back(Say());
    world_.now.wall_ms += 1;  // rows of one time stand in order of room and seq all the same
  }
  Lose("bob", 5'000);
  world_.HearAll();
  world_.Settle();
  const auto waits = [this](uint64_t seq) { return Fate(seq) == "WAITING/NO_REASON"; };
  EXPECT_EQ(std::count_if(seqs.begin(), seqs.end(), waits), static_cast<int64_t>(limits::kPushDoubtedMax));
  EXPECT_EQ(Fate(seqs[2]), "SUPPRESSED/ONLINE");
  EXPECT_TRUE(waits(seqs[3]));
}

TEST_F(SecondLookTest, WhenNobodyHasRegisteredNoLossIsLookedAt) {
  world_.Unregister("bob", "phone");
  world_.Follow();
  Lose("bob", 5'000);
  EXPECT_EQ(world_.consumer->due_ms(), std::nullopt);
  world_.Follow();
  world_.Register("bob", "phone");
  world_.Follow();
  EXPECT_EQ(world_.consumer->due_ms(), std::nullopt) << "it was before";
}

}  // namespace
}  // namespace parley::bridge
