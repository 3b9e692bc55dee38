#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/domain/permissions.h"
#include "tests/support/commands.h"
#include "tests/support/machine.h"

namespace parley::testing {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

class DirectRoomTest : public ::testing::Test {
 protected:
  DirectRoomTest() {
    for (const char* user : {"alice", "bob", "carol"}) machine_.Do(CreateUser(user));
  }
  domain::Applied Do(const Command& command) { return machine_.Do(command); }
  domain::Visibility SeenBy(const char* user) {
    const domain::Membership* membership = machine_.directory().FindMembership(kRoom, user);
    return domain::VisibilityOf(kRoom, user, membership ? std::optional(membership->role) : std::nullopt,
                                membership ? membership->visible_from : 0, machine_.HeadOf(kRoom).seq);
  }

  static constexpr const char* kRoom = "dm:alice:bob";
  Machine machine_;
};

TEST_F(DirectRoomTest, FirstMessageMakesRoomAndBothMembershipsAndNoMembershipEvent) {
  const domain::Applied applied = Do(Send("bob", kRoom, "m1"));
  EXPECT_EQ(applied.ack->code(), Code::OK);
  EXPECT_EQ(applied.ack->seq(), 1u);
  EXPECT_THAT(applied.events, SizeIs(1));
  EXPECT_THAT(applied.changes, SizeIs(3));
  const domain::Room* room = machine_.directory().FindRoom(kRoom);
  ASSERT_NE(room, nullptr);
  EXPECT_EQ(room->record.kind(), v1::Room::DIRECT);
  EXPECT_EQ(room->record.rid(), machine_.last());
  EXPECT_THAT(room->members, SizeIs(2));
  EXPECT_THAT(Do(Send("alice", kRoom, "m2")).changes, IsEmpty());
}

TEST_F(DirectRoomTest, TheFirstMessageIsDeduplicatedToo) {
  Do(Send("bob", kRoom, "m1"));
  const domain::Applied again = Do(Send("bob", kRoom, "m1"));
  EXPECT_TRUE(again.ack->duplicate());
  EXPECT_EQ(again.ack->seq(), 1u);
}

TEST_F(DirectRoomTest, ARefusedFirstMessageMakesNoRoom) {
  Command reply = Send("bob", kRoom, "m1");
  reply.mutable_send()->mutable_draft()->set_reply_to(1);
  const domain::Applied applied = Do(reply);
  EXPECT_EQ(applied.ack->code(), Code::INVALID_ARGUMENT);
  EXPECT_THAT(applied.changes, IsEmpty());
  EXPECT_EQ(machine_.directory().FindRoom(kRoom), nullptr);

  const domain::Applied nobody = Do(Send("bob", "dm:bob:ghost", "m1"));
  EXPECT_EQ(nobody.ack->code(), Code::NOT_FOUND);
  EXPECT_EQ(nobody.ack->reason(), "no user ghost");
  EXPECT_THAT(nobody.changes, IsEmpty());
}

TEST_F(DirectRoomTest, AThirdIsRefusedWhetherTheRoomExistsOrNot) {
  const domain::Applied before = Do(Send("carol", kRoom, "m1"));
  Do(Send("bob", kRoom, "m1"));
  const domain::Applied after = Do(Send("carol", kRoom, "m1"));
  for (const domain::Applied& applied : {before, after}) {
    EXPECT_EQ(applied.ack->code(), Code::PERMISSION_DENIED);
    EXPECT_EQ(applied.ack->reason(), "carol is not a member of dm:alice:bob");
    EXPECT_THAT(applied.changes, IsEmpty());
    EXPECT_THAT(applied.events, IsEmpty());
  }
  // Nor by a user who does not exist.
  EXPECT_EQ(Do(Send("carol", "dm:alice:ghost", "m")).ack->code(), Code::PERMISSION_DENIED);
}

TEST_F(DirectRoomTest, RoomAndMemberCommandsAreRefused) {
  for (const bool exists : {false, true}) {
    SCOPED_TRACE(exists);
    if (exists) Do(Send("bob", kRoom, "m1"));
    for (const Command& command : {AddMember(kRoom, "carol"), RemoveMember(kRoom, "bob"),
                                   SetMemberRole(kRoom, "bob", v1::Member::READER),
                                   CreateRoom(kRoom, {{"carol", v1::Member::OWNER}})}) {
      const domain::Applied applied = Do(command);
      EXPECT_EQ(applied.code, Code::FAILED_PRECONDITION) << applied.reason;
      EXPECT_THAT(applied.changes, IsEmpty());
      EXPECT_THAT(applied.events, IsEmpty());
    }
  }
}

TEST_F(DirectRoomTest, BothSeeWhatComesBeforeAnythingWasSent) {
  EXPECT_TRUE(domain::MayReceive(machine_.directory(), kRoom, "alice"));
  EXPECT_FALSE(domain::MayReceive(machine_.directory(), kRoom, "carol"));
  EXPECT_TRUE(SeenBy("alice").Sees(Seq{1}));
  EXPECT_FALSE(SeenBy("carol").member);
}

TEST_F(DirectRoomTest, DeletionEndsItWithoutAnEvent) {
  Do(Send("bob", kRoom, "m1"));
  const domain::Applied gone = Do(DeleteUser("bob"));
  EXPECT_THAT(gone.events, IsEmpty());
  EXPECT_EQ(Do(Send("alice", kRoom, "m2")).ack->code(), Code::NOT_FOUND);
  EXPECT_EQ(Do(Send("alice", kRoom, "m2")).ack->reason(), "no user bob");
  EXPECT_FALSE(domain::MayReceive(machine_.directory(), kRoom, "bob"));
}

// A new user of an old name is someone else: not a word of the old talk, and no old message id.
TEST_F(DirectRoomTest, ReCreatedUserInheritsNothing) {
  Do(Send("bob", kRoom, "m1"));
  Do(Send("alice", kRoom, "m1"));
  Do(DeleteUser("bob"));
  Do(CreateUser("bob"));
  EXPECT_FALSE(SeenBy("bob").Sees(Seq{2}));
  EXPECT_TRUE(SeenBy("bob").Sees(Seq{3}));

  const domain::Applied hello = Do(Send("alice", kRoom, "m2"));
  EXPECT_EQ(hello.ack->seq(), 3u);
  EXPECT_FALSE(SeenBy("bob").Sees(Seq{2}));
  EXPECT_TRUE(SeenBy("bob").Sees(Seq{3}));
  EXPECT_TRUE(SeenBy("alice").Sees(Seq{1}));

  const domain::Applied own = Do(Send("bob", kRoom, "m1"));
  EXPECT_FALSE(own.ack->duplicate());
  EXPECT_EQ(own.ack->seq(), 4u);
  EXPECT_EQ(own.events.front().own_ordinal, 1u);
}

}  // namespace
}  // namespace parley::testing
