// Users, rooms, members: what each command does, and each refusal.
#include <map>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/domain/permissions.h"
#include "tests/support/commands.h"
#include "tests/support/machine.h"

namespace parley::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr Role kOwner = v1::Member::OWNER;
constexpr Role kMember = v1::Member::MEMBER;
constexpr Role kBanned = v1::Member::BANNED;
constexpr Role kNone = v1::Member::UNSPECIFIED;

std::vector<std::string> ChangesOf(const domain::NewEvent& stored) {
  v1::Event event;
  EXPECT_TRUE(event.ParseFromString(stored.bytes));
  std::vector<std::string> lines;
  for (const v1::MembershipChange& change : event.membership().changes()) {
    lines.push_back(change.user() + " " + v1::MembershipChange::Change_Name(change.change()) + " " +
                    v1::Member::Role_Name(change.role()) + " by " + change.by());
  }
  return lines;
}

std::vector<std::string> Names(const std::vector<UserId>& users) {
  std::vector<std::string> names;
  for (const UserId& user : users) names.push_back(user.str());
  return names;
}

void ExpectRefused(const domain::Applied& applied, Code code, const std::string& reason) {
  EXPECT_EQ(applied.code, code) << applied.reason;
  EXPECT_EQ(applied.reason, reason);
  EXPECT_THAT(applied.changes, IsEmpty());
  EXPECT_THAT(applied.events, IsEmpty());
  EXPECT_FALSE(applied.ack);
}

class MembersTest : public ::testing::Test {
 protected:
  MembersTest() {
    for (const char* user : {"alice", "bob", "carol"}) machine_.Do(CreateUser(user));
    machine_.Do(CreateRoom("lobby", {{"alice", kOwner}, {"bob", kMember}}));
  }
  domain::Applied Do(const Command& command) { return machine_.Do(command); }
  const domain::Membership* Of(const char* room, const char* user) {
    return machine_.directory().FindMembership(room, user);
  }
  // The record that the newest change wrote.
  static domain::MemberRecord Written(const domain::Applied& applied) {
    if (applied.changes.empty()) return {};
    const auto* put = std::get_if<domain::MemberPut>(&applied.changes.front());
    return put == nullptr ? domain::MemberRecord() : put->record;
  }

  Machine machine_;
};

TEST_F(MembersTest, ANewRoomHasOneEventWithAllItsMembers) {
  const domain::Applied applied =
      Do(CreateRoom("team", {{"bob", kOwner}, {"alice", v1::Member::READER}}, v1::Room::CHANNEL));
  ASSERT_THAT(applied.events, SizeIs(1));
  EXPECT_EQ(applied.events[0].seq.value, 1u);
  EXPECT_THAT(ChangesOf(applied.events[0]),
              ElementsAre("bob ADDED OWNER by admin", "alice ADDED READER by admin"));
  EXPECT_EQ(machine_.directory().FindRoom("team")->record.rid(), machine_.last());
  EXPECT_EQ(Of("team", "bob")->role, kOwner);
  EXPECT_EQ(Of("team", "alice")->visible_from, 1u);
  EXPECT_EQ(Of("team", "carol"), nullptr);
}

TEST_F(MembersTest, AnEmptyRoomHasNoEvent) {
  EXPECT_THAT(Do(CreateRoom("team")).events, IsEmpty());
  const domain::Applied first = Do(AddMember("team", "bob"));
  EXPECT_EQ(first.events[0].seq.value, 1u);
}

TEST_F(MembersTest, ALargeRoomIsMadeWhole) {
  constexpr int kMany = 3000;
  Command create = CreateRoom("crowd");
  for (int i = 0; i < kMany; ++i) {
    const std::string user = "user" + std::to_string((i * 7919) % kMany);
    Do(CreateUser(user));
    create.mutable_create_room()->add_members()->set_user(user);
    create.mutable_create_room()->mutable_members(i)->set_role(kMember);
  }
  EXPECT_THAT(ChangesOf(Do(create).events.front()), SizeIs(kMany));
  EXPECT_THAT(machine_.directory().FindRoom("crowd")->members, SizeIs(kMany));
  for (int i = 0; i < kMany; ++i) {
    ASSERT_NE(Of("crowd", ("user" + std::to_string(i)).c_str()), nullptr) << i;
  }
}

