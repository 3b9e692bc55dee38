// Cursors, mentions and inbox items, as the state machine decides them.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/commands.h"
#include "tests/support/machine.h"

namespace parley::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

v1::InboxItem ItemOf(const domain::NewInboxItem& item) {
  v1::InboxItem parsed;
  EXPECT_TRUE(parsed.ParseFromString(item.bytes));
  return parsed;
}

class CursorsTest : public ::testing::Test {
 protected:
  CursorsTest() {
    for (const char* user : {"alice", "bob", "carol"}) machine_.Do(CreateUser(user));
    machine_.Do(CreateRoom("lobby", {{"alice", v1::Member::OWNER}, {"bob", v1::Member::MEMBER}}));  // seq 1
    machine_.Do(Send("alice", "lobby", "m1"));
    machine_.Do(Send("bob", "lobby", "m2"));
    machine_.Do(Send("alice", "lobby", "m3"));  // seq 4
  }
  domain::MemberRecord Bob() const { return machine_.MemberOf("lobby", "bob"); }

  Machine machine_;
};

TEST_F(CursorsTest, MoveForward) {
  const domain::Applied applied = machine_.Do(MoveCursor("bob", "lobby", {.read = 3}, 7000));
  EXPECT_EQ(applied.code, Code::OK);
  EXPECT_FALSE(applied.ack);
  EXPECT_THAT(applied.changes, IsEmpty());
  EXPECT_EQ(Bob().read(), 3u);
  EXPECT_EQ(Bob().delivered(), 3u) << "what is read was delivered";
  EXPECT_EQ(Bob().read_ordinal(), 2u);
  EXPECT_EQ(Bob().read_own_ordinal(), 1u);
  EXPECT_EQ(Bob().moved_ms(), 7000u);
  EXPECT_EQ(Bob().moved_feed(), machine_.last());
}

TEST_F(CursorsTest, TellTheUsersOtherDevices) {
  const domain::Applied applied = machine_.Do(MoveCursor("bob", "lobby", {.read = 2, .delivered = 4}));
  ASSERT_EQ(applied.inbox.size(), 1u);
  EXPECT_EQ(applied.inbox[0].user, "bob");
  const v1::InboxItem item = ItemOf(applied.inbox[0]);
  EXPECT_EQ(item.useq(), applied.inbox[0].useq);
  EXPECT_EQ(item.feed(), machine_.last());
  EXPECT_EQ(item.cursor_moved().room(), "lobby");
  EXPECT_EQ(item.cursor_moved().read(), 2u);
  EXPECT_EQ(item.cursor_moved().delivered(), 4u);
  EXPECT_EQ(item.cursor_moved().client(), "bob-phone");
}

TEST_F(CursorsTest, GoNoFurtherThanTheHead) {
  machine_.Do(MoveCursor("bob", "lobby", {.read = 100, .delivered = UINT64_MAX}));
  EXPECT_EQ(Bob().read(), 4u);
  EXPECT_EQ(Bob().delivered(), 4u);
  EXPECT_EQ(Bob().read_ordinal(), 3u);
  EXPECT_EQ(Bob().read_own_ordinal(), 1u);
}

TEST_F(CursorsTest, NeverGoBack) {
  machine_.Do(MoveCursor("bob", "lobby", {.read = 3}));
  for (const At at : {At{.read = 2}, At{.read = 3, .delivered = 1}, At{}}) {
    const domain::Applied applied = machine_.Do(MoveCursor("bob", "lobby", at));
    EXPECT_EQ(applied.code, Code::OK);
    EXPECT_FALSE(applied.ack);
    EXPECT_FALSE(applied.cursor);
    EXPECT_THAT(applied.inbox, IsEmpty());
  }
  EXPECT_EQ(Bob().read(), 3u);
}

TEST_F(CursorsTest, OfStrangersAreRefused) {
  machine_.Do(RemoveMember("lobby", "bob"));
  for (const char* user : {"bob", "carol", "nobody"}) {
    const domain::Applied applied = machine_.Do(MoveCursor(user, "lobby", {.read = 1}));
    ASSERT_TRUE(applied.ack) << user;
    EXPECT_EQ(applied.ack->code(), Code::PERMISSION_DENIED);
    EXPECT_EQ(applied.ack->id(), "");
    EXPECT_EQ(applied.ack->room(), "lobby");
    EXPECT_FALSE(applied.cursor);
  }
  const domain::Applied nowhere = machine_.Do(MoveCursor("bob", "nowhere", {.read = 1}));
  ASSERT_TRUE(nowhere.ack);
  EXPECT_EQ(nowhere.ack->code(), Code::NOT_FOUND);
}

TEST_F(CursorsTest, OfADirectRoomWithoutAMessageStayWhereTheyAre) {
  const domain::Applied applied = machine_.Do(MoveCursor("alice", "dm:alice:bob", {.read = 1}));
  EXPECT_EQ(applied.code, Code::OK);
  EXPECT_FALSE(applied.cursor);
  EXPECT_EQ(machine_.Do(MoveCursor("carol", "dm:alice:bob", {.read = 1})).code, Code::PERMISSION_DENIED);
}

TEST_F(CursorsTest, StayWithANewRoleAndEndWithTheMembership) {
  machine_.Do(MoveCursor("bob", "lobby", {.read = 3}));
  machine_.Do(SetMemberRole("lobby", "bob", v1::Member::MODERATOR));
  EXPECT_EQ(Bob().role(), v1::Member::MODERATOR);
  EXPECT_EQ(Bob().read(), 3u);
  EXPECT_EQ(Bob().read_own_ordinal(), 1u);

  machine_.Do(RemoveMember("lobby", "bob"));
  EXPECT_EQ(Bob().read(), 0u);
  machine_.Do(AddMember("lobby", "bob"));
  EXPECT_EQ(Bob().read(), 0u);
  EXPECT_EQ(Bob().read_ordinal(), 0u) << "this room shows them everything";
}

