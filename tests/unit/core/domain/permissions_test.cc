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

TEST(Permissions, EveryRoleInEveryKindOfRoom) {
  for (const Case& expected : kCases) {
    SCOPED_TRACE(expected.role);
    EXPECT_EQ(IsReader(expected.role), expected.reads);
    for (int kind = v1::Room::Kind_MIN; kind <= v1::Room::Kind_MAX; ++kind) {
      RoomRecord room;
      room.set_room("lobby");
      room.set_kind(static_cast<RoomKind>(kind));
      const bool sends = kind == v1::Room::CHANNEL ? expected.sends_in_channel : expected.sends;
      const Status may = MaySend(room, "bob", expected.role);
      EXPECT_EQ(may.has_value(), sends) << kind;
      if (!may) {
        EXPECT_EQ(may.error().code, Code::PERMISSION_DENIED);
      }
    }
    const Visibility seen = VisibilityOf("lobby", "bob", expected.role, 5, Seq{9});
    EXPECT_EQ(seen.Sees(Seq{5}), expected.reads);
    EXPECT_FALSE(seen.Sees(Seq{4}));
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