TEST_F(MembersTest, RefusedRooms) {
  ExpectRefused(Do(CreateRoom("lobby")), Code::ALREADY_EXISTS, "room lobby exists");
  ExpectRefused(Do(CreateRoom("team", {{"alice", kOwner}, {"ghost", kMember}})), Code::NOT_FOUND,
                "no user ghost");
  ExpectRefused(Do(CreateRoom("team", {{"bob", kOwner}, {"bob", kMember}})), Code::INVALID_ARGUMENT,
                "members names bob twice");
  EXPECT_EQ(machine_.directory().FindRoom("team"), nullptr);
}

TEST_F(MembersTest, RefusedMemberCommands) {
  ExpectRefused(Do(AddMember("cellar", "bob")), Code::NOT_FOUND, "no room cellar");
  ExpectRefused(Do(AddMember("lobby", "ghost")), Code::NOT_FOUND, "no user ghost");
  ExpectRefused(Do(AddMember("lobby", "bob")), Code::ALREADY_EXISTS, "bob is a member of lobby");
  ExpectRefused(Do(AddMember("lobby", "bob", kOwner)), Code::ALREADY_EXISTS, "bob is a member of lobby");
  ExpectRefused(Do(RemoveMember("cellar", "bob")), Code::NOT_FOUND, "no room cellar");
  ExpectRefused(Do(RemoveMember("lobby", "ghost")), Code::NOT_FOUND, "no user ghost");
  ExpectRefused(Do(RemoveMember("lobby", "carol")), Code::NOT_FOUND, "carol is not a member of lobby");
  ExpectRefused(Do(SetMemberRole("cellar", "bob", kOwner)), Code::NOT_FOUND, "no room cellar");
  ExpectRefused(Do(SetMemberRole("lobby", "ghost", kOwner)), Code::NOT_FOUND, "no user ghost");
  ExpectRefused(Do(SetMemberRole("lobby", "carol", kOwner)), Code::NOT_FOUND,
                "carol is not a member of lobby");
  ExpectRefused(Do(SetMemberRole("lobby", "bob", kMember)), Code::ALREADY_EXISTS,
                "bob has this role in lobby");
  Do(RemoveMember("lobby", "bob"));
  ExpectRefused(Do(RemoveMember("lobby", "bob")), Code::NOT_FOUND, "bob is not a member of lobby");
  ExpectRefused(Do(SetMemberRole("lobby", "bob", kOwner)), Code::NOT_FOUND, "bob is not a member of lobby");
  EXPECT_EQ(machine_.HeadOf("lobby").seq.value, 2u);
}

// A role that is none would be a removal without its event.
TEST_F(MembersTest, NoRoleIsNoRole) {
  ExpectRefused(Do(AddMember("lobby", "carol", kNone)), Code::INVALID_ARGUMENT, "give a role");
  ExpectRefused(Do(SetMemberRole("lobby", "bob", kNone)), Code::INVALID_ARGUMENT, "give a role");
  ExpectRefused(Do(CreateRoom("team", {{"bob", kNone}})), Code::INVALID_ARGUMENT, "give a role");
}

TEST_F(MembersTest, BanningTheBannedChangesNothing) {
  Do(AddMember("lobby", "carol", kBanned));
  ExpectRefused(Do(AddMember("lobby", "carol", kBanned)), Code::ALREADY_EXISTS,
                "carol has this role in lobby");
  EXPECT_EQ(Do(AddMember("lobby", "carol")).code, Code::OK);
}

