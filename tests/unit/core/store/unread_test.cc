// What the store says is unread, against a count of the room's events one by one.

#include "core/store/unread.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "core/domain/permissions.h"
#include "core/store/keys.h"
#include "parley/v1/message.pb.h"
#include "schemas/limits.h"
#include "tests/support/commands.h"
#include "tests/support/random_commands.h"
#include "tests/support/store_dump.h"
#include "tests/support/store_node.h"
#include "tests/support/temp_folder.h"

namespace parley::testing {
namespace {

using store::Commit;

store::Unread Recount(const store::StoreView& view, const domain::UserRecord& user, Rid rid,
                      const domain::MemberRecord& member) {
  store::Unread count;
  if (!domain::IsReader(member.role())) return count;
  const auto events =
      view.Events(rid, {Seq{std::max(member.read() + 1, member.visible_from())}, Seq{UINT64_MAX}, SIZE_MAX,
                        SIZE_MAX, store::StoreView::Keep::kOldest});
  for (const store::StoredEvent& stored : events.value()) {
    v1::Event event;
    EXPECT_TRUE(event.ParseFromString(stored.bytes));
    // An earlier user of the same name is somebody else.
    const bool own = event.sender() == user.username() && event.feed() > user.uid();
    if (event.has_membership() || event.has_room_change() || own) continue;
    ++count.unread;
    const bool named = std::find(event.mentions().begin(), event.mentions().end(), user.username()) !=
                       event.mentions().end();
    if (named && event.sender() != user.username() && event.feed() >= member.since_feed()) ++count.mentions;
  }
  return count;
}

// Compares every membership that there is; returns how many had something unread, and something mentioned.
store::Unread CompareAll(StoreNode& node) {
  const auto view = node.writer().View();
  store::Unread compared;
  const std::vector<domain::RoomRecord> rooms = view->Rooms("", 100).value();
  for (const domain::RoomRecord& room : rooms) {
    const Rid rid{room.rid()};
    const std::vector<store::MemberOfRoom> members = view->MembersOf(rid, Uid{0}, 100).value();
    for (const store::MemberOfRoom& member : members) {
      const domain::UserRecord user = view->User(member.record.user()).value().value();
      const store::Unread expected = Recount(*view, user, rid, member.record);
      const store::Unread said = store::UnreadOf(*view, rid, member.uid, member.record).value();
      EXPECT_EQ(said.unread, expected.unread) << room.room() << " " << member.record.ShortDebugString();
      EXPECT_EQ(said.mentions, expected.mentions) << room.room() << " " << member.record.ShortDebugString();
      EXPECT_LE(member.record.read(), member.record.delivered());
      EXPECT_LE(member.record.delivered(), view->Head(rid)->value);
      compared.unread += said.unread > 0;
      compared.mentions += said.mentions > 0;
    }
  }
  return compared;
}

class UnreadTest : public ::testing::Test {
 protected:
  const TempFolder folder_;
  const std::string path_ = folder_ / "store";
};

TEST_F(UnreadTest, EqualsARecountAfterRandomCommands) {
  const uint64_t seed = Seed();
  SCOPED_TRACE(SeedNote(seed));
  RandomCommands commands(seed);
  Random random(seed + 1);
  auto node = std::make_unique<StoreNode>(path_);
  store::Unread compared;
  for (int i = 0; i < 4000 && !HasFailure(); ++i) {
    node->Apply(commands.Next());
    if (random.OneIn(8)) {
      ASSERT_EQ(node->Write(), Commit::kDone);
    }
    if (i % 100 != 99) continue;
    ASSERT_EQ(node->Write(), Commit::kDone);
    if (i % 500 == 499) {
      node.reset();
      node = std::make_unique<StoreNode>(path_);
    }
    const store::Unread now = CompareAll(*node);
    compared.unread += now.unread;
    compared.mentions += now.mentions;
  }
  EXPECT_GT(compared.unread, 0u);
  EXPECT_GT(compared.mentions, 0u);
}

// A long room, in which the member's own messages are far apart.
TEST_F(UnreadTest, CountsOwnMessagesUpToAnyCursor) {
  const uint64_t seed = Seed();
  SCOPED_TRACE(SeedNote(seed));
  Random random(seed);
  StoreNode node(path_);
  node.Apply(CreateUser("alice"));
  node.Apply(CreateUser("bob"));
  node.Apply(CreateRoom("lobby", {{"alice", v1::Member::OWNER}, {"bob", v1::Member::MEMBER}}));
  uint64_t head = 1;
  uint64_t read = 0;
  for (int i = 0; i < 3000; ++i, ++head) {
    node.Apply(Send(random.OneIn(40) ? "bob" : "alice", "lobby", ""));
    if (random.OneIn(7)) {
      ASSERT_EQ(node.Write(), Commit::kDone);
    }
    if (!random.OneIn(50)) continue;
    read = std::min(head, read + random.Below(200));
    node.Apply(MoveCursor("bob", "lobby", {.read = read}));
    ASSERT_EQ(node.Write(), Commit::kDone);
    CompareAll(node);
  }
}

TEST_F(UnreadTest, AJumpTooFarFromOwnMessagesIsRefused) {
  StoreNode node(path_);
  node.Apply(CreateUser("alice"));
  node.Apply(CreateUser("bob"));
  node.Apply(CreateRoom("lobby", {{"alice", v1::Member::OWNER}, {"bob", v1::Member::MEMBER}}));
  node.Apply(Send("bob", "lobby", ""));
  for (size_t i = 0; i < 3 * limits::kCursorStepMax; ++i) node.Apply(Send("alice", "lobby", ""));
  node.Apply(Send("bob", "lobby", ""));
  ASSERT_EQ(node.Write(), Commit::kDone);
  const domain::Applied far =
      node.Apply(MoveCursor("bob", "lobby", {.read = limits::kCursorStepMax * 3 / 2}));
  ASSERT_TRUE(far.ack);
  EXPECT_EQ(far.ack->code(), Code::RESOURCE_EXHAUSTED);
  EXPECT_FALSE(far.cursor);
  for (const uint64_t read : {limits::kCursorStepMax, limits::kCursorStepMax * 3 / 2}) {
    EXPECT_TRUE(node.Apply(MoveCursor("bob", "lobby", {.read = read})).cursor);
    ASSERT_EQ(node.Write(), Commit::kDone);
    CompareAll(node);
  }
}

TEST_F(UnreadTest, MentionsGoWithTheCursorTheMembershipAndTheRoom) {
  const auto mention = [](std::string_view user) {
    Command command = Send("alice", "lobby", "");
    command.mutable_send()->mutable_draft()->add_mentions(std::string(user));
    return command;
  };
  const auto rows = [this] {
    size_t count = 0;
    for (const auto& [key, value] : DumpStore(path_)) count += key.starts_with("state n");
    return count;
  };
  const auto apply = [this](const std::vector<Command>& commands) {
    StoreNode node(path_);
    for (const Command& command : commands) node.Apply(command);
    do {
      ASSERT_EQ(node.Write(), Commit::kDone);
    } while (node.writer().has_garbage());
    CompareAll(node);
  };
  const auto gone = [](const char* room) {
    Command command = By("admin");
    command.mutable_delete_room()->set_room(room);
    return command;
  };
  apply({CreateUser("alice"), CreateUser("bob"), CreateUser("carol"),
         CreateRoom("lobby", {{"alice", v1::Member::OWNER}, {"bob", v1::Member::MEMBER}}),
         AddMember("lobby", "carol"), mention("bob"), mention("bob"), mention("carol"), mention("carol")});
  EXPECT_EQ(rows(), 4u);
  apply({MoveCursor("bob", "lobby", {.read = 3})});
  EXPECT_EQ(rows(), 3u);
  apply({RemoveMember("lobby", "bob"), AddMember("lobby", "bob")});
  EXPECT_EQ(rows(), 2u);
  apply({DeleteUser("carol"), mention("bob")});
  EXPECT_EQ(rows(), 1u);
  apply({gone("lobby")});
  EXPECT_EQ(rows(), 0u);
}

TEST_F(UnreadTest, AnInboxKeepsItsNewestItems) {
  StoreNode node(path_);
  node.Apply(CreateUser("bob"));
  const Uid bob{1};
  Command profile = By("bob");
  profile.mutable_update_user()->set_username("bob");
  for (uint64_t i = 1; i <= limits::kInboxItemsMax + 5; ++i) {
    profile.mutable_update_user()->set_about(std::to_string(i));
    node.Apply(profile);
  }
  ASSERT_EQ(node.Write(), Commit::kDone);
  const auto view = node.writer().View();
  const auto items = view->Inbox(bob, 0, 5000).value();
  ASSERT_EQ(items.size(), limits::kInboxItemsMax);
  EXPECT_EQ(items.front().useq, 6u);
  EXPECT_EQ(items.back().useq, limits::kInboxItemsMax + 5);
  v1::InboxItem newest;
  ASSERT_TRUE(newest.ParseFromString(items.back().bytes));
  EXPECT_EQ(newest.profile_changed().about(), std::to_string(limits::kInboxItemsMax + 5));

  EXPECT_EQ(view->InboxEnd(bob).value(), items.back().useq);
  EXPECT_EQ(view->InboxUpTo(bob, LogIndex{newest.feed() - 1}).value(), items.back().useq - 1);
  EXPECT_EQ(view->InboxUpTo(bob, LogIndex{3}).value(), 0u);
  const auto newer = view->Inbox(bob, items.back().useq - 2, 1).value();
  ASSERT_EQ(newer.size(), 1u);
  EXPECT_EQ(newer[0].useq, items.back().useq - 1);
  EXPECT_EQ(view->InboxEnd(Uid{2}).value(), 0u);
}

TEST_F(UnreadTest, TheInboxGoesOnAfterARestartAndEndsWithItsUser) {
  {
    StoreNode node(path_);
    node.Apply(CreateUser("bob"));
    node.Apply(CreateRoom("lobby", {{"bob", v1::Member::OWNER}}));
    ASSERT_EQ(node.Write(), Commit::kDone);
  }
  {
    StoreNode node(path_);
    EXPECT_EQ(node.Apply(SetMemberRole("lobby", "bob", v1::Member::MEMBER)).inbox.at(0).useq, 2u);
    node.Apply(DeleteUser("bob"));
    node.Apply(CreateUser("bob"));
    EXPECT_EQ(node.Apply(AddMember("lobby", "bob")).inbox.at(0).useq, 1u);
    ASSERT_EQ(node.Write(), Commit::kDone);
    EXPECT_EQ(node.writer().View()->InboxEnd(Uid{1}).value(), 0u);
  }
}

TEST_F(UnreadTest, FeedRowsNameWhatWasMade) {
  {
    StoreNode node(path_);
    node.Apply(CreateUser("bob"));
    node.Apply(CreateRoom("lobby", {{"bob", v1::Member::OWNER}}));
    node.Apply(MoveCursor("bob", "lobby", {.read = 1}));
    node.Apply(MoveCursor("bob", "lobby", {.read = 1}));
    ASSERT_EQ(node.Write(), Commit::kDone);
  }
  using Kind = store::FeedItem::Kind;
  auto rows = DumpStore(path_);
  const auto feed = [&rows](uint64_t index) {
    return store::ParseFeedRow(rows["feed " + store::FeedKey(LogIndex{index})]);
  };
  EXPECT_EQ(feed(2), (std::vector<store::FeedItem>{{Kind::kEvent, 2, 1}, {Kind::kInbox, 1, 1}}));
  EXPECT_EQ(feed(3), (std::vector<store::FeedItem>{{Kind::kInbox, 1, 2}, {Kind::kCursor, 2, 1}}));
  EXPECT_FALSE(feed(4));
}

}  // namespace
}  // namespace parley::testing
