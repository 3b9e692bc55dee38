// rooms.get, members.list, users.get, users.find, public rooms, and what sync says of deleted ones.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "bridge/rooms/members_list.h"
#include "bridge/rooms/rooms_get.h"
#include "bridge/rooms/rooms_list.h"
#include "bridge/sync/sync.h"
#include "bridge/users/users.h"
#include "tests/unit/core_reader/tiny_store.h"

namespace parley::bridge {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr auto kMember = v1::Member::MEMBER;

class PeopleTest : public ::testing::Test {
 protected:
  void SetUp() override {
    for (const char* user : {"alice", "bob", "carol", "mallory"}) store_.CreateUser(user);
    store_.CreateRoom("lobby", {{"alice", v1::Member::OWNER},
                                {"bob", kMember},
                                {"carol", kMember},
                                {"mallory", v1::Member::BANNED}});
  }

  void CreateRoom(const std::string& room, v1::Room::Kind kind) {
    domain::Command command;
    command.mutable_create_room()->set_room(room);
    command.mutable_create_room()->set_kind(kind);
    store_.Apply(std::move(command));
  }
  Result<v1::MembersListReply> Members(const std::string& user, const std::string& room, uint32_t limit = 0,
                                       const std::string& page = {}, Budget budget = {}) {
    v1::MembersListRequest request;
    request.set_room(room);
    request.set_limit(limit);
    request.set_page(page);
    return MembersList(request, *store_.View(), {UserId::Trusted(user)}, budget);
  }
  Result<v1::UsersFindReply> Find(const std::string& prefix, uint32_t limit = 0,
                                  const std::string& page = {}) {
    v1::UsersFindRequest request;
    request.set_prefix(prefix);
    request.set_limit(limit);
    request.set_page(page);
    return UsersFind(request, *store_.View(), {UserId::Trusted("bob")}, {});
  }
  static std::vector<std::string> Names(const v1::MembersListReply& reply) {
    std::vector<std::string> names;
    for (const v1::MemberState& member : reply.members()) names.push_back(member.user());
    return names;
  }
  static std::vector<std::string> Names(const v1::UsersFindReply& reply) {
    std::vector<std::string> names;
    for (const v1::UserProfile& user : reply.users()) names.push_back(user.username());
    return names;
  }

