#include "bridge/sync/sync.h"

#include <map>

#include <gtest/gtest.h>

#include "tests/unit/core_reader/tiny_store.h"

namespace parley::bridge {
namespace {

constexpr auto kMember = v1::Member::MEMBER;
using Seqs = std::vector<uint64_t>;
using Rooms = std::vector<std::string>;

class SyncTest : public ::testing::Test {
 protected:
  void SetUp() override {
    for (const char* user : {"alice", "bob", "carol"}) store_.CreateUser(user);
  }

  v1::SyncReply SyncAs(const std::string& user, const std::string& cursor, uint32_t limit = 0,
                       uint32_t events_per_room = 0, Budget budget = {}) {
    v1::SyncRequest request;
    request.set_cursor(cursor);
    request.set_limit(limit);
    request.set_events_per_room(events_per_room);
    Result<v1::SyncReply> reply = Sync(request, *store_.View(), {UserId::Trusted(user)}, budget);
    EXPECT_TRUE(reply) << reply.error().reason;
    return reply ? *std::move(reply) : v1::SyncReply();
  }

  static Seqs SeqsOf(const v1::RoomState& room) {
    Seqs seqs;
    for (const v1::Event& event : room.events()) seqs.push_back(event.seq());
    return seqs;
  }
  static Rooms NamesOf(const v1::SyncReply& reply) {
    Rooms names;
    for (const v1::RoomState& room : reply.rooms()) names.push_back(room.room());
    return names;
  }
  std::string Now() const { return std::to_string(store_.applied().value); }