TEST_F(CursorsTest, BeginBehindWhatASinceJoinMemberCannotSee) {
  machine_.Do(CreateRoom("den", {{"alice", v1::Member::OWNER}, {"bob", v1::Member::MEMBER}}, v1::Room::GROUP,
                         v1::Room::SINCE_JOIN));
  machine_.Do(Send("alice", "den", "d1"));
  machine_.Do(Send("bob", "den", "d2"));
  machine_.Do(RemoveMember("den", "bob"));
  machine_.Do(AddMember("den", "bob"));
  const auto bob = [this] { return machine_.MemberOf("den", "bob"); };
  EXPECT_EQ(bob().read_ordinal(), 2u);
  EXPECT_EQ(bob().read_own_ordinal(), 1u);
  machine_.Do(MoveCursor("bob", "den", {.read = 2}));  // before what they may see
  EXPECT_EQ(bob().read(), 2u);
  EXPECT_EQ(bob().read_ordinal(), 2u);
  EXPECT_EQ(bob().read_own_ordinal(), 1u);
}

TEST_F(CursorsTest, MentionsAreOfMembersButTheSender) {
  domain::Command command = Send("alice", "lobby", "m4");
  for (const char* user : {"bob", "alice", "carol", "nobody", "bob"}) {
    command.mutable_send()->mutable_draft()->add_mentions(user);
  }
  const domain::Applied applied = machine_.Do(command);
  ASSERT_EQ(applied.mentions.size(), 1u);
  EXPECT_EQ(applied.mentions[0].uid.value, machine_.directory().FindUser("bob")->record.uid());
  EXPECT_EQ(applied.mentions[0].seq, applied.events[0].seq);
}

// What each of these tells whom.
TEST_F(CursorsTest, InboxItemsOfRoomsAndUsers) {
  const auto told = [this](const domain::Command& command) {
    std::vector<std::string> lines;
    for (const domain::NewInboxItem& item : machine_.Do(command).inbox) {
      v1::InboxItem parsed = ItemOf(item);
      parsed.clear_useq();
      parsed.clear_feed();
      parsed.clear_ts_ms();
      lines.push_back(item.user + ": " + parsed.ShortDebugString());
    }
    return lines;
  };
  EXPECT_THAT(told(AddMember("lobby", "carol")),
              ElementsAre(R"(carol: room_added { room: "lobby" kind: GROUP role: MEMBER by: "admin" })"));
  EXPECT_THAT(told(SetMemberRole("lobby", "carol", v1::Member::READER)),
              ElementsAre(R"(carol: role_changed { room: "lobby" role: READER by: "admin" })"));
  EXPECT_THAT(told(RemoveMember("lobby", "carol")),
              ElementsAre(R"(carol: room_removed { room: "lobby" change: REMOVED by: "admin" })"));
  EXPECT_THAT(told(AddMember("lobby", "carol", v1::Member::BANNED)), IsEmpty());
  EXPECT_THAT(told(CreateRoom("plaza", {{"bob", v1::Member::OWNER}}, v1::Room::PUBLIC)),
              ElementsAre(R"(bob: room_added { room: "plaza" kind: PUBLIC role: OWNER by: "admin" })"));
  domain::Command join = By("carol");
  join.mutable_join_room()->set_room("plaza");
  EXPECT_THAT(told(join),
              ElementsAre(R"(carol: room_added { room: "plaza" kind: PUBLIC role: MEMBER by: "carol" })"));
  domain::Command leave = By("carol");
  leave.mutable_origin()->set_as_member(true);
  leave.mutable_leave_room()->set_room("plaza");
  EXPECT_THAT(told(leave), ElementsAre(R"(carol: room_removed { room: "plaza" change: LEFT by: "carol" })"));
  domain::Command gone = By("admin");
  gone.mutable_delete_room()->set_room("plaza");
  EXPECT_THAT(
      told(gone),
      ElementsAre(R"(bob: room_removed { room: "plaza" change: REMOVED by: "admin" deleted: true })"));
  EXPECT_THAT(
      told(Send("carol", "dm:bob:carol", "d1")),
      ElementsAre(R"(bob: room_added { room: "dm:bob:carol" kind: DIRECT role: MEMBER by: "carol" })",
                  R"(carol: room_added { room: "dm:bob:carol" kind: DIRECT role: MEMBER by: "carol" })"));
  EXPECT_THAT(told(Send("bob", "dm:bob:carol", "d2")), IsEmpty());
  domain::Command profile = By("carol");
  profile.mutable_update_user()->set_username("carol");
  profile.mutable_update_user()->set_display_name("Carol");
  EXPECT_THAT(told(profile), ElementsAre(R"(carol: profile_changed { display_name: "Carol" })"));
  domain::Command password = By("admin");
  password.mutable_set_password()->set_username("carol");
  EXPECT_THAT(told(password),
              ElementsAre(R"(carol: session_revoked { reason: "the password was changed" })"));
}

TEST_F(CursorsTest, InboxNumbersHaveNoGap) {
  const uint64_t before = machine_.directory().FindUser("bob")->useq;
  EXPECT_EQ(machine_.Do(MoveCursor("bob", "lobby", {.read = 2})).inbox.at(0).useq, before + 1);
  machine_.Do(MoveCursor("alice", "lobby", {.read = 2}));
  machine_.Do(MoveCursor("bob", "lobby", {.read = 1}));  // nothing
  EXPECT_EQ(machine_.Do(MoveCursor("bob", "lobby", {.read = 3})).inbox.at(0).useq, before + 2);
}

}  // namespace
}  // namespace parley::testing