TEST_F(MembersTest, AddedMemberSeesAllOrFromItsOwnEventOn) {
  Do(Send("bob", "lobby", ""));
  const domain::Applied added = Do(AddMember("lobby", "carol"));
  EXPECT_THAT(ChangesOf(added.events.at(0)), ElementsAre("carol ADDED MEMBER by admin"));
  EXPECT_THAT(added.events[0].also_to, IsEmpty());
  EXPECT_EQ(Of("lobby", "carol")->visible_from, 1u);
  EXPECT_EQ(Written(added).since_feed(), machine_.last());

  Do(CreateRoom("quiet", {{"alice", kOwner}}, v1::Room::GROUP, v1::Room::SINCE_JOIN));
  Do(Send("alice", "quiet", ""));
  const domain::Applied later = Do(AddMember("quiet", "carol"));
  EXPECT_EQ(Of("quiet", "carol")->visible_from, later.events[0].seq.value);
}

TEST_F(MembersTest, RemovalKeepsARecordAndTellsTheRemoved) {
  const domain::Applied removed = Do(RemoveMember("lobby", "bob"));
  EXPECT_THAT(ChangesOf(removed.events.at(0)), ElementsAre("bob REMOVED MEMBER by admin"));
  EXPECT_THAT(Names(removed.events[0].also_to), ElementsAre("bob"));
  ASSERT_NE(Of("lobby", "bob"), nullptr);
  EXPECT_EQ(Of("lobby", "bob")->role, kNone);
  EXPECT_EQ(Written(removed).left_feed(), machine_.last());
  EXPECT_FALSE(domain::MayReceive(machine_.directory(), "lobby", "bob"));
}

TEST_F(MembersTest, AddedAgainSeesByThePresentMembership) {
  Do(CreateRoom("quiet", {{"alice", kOwner}, {"bob", kMember}}, v1::Room::GROUP, v1::Room::SINCE_JOIN));
  EXPECT_EQ(Of("quiet", "bob")->visible_from, 1u);
  Do(RemoveMember("quiet", "bob"));
  Do(Send("alice", "quiet", "secret"));
  const domain::Applied back = Do(AddMember("quiet", "bob"));
  EXPECT_EQ(Of("quiet", "bob")->visible_from, back.events[0].seq.value);
  EXPECT_EQ(Written(back).left_feed(), 0u);
}

TEST_F(MembersTest, BanAndReturnTellWhoLosesTheRoom) {
  const domain::Applied banned = Do(SetMemberRole("lobby", "bob", kBanned));
  EXPECT_THAT(ChangesOf(banned.events.at(0)), ElementsAre("bob ROLE_CHANGED BANNED by admin"));
  EXPECT_THAT(Names(banned.events[0].also_to), ElementsAre("bob"));
  EXPECT_EQ(Written(banned).left_feed(), machine_.last());
  EXPECT_FALSE(domain::MayReceive(machine_.directory(), "lobby", "bob"));
  const domain::Applied back = Do(SetMemberRole("lobby", "bob", kMember));
  EXPECT_THAT(back.events.at(0).also_to, IsEmpty());
  EXPECT_EQ(Written(back).since_feed(), machine_.last());
  EXPECT_TRUE(domain::MayReceive(machine_.directory(), "lobby", "bob"));
}

// What came while someone was banned is not theirs when the room shows only what is since one's joining.
TEST_F(MembersTest, ABanIsAnEndOfMembershipInASinceJoinRoom) {
  Do(CreateRoom("quiet", {{"alice", kOwner}, {"bob", kMember}}, v1::Room::GROUP, v1::Room::SINCE_JOIN));
  Do(SetMemberRole("quiet", "bob", kBanned));
  Do(Send("alice", "quiet", ""));
  const domain::Applied back = Do(SetMemberRole("quiet", "bob", kMember));
  EXPECT_EQ(Of("quiet", "bob")->visible_from, back.events[0].seq.value);
}

// since_feed is where a membership began; sync takes a room as never seen when it is after the cursor.
TEST_F(MembersTest, ANewRoleIsTheSameMembership) {
  const uint64_t joined = machine_.last();
  const domain::Applied promoted = Do(SetMemberRole("lobby", "bob", v1::Member::MODERATOR));
  EXPECT_EQ(Written(promoted).since_feed(), joined);
  EXPECT_EQ(Written(promoted).visible_from(), 1u);
  EXPECT_THAT(promoted.events.at(0).also_to, IsEmpty());
}