  testing::TinyStore store_;
};

TEST_F(SyncTest, WithoutACursorAllRoomsAppear) {
  store_.CreateRoom("lobby", {{"alice", v1::Member::OWNER}, {"bob", kMember}}, v1::Room::ALL, "The lobby");
  store_.CreateRoom("vault", {{"carol", kMember}});
  store_.CreateRoom("left", {{"alice", kMember}});
  store_.Remove("left", "alice");
  store_.Say("lobby", "bob", "hello");
  store_.Say("dm:alice:bob", "bob", "psst");
  for (const char* cursor : {"", "0"}) {
    const v1::SyncReply reply = SyncAs("alice", cursor);
    EXPECT_EQ(NamesOf(reply), (Rooms{"lobby", "dm:alice:bob"}));
    EXPECT_EQ(reply.cursor(), Now());
    EXPECT_FALSE(reply.more());
    EXPECT_FALSE(reply.reset());
    const v1::RoomState& lobby = reply.rooms(0);
    EXPECT_EQ(lobby.kind(), v1::Room::GROUP);
    EXPECT_EQ(lobby.title(), "The lobby");
    EXPECT_EQ(lobby.role(), v1::Member::OWNER);
    EXPECT_EQ(lobby.head(), 2u);
    EXPECT_EQ(lobby.first(), 1u);
    EXPECT_EQ(lobby.last_event().text().text(), "hello");
    EXPECT_EQ(SeqsOf(lobby), (Seqs{1, 2}));
    EXPECT_FALSE(lobby.truncated());
    EXPECT_FALSE(lobby.left());
    EXPECT_EQ(reply.rooms(1).kind(), v1::Room::DIRECT);
  }
}

TEST_F(SyncTest, AnEmptyRoomAppearsOnlyWithoutACursor) {
  store_.CreateRoom("since", {}, v1::Room::SINCE_JOIN);
  const std::string before = Now();
  EXPECT_TRUE(NamesOf(SyncAs("alice", "0")).empty());
  EXPECT_TRUE(NamesOf(SyncAs("alice", before)).empty());
}

TEST_F(SyncTest, OnlyWhatIsNewSinceTheCursor) {
  store_.CreateRoom("lobby", {{"alice", kMember}, {"bob", kMember}});
  store_.CreateRoom("quiet", {{"alice", kMember}});
  store_.Say("lobby", "bob");
  const std::string cursor = SyncAs("alice", "0").cursor();
  EXPECT_TRUE(NamesOf(SyncAs("alice", cursor)).empty());
  for (int i = 0; i < 3; ++i) store_.Say("lobby", "bob");
  const v1::SyncReply reply = SyncAs("alice", cursor);
  ASSERT_EQ(NamesOf(reply), Rooms{"lobby"});
  EXPECT_EQ(SeqsOf(reply.rooms(0)), (Seqs{3, 4, 5}));
  EXPECT_EQ(reply.rooms(0).last_event().seq(), 5u);
  EXPECT_TRUE(NamesOf(SyncAs("alice", reply.cursor())).empty());
}

TEST_F(SyncTest, TheNewestAreGivenAndTheRestIsSaidToBeThere) {
  store_.CreateRoom("lobby", {{"alice", kMember}});
  const std::string cursor = SyncAs("alice", "0").cursor();
  for (int i = 0; i < 100; ++i) store_.Say("lobby", "alice");
  for (const auto& [count, first, truncated] : {std::tuple{1u, 101u, true},
                                                {17u, 85u, true},
                                                {99u, 3u, true},
                                                {100u, 2u, false},
                                                {1000u, 2u, false}}) {
    const v1::SyncReply reply = SyncAs("alice", cursor, 0, count);
    EXPECT_EQ(SeqsOf(reply.rooms(0)).front(), first) << count;
    EXPECT_EQ(SeqsOf(reply.rooms(0)).back(), 101u) << count;
    EXPECT_EQ(reply.rooms(0).truncated(), truncated) << count;
  }
  EXPECT_EQ(SyncAs("alice", "0").rooms(0).events_size(), 50) << "the default";
}

TEST_F(SyncTest, ARoomJoinedSinceCountsAsNeverSeen) {
  store_.CreateRoom("lobby", {{"alice", kMember}});
  store_.CreateRoom("since", {{"alice", kMember}}, v1::Room::SINCE_JOIN);
  for (const char* room : {"lobby", "since"}) {
    for (int i = 0; i < 5; ++i) store_.Say(room, "alice");
  }
  const std::string cursor = SyncAs("bob", "0").cursor();
  store_.Add("lobby", "bob");
  store_.Add("since", "bob");
  const v1::SyncReply reply = SyncAs("bob", cursor);
  ASSERT_EQ(NamesOf(reply), (Rooms{"lobby", "since"}));
  EXPECT_EQ(SeqsOf(reply.rooms(0)), (Seqs{1, 2, 3, 4, 5, 6, 7}));
  EXPECT_EQ(SeqsOf(reply.rooms(1)), Seqs{7});
  EXPECT_EQ(reply.rooms(1).first(), 7u);
  EXPECT_FALSE(reply.rooms(1).truncated());
}

TEST_F(SyncTest, ARoomLeftSinceAppearsOnceWithItsNameAlone) {
  for (const char* room : {"removed", "barred"}) {
    store_.CreateRoom(room, {{"alice", kMember}, {"bob", kMember}}, v1::Room::ALL, "A title");
  }
  const std::string before = SyncAs("bob", "0").cursor();
  store_.Remove("removed", "bob");
  store_.SetRole("barred", "bob", v1::Member::BANNED);
  store_.Say("removed", "alice", "secret");
  const v1::SyncReply reply = SyncAs("bob", before);
  ASSERT_EQ(NamesOf(reply), (Rooms{"removed", "barred"}));
  for (const v1::RoomState& room : reply.rooms()) {
    v1::RoomState bare;
    bare.set_room(room.room());
    bare.set_left(true);
    EXPECT_EQ(room.SerializeAsString(), bare.SerializeAsString()) << room.ShortDebugString();
  }
  EXPECT_TRUE(NamesOf(SyncAs("bob", reply.cursor())).empty());
  EXPECT_TRUE(NamesOf(SyncAs("bob", "0")).empty());
}

TEST_F(SyncTest, RemovedAndAddedAgainSeesByThePresentMembership) {
  store_.CreateRoom("since", {{"alice", kMember}, {"bob", kMember}}, v1::Room::SINCE_JOIN);
  const std::string before = SyncAs("bob", "0").cursor();
  store_.Remove("since", "bob");  // 2
  store_.Say("since", "alice");   // 3
  store_.Add("since", "bob");     // 4
  store_.Say("since", "alice");   // 5
  const v1::SyncReply reply = SyncAs("bob", before);
  ASSERT_EQ(NamesOf(reply), Rooms{"since"});
  EXPECT_FALSE(reply.rooms(0).left());
  EXPECT_EQ(SeqsOf(reply.rooms(0)), (Seqs{4, 5}));
}

TEST_F(SyncTest, ACursorThatIsNotOfThisStoreStartsAnew) {
  store_.CreateRoom("lobby", {{"alice", kMember}});
  const std::string whole = SyncAs("alice", "0").SerializeAsString();
  for (const std::string& cursor :
       {std::string("x"), std::string("-1"), std::to_string(store_.applied().value + 1),
        std::string("99999999999999999999"), std::string("0.4.2.00000000")}) {
    v1::SyncReply reply = SyncAs("alice", cursor);
    EXPECT_TRUE(reply.reset()) << cursor;
    reply.set_reset(false);
    EXPECT_EQ(reply.SerializeAsString(), whole) << cursor;
  }
}

TEST_F(SyncTest, PagesTogetherAreTheWhole) {
  for (int i = 0; i < 20; ++i) store_.CreateRoom("room" + std::to_string(i), {{"alice", kMember}});
  const Rooms whole = NamesOf(SyncAs("alice", "0", 1000));
  ASSERT_EQ(whole.size(), 20u);
  for (const uint32_t limit : {1u, 7u, 19u, 20u, 21u}) {
    Rooms joined;
    v1::SyncReply reply;
    reply.set_cursor("0");
    do {
      reply = SyncAs("alice", reply.cursor(), limit);
      ASSERT_LE(reply.rooms_size(), static_cast<int>(limit));
      for (const std::string& name : NamesOf(reply)) joined.push_back(name);
    } while (reply.more());
    EXPECT_EQ(joined, whole) << limit;
    EXPECT_EQ(reply.cursor(), Now());
  }
}

TEST_F(SyncTest, WhatIsCommittedBetweenPagesIsNotLost) {
  for (const char* room : {"a", "b", "c"}) store_.CreateRoom(room, {{"alice", kMember}});
  const std::string start = Now();
  v1::SyncReply page = SyncAs("alice", "0", 1);
  ASSERT_EQ(NamesOf(page), Rooms{"a"});
  ASSERT_TRUE(page.more());
  store_.Say("a", "alice");  // of a room that is done
  store_.Say("c", "alice");  // of one that is to come
  store_.CreateRoom("d", {{"alice", kMember}});
  Rooms rest;
  while (page.more()) {
    page = SyncAs("alice", page.cursor(), 1);
    for (const std::string& name : NamesOf(page)) rest.push_back(name);
  }
  EXPECT_EQ(rest, (Rooms{"b", "c", "d"}));
  EXPECT_EQ(page.cursor(), start) << "the first page's view";
  const v1::SyncReply next = SyncAs("alice", page.cursor());
  EXPECT_EQ(NamesOf(next), (Rooms{"a", "c", "d"}));
  EXPECT_EQ(SeqsOf(next.rooms(0)), Seqs{2});
}

TEST_F(SyncTest, ASmallBudgetGivesFewerRoomsAndNeverNone) {
  for (const char* room : {"a", "b", "c"}) {
    store_.CreateRoom(room, {{"alice", kMember}});
    for (int i = 0; i < 5; ++i) store_.Say(room, "alice", std::string(10'000, 'x'));
  }
  for (const size_t bytes : {0u, 1'000u, 15'000u, 45'000u, 70'000u, 200'000u}) {
    std::map<std::string, size_t> events;
    v1::SyncReply page;
    page.set_cursor("0");
    do {
      page = SyncAs("alice", page.cursor(), 0, 0, Budget{bytes});
      ASSERT_GE(page.rooms_size() + page.inbox_size(), 1) << bytes;
      if (bytes >= 1'000) {
        ASSERT_LE(page.ByteSizeLong(), bytes);
      }
      for (const v1::RoomState& room : page.rooms()) {
        events[room.room()] = static_cast<size_t>(room.events_size());
        EXPECT_EQ(room.truncated(), room.events_size() < 6) << bytes;
        EXPECT_EQ(room.head(), 6u);
      }
    } while (page.more());
    EXPECT_EQ(events.size(), 3u) << bytes;
  }
}

TEST_F(SyncTest, UnreadIsWhatOthersSaidAfterTheCursor) {
  store_.CreateRoom("lobby", {{"alice", kMember}, {"bob", kMember}});  // 1
  store_.Say("lobby", "bob");                                          // 2
  store_.Mention("lobby", "bob", {"alice", "carol"});                  // 3
  store_.Say("lobby", "alice");                                        // 4
  store_.Mention("lobby", "bob", {"alice"});                           // 5
  v1::RoomState lobby = SyncAs("alice", "0").rooms(0);
  EXPECT_EQ(lobby.read(), 0u);
  EXPECT_EQ(lobby.unread(), 3u);
  EXPECT_EQ(lobby.mentions(), 2u);
  store_.Read("lobby", "alice", 3);
  lobby = SyncAs("alice", "0").rooms(0);
  EXPECT_EQ(lobby.read(), 3u);
  EXPECT_EQ(lobby.unread(), 1u);
  EXPECT_EQ(lobby.mentions(), 1u);
  EXPECT_EQ(SyncAs("bob", "0").rooms(0).unread(), 1u);
}

TEST_F(SyncTest, ARoomWhereOnlyTheOwnCursorMovedAppearsWithoutEvents) {
  store_.CreateRoom("lobby", {{"alice", kMember}, {"bob", kMember}});
  store_.Say("lobby", "bob");
  const std::string cursor = Now();
  store_.Read("lobby", "alice", 2);
  const v1::SyncReply reply = SyncAs("alice", cursor);
  ASSERT_EQ(NamesOf(reply), Rooms{"lobby"});
  EXPECT_EQ(reply.rooms(0).events_size(), 0);
  EXPECT_FALSE(reply.rooms(0).truncated());
  EXPECT_EQ(reply.rooms(0).read(), 2u);
  EXPECT_EQ(reply.rooms(0).unread(), 0u);
  EXPECT_EQ(reply.rooms(0).last_event().seq(), 2u);
  EXPECT_TRUE(NamesOf(SyncAs("bob", cursor)).empty()) << "it is alice's";
  EXPECT_TRUE(NamesOf(SyncAs("alice", reply.cursor())).empty());
}

TEST_F(SyncTest, TheInboxHasWhatCameAfterTheCursor) {
  store_.CreateRoom("lobby", {{"alice", kMember}});
  store_.Say("lobby", "alice");
  const std::string before = Now();
  EXPECT_EQ(SyncAs("alice", before).inbox_size(), 0);
  store_.Read("lobby", "alice", 1);
  store_.SetRole("lobby", "alice", v1::Member::MODERATOR);
  const v1::SyncReply reply = SyncAs("alice", before);
  ASSERT_EQ(reply.inbox_size(), 2);
  EXPECT_EQ(reply.inbox(0).cursor_moved().read(), 1u);
  EXPECT_EQ(reply.inbox(1).role_changed().role(), v1::Member::MODERATOR);
  EXPECT_EQ(reply.inbox(1).useq(), reply.inbox(0).useq() + 1);
  EXPECT_EQ(SyncAs("alice", reply.cursor()).inbox_size(), 0);
  EXPECT_EQ(SyncAs("bob", before).inbox_size(), 0);
}

TEST_F(SyncTest, WhoKnowsNothingIsGivenTheEndOfTheInbox) {
  for (int i = 0; i < 70; ++i) store_.CreateRoom("room" + std::to_string(i), {{"alice", kMember}});
  v1::SyncReply reply = SyncAs("alice", "0", 1000);
  ASSERT_EQ(reply.inbox_size(), 50);
  EXPECT_EQ(reply.inbox(0).useq(), 21u);
  EXPECT_EQ(reply.inbox(49).useq(), 70u);
  EXPECT_EQ(reply.inbox(49).room_added().room(), "room69");
  EXPECT_FALSE(reply.more());
}

TEST_F(SyncTest, PagesOfTheInboxTogetherAreTheWhole) {
  const std::string before = Now();
  for (int i = 0; i < 100; ++i) store_.CreateRoom("room" + std::to_string(i), {{"alice", kMember}});
  for (const size_t bytes : {0u, 1'000u, 5'000u, 50'000u}) {
    v1::SyncReply page;
    page.set_cursor(before);
    std::vector<uint64_t> useqs;
    size_t rooms = 0;
    std::string target;
    do {
      page = SyncAs("alice", page.cursor(), 1000, 1, Budget{bytes});
      ASSERT_GE(page.rooms_size() + page.inbox_size(), 1);
      rooms += static_cast<size_t>(page.rooms_size());
      for (const v1::InboxItem& item : page.inbox()) useqs.push_back(item.useq());
      // What comes in between belongs to the next sync.
      if (target.empty()) target = Now();
      if (useqs.size() == 10) store_.CreateRoom("late" + std::to_string(bytes), {{"alice", kMember}});
    } while (page.more());
    EXPECT_GE(rooms, 100u);
    ASSERT_GE(useqs.size(), 100u);
    for (size_t i = 0; i < useqs.size(); ++i) EXPECT_EQ(useqs[i], i + 1) << bytes;
    EXPECT_EQ(page.cursor(), target);
  }
}

TEST_F(SyncTest, AnUnknownUserIsDenied) {
  const auto reply = Sync({}, *store_.View(), {UserId::Trusted("nobody")}, {});
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code, Code::PERMISSION_DENIED);
}

}  // namespace
}  // namespace parley::bridge
