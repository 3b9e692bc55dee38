#include "bridge/rooms/rooms_list.h"

#include <gtest/gtest.h>

#include "tests/unit/core_reader/tiny_store.h"

namespace parley::bridge {
namespace {

constexpr auto kMember = v1::Member::MEMBER;

class RoomsListTest : public ::testing::Test {
 protected:
  void SetUp() override {
    for (const char* user : {"alice", "bob", "carol"}) store_.CreateUser(user);
  }

  Result<v1::RoomsListReply> List(const std::string& user, uint32_t limit = 0, const std::string& page = {},
                                  Budget budget = {}) {
    v1::RoomsListRequest request;
    request.set_limit(limit);
    request.set_page(page);
    return RoomsList(request, *store_.View(), {UserId::Trusted(user)}, budget);
  }

  static std::vector<std::string> Names(const v1::RoomsListReply& reply) {
    std::vector<std::string> names;
    for (const v1::RoomState& room : reply.rooms()) names.push_back(room.room());
    return names;
  }

  testing::TinyStore store_;
};

using Rooms = std::vector<std::string>;

TEST_F(RoomsListTest, SaysWhatIsUnread) {
  store_.CreateRoom("lobby", {{"alice", kMember}, {"bob", kMember}});
  store_.Mention("lobby", "bob", {"alice"});
  store_.Say("lobby", "bob");
  store_.Read("lobby", "alice", 2);
  const v1::RoomState room = List("alice")->rooms(0);
  EXPECT_EQ(room.read(), 2u);
  EXPECT_EQ(room.unread(), 1u);
  EXPECT_EQ(room.mentions(), 0u);
}

TEST_F(RoomsListTest, OwnRoomsOnlyAndNoneThatWereLeft) {
  store_.CreateRoom("lobby", {{"alice", v1::Member::OWNER}, {"bob", kMember}}, v1::Room::ALL, "The lobby");
  store_.CreateRoom("vault", {{"carol", kMember}});
  store_.CreateRoom("gone", {{"alice", kMember}, {"bob", kMember}});
  store_.CreateRoom("barred", {{"alice", kMember}});
  store_.Remove("gone", "alice");
  store_.SetRole("barred", "alice", v1::Member::BANNED);
  store_.Say("dm:alice:bob", "bob", "psst");
  const auto reply = List("alice");
  ASSERT_TRUE(reply) << reply.error().reason;
  EXPECT_EQ(Names(*reply), (Rooms{"lobby", "dm:alice:bob"}));
  const v1::RoomState& lobby = reply->rooms(0);
  EXPECT_EQ(lobby.title(), "The lobby");
  EXPECT_EQ(lobby.kind(), v1::Room::GROUP);
  EXPECT_EQ(lobby.role(), v1::Member::OWNER);
  EXPECT_EQ(lobby.head(), 1u);
  EXPECT_EQ(lobby.first(), 1u);
  EXPECT_EQ(lobby.last_event().seq(), 1u);
  EXPECT_EQ(lobby.events_size(), 0);
  EXPECT_EQ(reply->rooms(1).kind(), v1::Room::DIRECT);
  EXPECT_EQ(reply->rooms(1).last_event().text().text(), "psst");
  EXPECT_FALSE(reply->more());
}

TEST_F(RoomsListTest, ARoomWithoutEventsIsListed) {
  store_.CreateRoom("empty", {});
  store_.Add("empty", "alice");
  EXPECT_EQ(Names(*List("alice")), Rooms{"empty"});
}

TEST_F(RoomsListTest, PagesJoinedAreTheWhole) {
  for (int i = 0; i < 30; ++i) {
    const std::string room = "room" + std::to_string(i);
    store_.CreateRoom(room, {{"alice", kMember}});
    if (i % 3 == 0) store_.Remove(room, "alice");
  }
  const Rooms whole = Names(*List("alice", 1000));
  ASSERT_EQ(whole.size(), 20u);
  for (const uint32_t limit : {1u, 3u, 20u, 21u}) {
    Rooms joined;
    std::string page;
    for (bool more = true; more;) {
      const auto reply = List("alice", limit, page);
      ASSERT_TRUE(reply);
      ASSERT_LE(reply->rooms_size(), static_cast<int>(limit));
      for (const std::string& name : Names(*reply)) joined.push_back(name);
      more = reply->more();
      page = reply->page();
      ASSERT_EQ(more, !page.empty());
    }
    EXPECT_EQ(joined, whole) << "limit " << limit;
  }
}

TEST_F(RoomsListTest, ASmallBudgetGivesFewerRoomsAndAtLeastOne) {
  for (int i = 0; i < 4; ++i) {
    store_.CreateRoom("room" + std::to_string(i), {{"alice", kMember}});
    store_.Say("room" + std::to_string(i), "alice", std::string(10'000, 'x'));
  }
  EXPECT_EQ(List("alice", 0, {}, Budget{25'000})->rooms_size(), 2);
  const auto tiny = List("alice", 0, {}, Budget{0});
  EXPECT_EQ(tiny->rooms_size(), 1);
  EXPECT_FALSE(tiny->rooms(0).has_last_event());
  EXPECT_TRUE(tiny->more());
}

TEST_F(RoomsListTest, ABadPageIsNamed) {
  for (const char* page : {"x", "-1", "1.5", "99999999999999999999"}) {
    const auto reply = List("alice", 0, page);
    ASSERT_FALSE(reply) << page;
    EXPECT_EQ(reply.error().code, Code::INVALID_ARGUMENT);
    EXPECT_EQ(reply.error().reason.find("page"), 0u);
  }
  EXPECT_EQ(List("alice", 0, "18446744073709551615")->rooms_size(), 0);
}

TEST_F(RoomsListTest, AnUnknownUserIsDenied) {
  EXPECT_EQ(List("nobody").error().code, Code::PERMISSION_DENIED);
}

}  // namespace
}  // namespace parley::bridge