TEST_F(MembersTest, Users) {
  ExpectRefused(Do(CreateUser("bob")), Code::ALREADY_EXISTS, "user bob exists");
  ExpectRefused(Do(DeleteUser("ghost")), Code::NOT_FOUND, "no user ghost");
  Command password = By("admin");
  password.mutable_set_password()->set_username("ghost");
  ExpectRefused(Do(password), Code::NOT_FOUND, "no user ghost");
  Command remember = By("ghost");
  remember.mutable_remember_credential()->set_username("ghost");
  ExpectRefused(Do(remember), Code::NOT_FOUND, "no user ghost");
}

TEST_F(MembersTest, APasswordThatHasChangedSinceIsNotRemembered) {
  Command password = By("admin");
  password.mutable_set_password()->set_username("bob");
  password.mutable_set_password()->set_password_hash("new");
  password.mutable_set_password()->set_remembered_mac("mac");
  EXPECT_EQ(Do(password).code, Code::OK);
  Command remember = By("bob");
  remember.mutable_remember_credential()->set_username("bob");
  remember.mutable_remember_credential()->set_password_hash("old");
  remember.mutable_remember_credential()->set_remembered_mac("stale");
  EXPECT_THAT(Do(remember).changes, IsEmpty());
  EXPECT_EQ(machine_.directory().FindUser("bob")->record.remembered_mac(), "mac");
  remember.mutable_remember_credential()->set_password_hash("new");
  EXPECT_THAT(Do(remember).changes, SizeIs(1));
  EXPECT_EQ(machine_.directory().FindUser("bob")->record.remembered_mac(), "stale");
}

TEST_F(MembersTest, ADeletedUserLeavesEveryRoomWithAnEvent) {
  Do(CreateRoom("team", {{"bob", kOwner}, {"alice", kMember}}));
  Do(CreateRoom("jail", {{"alice", kOwner}, {"bob", kBanned}}));
  Do(AddMember("lobby", "carol"));
  Do(RemoveMember("lobby", "carol"));
  const domain::Applied gone = Do(DeleteUser("bob"));
  ASSERT_THAT(gone.events, SizeIs(2));
  EXPECT_EQ(gone.events[0].room, "lobby");
  EXPECT_THAT(ChangesOf(gone.events[0]), ElementsAre("bob REMOVED MEMBER by admin"));
  EXPECT_THAT(Names(gone.events[0].also_to), ElementsAre("bob"));
  EXPECT_EQ(gone.events[1].room, "team");
  EXPECT_EQ(machine_.directory().FindUser("bob"), nullptr);
  for (const char* room : {"lobby", "team", "jail"}) {
    EXPECT_EQ(Of(room, "bob"), nullptr);
    EXPECT_THAT(machine_.directory().FindRoom(room)->members,
                SizeIs(room == std::string("jail") ? 1 : 2 - (room == std::string("team"))));
  }
}

TEST_F(MembersTest, ReCreatedUserInheritsNothing) {
  const uint64_t seq = Do(Send("bob", "lobby", "m1")).ack->seq();
  const uint64_t old = machine_.directory().FindUser("bob")->record.uid();
  Do(DeleteUser("bob"));
  EXPECT_EQ(Do(Send("bob", "lobby", "m1")).ack->reason(), "no user bob");
  Do(CreateUser("bob"));
  EXPECT_NE(machine_.directory().FindUser("bob")->record.uid(), old);
  EXPECT_EQ(Of("lobby", "bob"), nullptr);
  EXPECT_FALSE(domain::MayReceive(machine_.directory(), "lobby", "bob"));
  EXPECT_EQ(Do(Send("bob", "lobby", "m1")).ack->code(), Code::PERMISSION_DENIED);
  Do(AddMember("lobby", "bob"));
  const domain::Applied sent = Do(Send("bob", "lobby", "m1"));
  EXPECT_FALSE(sent.ack->duplicate());
  EXPECT_GT(sent.ack->seq(), seq);
  EXPECT_EQ(sent.events[0].own_ordinal, 1u);
}

}  // namespace
}  // namespace parley::testing
