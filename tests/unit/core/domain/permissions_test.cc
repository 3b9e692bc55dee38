#include "core/domain/permissions.h"

#include <gtest/gtest.h>

namespace parley::domain {
namespace {

struct Case {
  Role role;
  bool reads;
  bool sends;  // in every kind but a channel
  bool sends_in_channel;
};
constexpr Case kCases[] = {
    {v1::Member::UNSPECIFIED, false, false, false}, {v1::Member::OWNER, true, true, true},
    {v1::Member::MODERATOR, true, true, true},      {v1::Member::MEMBER, true, true, false},
    {v1::Member::READER, true, false, false},       {v1::Member::BANNED, false, false, false},
    {static_cast<Role>(99), false, false, false},  // of a newer version
};

UserRecord Someone(const std::string& kind = "person") {
  UserRecord user;
  user.set_username("bob");
  user.set_kind(kind);
  return user;
}

TEST(Permissions, EveryRoleInEveryKindOfRoom) {
  for (const Case& expected : kCases) {
    SCOPED_TRACE(expected.role);
    EXPECT_EQ(IsReader(expected.role), expected.reads);
    for (int kind = v1::Room::Kind_MIN; kind <= v1::Room::Kind_MAX; ++kind) {
      RoomRecord room;
      room.set_room("lobby");
      room.set_kind(static_cast<RoomKind>(kind));
      for (const char* user : {"person", "device", "bot", "service"}) {
        const bool device = kind == v1::Room::DEVICE && user != std::string("device");
        const bool sends = kind == v1::Room::CHANNEL || device ? expected.sends_in_channel : expected.sends;
        const Status may = MaySend(room, Someone(user), expected.role);
        EXPECT_EQ(may.has_value(), sends) << kind << " " << user;
        if (!may) {
          EXPECT_EQ(may.error().code, Code::PERMISSION_DENIED);
        }
      }
      UserRecord disabled = Someone("device");
      disabled.set_disabled(true);
      EXPECT_FALSE(MaySend(room, disabled, expected.role));
    }
    const Visibility seen = VisibilityOf("lobby", "bob", expected.role, 5, Seq{9});
    EXPECT_EQ(seen.Sees(Seq{5}), expected.reads);
    EXPECT_FALSE(seen.Sees(Seq{4}));
  }
}

constexpr Role kRoles[] = {v1::Member::UNSPECIFIED, v1::Member::OWNER,  v1::Member::MODERATOR,
                           v1::Member::MEMBER,      v1::Member::READER, v1::Member::BANNED};

TEST(Permissions, TheOwnerDecidesOnEverybodyAndAModeratorOnThoseBelow) {
  const auto below = [](Role role) { return role != v1::Member::OWNER && role != v1::Member::MODERATOR; };
  for (const Role actor : kRoles) {
    for (const Role before : kRoles) {
      for (const Role after : kRoles) {
        SCOPED_TRACE(testing::Message() << actor << " " << before << " " << after);
        const bool may =
            actor == v1::Member::OWNER || (actor == v1::Member::MODERATOR && below(before) && below(after));
        const Status said = MayChangeMember(
            {.actor = actor, .before = before, .after = after, .self = false, .last_owner = false});
        EXPECT_EQ(said.has_value(), may);
        if (!said) {
          EXPECT_EQ(said.error().code, Code::PERMISSION_DENIED);
        }
      }
    }
  }
}

TEST(Permissions, WhoLeavesNeedsNoRightButTheLastOwnerStays) {
  for (const Role role : kRoles) {
    MemberRequest leave{
        .actor = role, .before = role, .after = v1::Member::UNSPECIFIED, .self = true, .last_owner = false};
    EXPECT_EQ(MayChangeMember(leave).has_value(), IsReader(role)) << role;
  }
  for (const bool self : {true, false}) {
    for (const Role after : kRoles) {
      const Status said = MayChangeMember({.actor = v1::Member::OWNER,
                                           .before = v1::Member::OWNER,
                                           .after = after,
                                           .self = self,
                                           .last_owner = true});
      EXPECT_EQ(said.has_value(), after == v1::Member::OWNER);
      if (!said) {
        EXPECT_EQ(said.error().code, Code::FAILED_PRECONDITION);
      }
    }
  }
}

TEST(Permissions, SettingsAreTheOwnersAndTheTitleAModeratorsToo) {
  internal::v1::UpdateRoom title;
  title.set_title("t");
  internal::v1::UpdateRoom history = title;
  history.set_history(v1::Room::ALL);
  internal::v1::UpdateRoom days;
  days.set_retention_days(0);
  internal::v1::UpdateRoom bytes;
  bytes.set_max_message_bytes(7);
  for (const Role role : kRoles) {
    SCOPED_TRACE(role);
    const bool owner = role == v1::Member::OWNER;
    EXPECT_EQ(MayUpdateRoom(role, title).has_value(), owner || role == v1::Member::MODERATOR);
    for (const auto& update : {history, days, bytes})
      EXPECT_EQ(MayUpdateRoom(role, update).has_value(), owner);
    EXPECT_EQ(MayDeleteRoom(role).has_value(), owner);
  }
}

TEST(Permissions, OnlyPublicRoomsAreJoinedAndNotByTheBanned) {
  RoomRecord room;
  room.set_room("square");
  for (int kind = v1::Room::Kind_MIN; kind <= v1::Room::Kind_MAX; ++kind) {
    room.set_kind(static_cast<RoomKind>(kind));
    const bool is_public = kind == v1::Room::PUBLIC;
    EXPECT_EQ(MayJoin(room, v1::Member::UNSPECIFIED).has_value(), is_public) << kind;
    EXPECT_FALSE(MayJoin(room, v1::Member::BANNED)) << kind;
  }
}

TEST(Permissions, WithoutARecordOnlyTheTwoOfADirectRoomSeeWhatComes) {
  EXPECT_FALSE(VisibilityOf("lobby", "bob", std::nullopt, 0, Seq{}).member);
  EXPECT_FALSE(VisibilityOf("dm:alice:bob", "carol", std::nullopt, 0, Seq{}).member);
  EXPECT_FALSE(VisibilityOf("dm:alice:bob", "", std::nullopt, 0, Seq{}).member);
  const Visibility seen = VisibilityOf("dm:alice:bob", "bob", std::nullopt, 0, Seq{7});
  EXPECT_FALSE(seen.Sees(Seq{7}));
  EXPECT_TRUE(seen.Sees(Seq{8}));
}

TEST(Permissions, DirectMembersAreTheTwo) {
  EXPECT_TRUE(IsDirectMember("dm:alice:bob", "alice"));
  EXPECT_TRUE(IsDirectMember("dm:alice:bob", "bob"));
  EXPECT_FALSE(IsDirectMember("dm:alice:bob", "ali"));
  EXPECT_FALSE(IsDirectMember("dm:alice:bob", "alice:bob"));
  EXPECT_FALSE(IsDirectMember("lobby", "alice"));
  EXPECT_FALSE(IsDirectMember("dm:", ""));
}

}  // namespace
}  // namespace parley::domain
