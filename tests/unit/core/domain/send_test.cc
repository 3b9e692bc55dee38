// What a send does and when it is refused.
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/commands.h"
#include "tests/support/machine.h"

namespace parley::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr Role kMember = v1::Member::MEMBER;

v1::Event EventOf(const domain::Applied& applied) {
  v1::Event event;
  EXPECT_THAT(applied.events, SizeIs(1));
  if (!applied.events.empty()) {
    EXPECT_TRUE(event.ParseFromString(applied.events.front().bytes));
  }
  return event;
}

// A refused send: an ack with the code, and no trace of anything.
void ExpectRefused(const domain::Applied& applied, Code code, const std::string& reason) {
  ASSERT_TRUE(applied.ack);
  EXPECT_EQ(applied.ack->code(), code) << applied.ack->reason();
  EXPECT_EQ(applied.ack->reason(), reason);
  EXPECT_EQ(applied.ack->seq(), 0u);
  EXPECT_FALSE(applied.ack->duplicate());
  EXPECT_EQ(applied.ack->durability(), v1::Ack::NONE);
  EXPECT_THAT(applied.events, IsEmpty());
  EXPECT_THAT(applied.changes, IsEmpty());
  EXPECT_FALSE(applied.dedup);
}

class SendTest : public ::testing::Test {
 protected:
  SendTest() {
    for (const char* user : {"alice", "bob", "carol", "dave"}) machine_.Do(CreateUser(user));
    machine_.Do(CreateRoom("lobby", {{"alice", v1::Member::OWNER}, {"bob", kMember}}));  // event 1
  }
  domain::Applied Do(const Command& command) { return machine_.Do(command); }

  Machine machine_;
};

TEST_F(SendTest, EventAndAckCarryWhatTheLogKnows) {
  Command send = Send("bob", "lobby", "m1", "hi", 5000);
  send.mutable_send()->mutable_draft()->set_reply_to(1);
  send.mutable_send()->mutable_draft()->add_mentions("alice");
  const domain::Applied applied = Do(send);

  const v1::Event event = EventOf(applied);
  EXPECT_EQ(event.room(), "lobby");
  EXPECT_EQ(event.seq(), 2u);
  EXPECT_EQ(event.feed(), machine_.last());
  EXPECT_EQ(event.ts_ms(), 5000u);
  EXPECT_EQ(event.sender(), "bob");
  EXPECT_EQ(event.client(), "bob-phone");
  EXPECT_EQ(event.id(), "m1");
  EXPECT_EQ(event.text().text(), "hi");
  EXPECT_EQ(event.reply_to(), 1u);
  EXPECT_EQ(event.mentions(0), "alice");
  ASSERT_TRUE(applied.ack);
  EXPECT_EQ(applied.ack->ShortDebugString(),
            "id: \"m1\" room: \"lobby\" seq: 2 feed: " + std::to_string(machine_.last()) +
                " ts_ms: 5000 durability: FSYNCED");
}

TEST_F(SendTest, SeqsAreOneTwoThreePerRoom) {
  Do(CreateRoom("other", {{"bob", kMember}}));
  for (uint64_t seq = 2; seq < 6; ++seq) {
    EXPECT_EQ(Do(Send("bob", "lobby", "")).ack->seq(), seq);
    EXPECT_EQ(Do(Send("bob", "other", "")).ack->seq(), seq);
  }
}

TEST_F(SendTest, OrdinalsCountMessagesOnlyOfTheRoomAndOfTheSender) {
  const auto ordinals = [](const domain::Applied& applied) {
    return std::pair(applied.events.front().ordinal, applied.events.front().own_ordinal);
  };
  EXPECT_EQ(ordinals(Do(Send("bob", "lobby", ""))), std::pair(uint64_t{1}, uint64_t{1}));
  EXPECT_EQ(ordinals(Do(AddMember("lobby", "carol"))), std::pair(uint64_t{1}, uint64_t{0}));
  EXPECT_EQ(ordinals(Do(Send("carol", "lobby", ""))), std::pair(uint64_t{2}, uint64_t{1}));
  EXPECT_EQ(ordinals(Do(Send("bob", "lobby", ""))), std::pair(uint64_t{3}, uint64_t{2}));
}

TEST_F(SendTest, OwnOrdinalsGoOnAfterRemovalAndReturn) {
  Do(Send("bob", "lobby", ""));
  Do(RemoveMember("lobby", "bob"));
  Do(AddMember("lobby", "bob"));
  EXPECT_EQ(Do(Send("bob", "lobby", "")).events.front().own_ordinal, 2u);
}