  testing::TinyStore store_;
};

TEST_F(PeopleTest, TheBannedAreShownToThoseWhoDecideOnThem) {
  EXPECT_THAT(Names(*Members("bob", "lobby")), ElementsAre("alice", "bob", "carol"));
  EXPECT_THAT(Names(*Members("alice", "lobby")), ElementsAre("alice", "bob", "carol", "mallory"));
  EXPECT_EQ(Members("mallory", "lobby").error().code, Code::PERMISSION_DENIED);
  EXPECT_EQ(Members("bob", "lobby", 0, "x").error().code, Code::INVALID_ARGUMENT);
}

TEST_F(PeopleTest, PagesOfMembersJoinedAreTheWhole) {
  store_.Remove("lobby", "carol");
  for (const uint32_t limit : {1u, 2u, 3u}) {
    std::vector<std::string> joined;
    std::string page;
    for (bool more = true; more;) {
      const auto reply = Members("alice", "lobby", limit, page);
      ASSERT_TRUE(reply);
      for (const std::string& name : Names(*reply)) joined.push_back(name);
      more = reply->more();
      page = reply->page();
    }
    EXPECT_THAT(joined, ElementsAre("alice", "bob", "mallory"));
  }
  EXPECT_THAT(Names(*Members("alice", "lobby", 0, {}, Budget{0})), ElementsAre("alice"));
}

TEST_F(PeopleTest, ADirectRoomHasItsTwoFromTheStart) {
  for (const bool used : {false, true}) {
    if (used) store_.Say("dm:alice:bob", "bob");
    EXPECT_THAT(Names(*Members("bob", "dm:alice:bob")), ElementsAre("alice", "bob"));
    v1::RoomsGetRequest request;
    request.set_room("dm:alice:bob");
    const auto room = RoomsGet(request, *store_.View(), {UserId::Trusted("bob")}, {});
    ASSERT_TRUE(room);
    EXPECT_EQ(room->members(), 2u);
    EXPECT_EQ(room->kind(), v1::Room::DIRECT);
    EXPECT_EQ(room->head(), used ? 1u : 0u);
  }
  EXPECT_EQ(Members("carol", "dm:alice:bob").error().code, Code::PERMISSION_DENIED);
}

TEST_F(PeopleTest, UsersAreFoundByPrefixWithoutServicesAndTheDisabled) {
  for (const auto& [name, kind] :
       {std::pair("boa", "bot"), std::pair("bobby", "device"), std::pair("bobs", "service")}) {
    domain::Command command;
    command.mutable_create_user()->set_username(name);
    command.mutable_create_user()->set_kind(kind);
    store_.Apply(std::move(command));
  }
  EXPECT_THAT(Names(*Find("bo")), ElementsAre("boa", "bob", "bobby"));
  EXPECT_THAT(Names(*Find("bob", 1)), ElementsAre("bob"));
  EXPECT_THAT(Names(*Find("bob", 5, Find("bob", 1)->page())), ElementsAre("bobby"));
  EXPECT_THAT(Names(*Find("zz")), IsEmpty());
  EXPECT_EQ(Find("B").error().code, Code::INVALID_ARGUMENT);
  EXPECT_EQ(Find("", 0, "#").error().code, Code::INVALID_ARGUMENT);
  domain::Command disable;
  disable.mutable_set_user_disabled()->set_username("bobby");
  disable.mutable_set_user_disabled()->set_disabled(true);
  store_.Apply(std::move(disable));
  EXPECT_THAT(Names(*Find("bob")), ElementsAre("bob"));
  EXPECT_EQ(Members("bobby", "lobby").error().code, Code::PERMISSION_DENIED)
      << "a disabled user asks nothing";
}

TEST_F(PeopleTest, PublicRoomsAreShownToAllAndOthersAreNot) {
  CreateRoom("square", v1::Room::PUBLIC);
  CreateRoom("arena", v1::Room::PUBLIC);
  CreateRoom("vault", v1::Room::CHANNEL);
  std::vector<std::string> names;
  v1::RoomsListRequest request;
  request.set_public_(true);
  request.set_limit(1);
  for (bool more = true; more;) {
    const auto reply = RoomsList(request, *store_.View(), {UserId::Trusted("bob")}, {});
    ASSERT_TRUE(reply);
    for (const v1::RoomState& room : reply->rooms()) {
      names.push_back(room.room());
      EXPECT_EQ(room.role(), v1::Member::UNSPECIFIED);
    }
    more = reply->more();
    request.set_page(reply->page());
  }
  EXPECT_THAT(names, ElementsAre("arena", "square"));
}

TEST_F(PeopleTest, ADeletedRoomIsToldOnceAsLeft) {
  const LogIndex before = store_.applied();
  store_.Say("lobby", "alice");
  store_.DeleteRoom("lobby");
  const auto sync = [&](const std::string& user, LogIndex since) {
    v1::SyncRequest request;
    request.set_cursor(std::to_string(since.value));
    const auto reply = Sync(request, *store_.View(), {UserId::Trusted(user)}, {});
    EXPECT_TRUE(reply);
    std::vector<std::string> rooms;
    for (const v1::RoomState& room : reply->rooms())
      rooms.push_back(room.room() + (room.left() ? " left" : ""));
    return rooms;
  };
  EXPECT_THAT(sync("bob", before), ElementsAre("lobby left"));
  EXPECT_THAT(sync("bob", store_.applied()), IsEmpty());
  EXPECT_THAT(sync("bob", {}), IsEmpty());
  EXPECT_THAT(sync("mallory", before), IsEmpty()) << "the banned are told nothing";
  store_.CreateRoom("lobby", {{"bob", kMember}});
  EXPECT_THAT(sync("bob", before), ElementsAre("lobby left", "lobby"));
  EXPECT_THAT(sync("alice", before), ElementsAre("lobby left"));
}

}  // namespace
}  // namespace parley::bridge