TEST_F(SendTest, TimeNeverFallsWithinARoom) {
  EXPECT_EQ(Do(Send("bob", "lobby", "", "x", 9000)).ack->ts_ms(), 9000u);
  EXPECT_EQ(Do(Send("bob", "lobby", "", "x", 7000)).ack->ts_ms(), 9000u);
  EXPECT_EQ(EventOf(Do(AddMember("lobby", "carol"))).ts_ms(), 9000u);
  EXPECT_EQ(Do(Send("bob", "lobby", "", "x", 9001)).ack->ts_ms(), 9001u);
}

TEST_F(SendTest, RedeliveredDraftKeepsItsSeqAndMakesNoEvent) {
  const v1::Ack first = *Do(Send("bob", "lobby", "m1", "hi", 5000)).ack;
  Do(Send("bob", "lobby", "m2"));
  const domain::Applied again = Do(Send("bob", "lobby", "m1", "hi", 6000));
  EXPECT_TRUE(again.ack->duplicate());
  EXPECT_EQ(again.ack->code(), Code::OK);
  EXPECT_EQ(again.ack->seq(), first.seq());
  EXPECT_EQ(again.ack->feed(), first.feed());
  EXPECT_EQ(again.ack->ts_ms(), first.ts_ms());
  EXPECT_EQ(again.ack->durability(), v1::Ack::FSYNCED);
  EXPECT_THAT(again.events, IsEmpty());
  EXPECT_THAT(again.changes, IsEmpty());
  EXPECT_FALSE(again.dedup);
}

TEST_F(SendTest, SameIdWithAnotherBodyAnswersTheFirstSeq) {
  const v1::Ack first = *Do(Send("bob", "lobby", "m1", "hi")).ack;
  const domain::Applied other = Do(Send("bob", "lobby", "m1", "HI"));
  EXPECT_EQ(other.ack->code(), Code::ALREADY_EXISTS);
  EXPECT_TRUE(other.ack->duplicate());
  EXPECT_EQ(other.ack->seq(), first.seq());
  EXPECT_THAT(other.events, IsEmpty());
  // The first one still wins.
  EXPECT_EQ(Do(Send("bob", "lobby", "m1", "hi")).ack->code(), Code::OK);
}

TEST_F(SendTest, AnIdIsOfOneUserInOneRoom) {
  Do(CreateRoom("other", {{"bob", kMember}}));
  Do(Send("bob", "lobby", "m1"));
  EXPECT_FALSE(Do(Send("alice", "lobby", "m1")).ack->duplicate());
  EXPECT_FALSE(Do(Send("bob", "other", "m1")).ack->duplicate());
}

TEST_F(SendTest, WithoutAnIdEachIsAMessage) {
  EXPECT_EQ(Do(Send("bob", "lobby", "")).ack->seq(), 2u);
  const domain::Applied again = Do(Send("bob", "lobby", ""));
  EXPECT_EQ(again.ack->seq(), 3u);
  EXPECT_EQ(again.ack->id(), "");
  EXPECT_FALSE(again.dedup);
}

// Dedupe comes before authorisation: every way to lose the right to send.
TEST_F(SendTest, RemovedSenderIsAnsweredWithTheFirstSeq) {
  const uint64_t seq = Do(Send("bob", "lobby", "m1")).ack->seq();
  for (const Command& loss :
       {SetMemberRole("lobby", "bob", v1::Member::READER), SetMemberRole("lobby", "bob", v1::Member::BANNED),
        RemoveMember("lobby", "bob")}) {
    EXPECT_EQ(Do(loss).code, Code::OK);
    const domain::Applied again = Do(Send("bob", "lobby", "m1"));
    EXPECT_EQ(again.ack->code(), Code::OK);
    EXPECT_TRUE(again.ack->duplicate());
    EXPECT_EQ(again.ack->seq(), seq);
    EXPECT_EQ(Do(Send("bob", "lobby", "m9")).ack->code(), Code::PERMISSION_DENIED);
  }
}

TEST_F(SendTest, IdsAreForgottenByLogTimeAfterTheWindowAndNotBefore) {
  const auto at = [](uint64_t log_ms) {
    Command send = Send("bob", "lobby", "m1");
    send.set_log_time_ms(log_ms);
    send.set_wall_ms(77);  // the wall clock has no say
    return send;
  };
  EXPECT_EQ(Do(at(1000)).ack->seq(), 2u);
  EXPECT_EQ(Do(at(1000 + domain::kDedupWindowMs)).ack->seq(), 2u);
  const domain::Applied late = Do(at(1001 + domain::kDedupWindowMs));
  EXPECT_EQ(late.ack->seq(), 3u);
  EXPECT_FALSE(late.ack->duplicate());
  EXPECT_TRUE(late.dedup);
  EXPECT_EQ(Do(at(1002 + domain::kDedupWindowMs)).ack->seq(), 3u);
}

TEST_F(SendTest, WindowIsAtLeastSevenDays) {
  EXPECT_GE(domain::kDedupWindowMs, uint64_t{7} * 24 * 3600 * 1000);
}

TEST_F(SendTest, ARefusedAttemptMayBeSentAgain) {
  ExpectRefused(Do(Send("carol", "lobby", "m1")), Code::PERMISSION_DENIED, "carol is not a member of lobby");
  Do(AddMember("lobby", "carol"));
  const domain::Applied again = Do(Send("carol", "lobby", "m1"));
  EXPECT_EQ(again.ack->code(), Code::OK);
  EXPECT_FALSE(again.ack->duplicate());
}

TEST_F(SendTest, WhoMayNotSendIsToldWhy) {
  Do(AddMember("lobby", "carol", v1::Member::READER));
  Do(AddMember("lobby", "dave"));
  Do(SetMemberRole("lobby", "dave", v1::Member::BANNED));
  Do(CreateRoom("news", {{"alice", v1::Member::MODERATOR}, {"bob", kMember}}, v1::Room::CHANNEL));
  Do(RemoveMember("lobby", "bob"));
  ExpectRefused(Do(Send("ghost", "lobby", "m")), Code::PERMISSION_DENIED, "no user ghost");
  ExpectRefused(Do(Send("alice", "cellar", "m")), Code::NOT_FOUND, "no room cellar");
  ExpectRefused(Do(Send("bob", "lobby", "m")), Code::PERMISSION_DENIED, "bob is not a member of lobby");
  ExpectRefused(Do(Send("carol", "lobby", "m")), Code::PERMISSION_DENIED, "carol may only read lobby");
  ExpectRefused(Do(Send("dave", "lobby", "m")), Code::PERMISSION_DENIED, "dave is banned from lobby");
  ExpectRefused(Do(Send("bob", "news", "m")), Code::PERMISSION_DENIED,
                "only owners and moderators send in channel news");
  EXPECT_EQ(Do(Send("alice", "news", "m")).ack->code(), Code::OK);
}

TEST_F(SendTest, ReplyAndThreadPointIntoTheRoom) {
  Command reply = Send("bob", "lobby", "m1");
  reply.mutable_send()->mutable_draft()->set_reply_to(2);
  ExpectRefused(Do(reply), Code::INVALID_ARGUMENT, "replyTo is past the head of the room");
  Command thread = Send("bob", "lobby", "m1");
  thread.mutable_send()->mutable_draft()->set_thread(UINT64_MAX);
  ExpectRefused(Do(thread), Code::INVALID_ARGUMENT, "thread is past the head of the room");
}

// Else a removed member could go on counting the room's messages by trying one replyTo after the other.
TEST_F(SendTest, AStrangerLearnsNothingOfTheHeadByReplying) {
  Do(RemoveMember("lobby", "bob"));
  for (const uint64_t target : {uint64_t{1}, uint64_t{1000}}) {
    Command reply = Send("bob", "lobby", "m1");
    reply.mutable_send()->mutable_draft()->set_reply_to(target);
    ExpectRefused(Do(reply), Code::PERMISSION_DENIED, "bob is not a member of lobby");
  }
}

TEST_F(SendTest, PostAddPostAndPostRemovePostAreDecidedInOrder) {
  EXPECT_EQ(Do(Send("carol", "lobby", "1")).ack->code(), Code::PERMISSION_DENIED);
  EXPECT_EQ(Do(AddMember("lobby", "carol")).code, Code::OK);
  EXPECT_EQ(Do(Send("carol", "lobby", "2")).ack->seq(), 3u);
  EXPECT_EQ(Do(RemoveMember("lobby", "carol")).code, Code::OK);
  EXPECT_EQ(Do(Send("carol", "lobby", "3")).ack->code(), Code::PERMISSION_DENIED);
  EXPECT_EQ(machine_.HeadOf("lobby").seq.value, 4u);
}

TEST_F(SendTest, AnUnknownCommandIsRefused) {
  const domain::Applied applied = Do(By("alice"));
  EXPECT_EQ(applied.code, Code::UNIMPLEMENTED);
  EXPECT_THAT(applied.reason, HasSubstr("does not know"));
  EXPECT_THAT(applied.changes, IsEmpty());
}

}  // namespace
}  // namespace parley::testing
