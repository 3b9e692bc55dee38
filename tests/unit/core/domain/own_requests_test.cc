// What users ask for themselves: their rights in the room decide, at apply().

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

constexpr auto kOwner = v1::Member::OWNER;
constexpr auto kModerator = v1::Member::MODERATOR;
constexpr auto kMember = v1::Member::MEMBER;
constexpr auto kReader = v1::Member::READER;
constexpr auto kBanned = v1::Member::BANNED;

Command As(std::string_view user, Command command) {
  command.mutable_origin()->set_user(std::string(user));
  command.mutable_origin()->set_as_member(true);
  return command;
}
Command Join(std::string_view room) {
  Command command = By("");
  command.mutable_join_room()->set_room(std::string(room));
  return command;
}
Command Leave(std::string_view room) {
  Command command = By("");
  command.mutable_leave_room()->set_room(std::string(room));
  return command;
}
Command Delete(std::string_view room) {
  Command command = By("admin");
  command.mutable_delete_room()->set_room(std::string(room));
  return command;
}
Command Retitle(std::string_view room, std::string_view title) {
  Command command = By("admin");
  command.mutable_update_room()->set_room(std::string(room));
  command.mutable_update_room()->set_title(std::string(title));
  return command;
}
Command Disable(std::string_view user, bool disabled = true) {
  Command command = By("admin");
  command.mutable_set_user_disabled()->set_username(std::string(user));
  command.mutable_set_user_disabled()->set_disabled(disabled);
  return command;
}

class OwnRequestsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    for (const char* user : {"olga", "otto", "mona", "mike", "rita", "ben", "sam"}) Do(CreateUser(user));
    Do(CreateRoom(
        "team",
        {{"olga", kOwner}, {"mona", kModerator}, {"mike", kMember}, {"rita", kReader}, {"ben", kBanned}}));
  }

  domain::Applied Do(const Command& command) { return machine_.Do(command); }
  Code Ask(std::string_view user, const Command& command) {
    const domain::Applied applied = Do(As(user, command));
    if (applied.code != Code::OK) {
      EXPECT_THAT(applied.changes, IsEmpty()) << "a refused command leaves no trace";
      EXPECT_THAT(applied.events, IsEmpty());
      EXPECT_NE(applied.reason, "");
    }
    return applied.code;
  }
  Role RoleOf(std::string_view room, std::string_view user) {
    const domain::Membership* membership = machine_.directory().FindMembership(room, user);
    return membership == nullptr ? v1::Member::UNSPECIFIED : membership->role;
  }
  static v1::Event EventOf(const domain::Applied& applied) {
    v1::Event event;
    if (!applied.events.empty()) event.ParseFromString(applied.events.back().bytes);
    return event;
  }
  static std::string ChangeIn(const domain::Applied& applied) {
    const v1::Event event = EventOf(applied);
    if (event.membership().changes_size() != 1) return "none";
    const v1::MembershipChange& change = event.membership().changes(0);
    return change.user() + " " + v1::MembershipChange::Change_Name(change.change()) + " " +
           v1::Member::Role_Name(change.role()) + " by " + change.by();
  }

  Machine machine_;
};

TEST_F(OwnRequestsTest, WhoMayAddRemoveAndSetRoles) {
  const struct {
    const char* actor;
    Command command;
    Code code;
  } cases[] = {
      {"rita", AddMember("team", "sam"), Code::PERMISSION_DENIED},
      {"mike", AddMember("team", "sam"), Code::PERMISSION_DENIED},
      {"ben", AddMember("team", "sam"), Code::PERMISSION_DENIED},
      {"sam", AddMember("team", "sam"), Code::PERMISSION_DENIED},
      {"mona", AddMember("team", "sam", kModerator), Code::PERMISSION_DENIED},
      {"mona", AddMember("team", "sam", kReader), Code::OK},
      {"mona", AddMember("team", "sam"), Code::ALREADY_EXISTS},
      {"mona", AddMember("team", "nobody"), Code::NOT_FOUND},
      {"mona", SetMemberRole("team", "sam", kOwner), Code::PERMISSION_DENIED},
      {"mona", SetMemberRole("team", "sam", kMember), Code::OK},
      {"mona", SetMemberRole("team", "sam", kMember), Code::ALREADY_EXISTS},
      {"mona", SetMemberRole("team", "sam", kBanned), Code::OK},
      {"mona", SetMemberRole("team", "olga", kReader), Code::PERMISSION_DENIED},
      {"mona", RemoveMember("team", "olga"), Code::PERMISSION_DENIED},
      {"mona", RemoveMember("team", "sam"), Code::OK},
      {"mona", RemoveMember("team", "sam"), Code::NOT_FOUND},
      {"mike", RemoveMember("team", "rita"), Code::PERMISSION_DENIED},
      {"olga", SetMemberRole("team", "mike", kModerator), Code::OK},
      {"olga", RemoveMember("team", "mona"), Code::OK},
      {"olga", SetMemberRole("team", "sam", kReader), Code::NOT_FOUND},
      {"olga", SetMemberRole("team", "olga", kMember), Code::FAILED_PRECONDITION},
      {"olga", RemoveMember("team", "olga"), Code::FAILED_PRECONDITION},
      {"olga", Leave("team"), Code::FAILED_PRECONDITION},
      {"olga", AddMember("team", "otto", kOwner), Code::OK},
      {"olga", RemoveMember("team", "olga"), Code::OK},
      {"otto", Leave("team"), Code::FAILED_PRECONDITION},
  };
  int number = 0;
  for (const auto& [actor, command, code] : cases) {
    EXPECT_EQ(Ask(actor, command), code) << number << ": " << actor << " " << command.ShortDebugString();
    ++number;
  }
}

TEST_F(OwnRequestsTest, ToStrangersARoomThatIsNotTheirsLooksLikeNone) {
  for (const char* room : {"team", "no-such-room"}) {
    for (const Command& command : {AddMember(room, "sam"), RemoveMember(room, "mike"),
                                   SetMemberRole(room, "mike", kOwner), Retitle(room, "x"), Delete(room)}) {
      EXPECT_EQ(Do(As("sam", command)).reason, "sam is not a member of " + std::string(room));
    }
    EXPECT_EQ(Do(As("sam", Join(room))).reason, "there is no public room " + std::string(room));
    EXPECT_EQ(Ask("sam", Join(room)), Code::PERMISSION_DENIED);
    EXPECT_EQ(Ask("sam", Leave(room)), Code::NOT_FOUND);
    EXPECT_EQ(Ask("sam", RemoveMember(room, "sam")), Code::NOT_FOUND);
  }
  EXPECT_EQ(Ask("ben", Retitle("team", "x")), Code::PERMISSION_DENIED);
}

TEST_F(OwnRequestsTest, DirectRoomsHaveTheirTwoUsers) {
  Do(Send("mike", "dm:mike:mona", "m1"));
  for (const char* room : {"dm:mike:mona", "dm:mike:olga"}) {
    for (const Command& command :
         {AddMember(room, "sam"), RemoveMember(room, "mona"), RemoveMember(room, "mike"),
          SetMemberRole(room, "mike", kOwner), Retitle(room, "x"), Delete(room), Join(room), Leave(room),
          CreateRoom(room, {{"mike", kOwner}})}) {
      EXPECT_EQ(Ask("mike", command), Code::FAILED_PRECONDITION) << command.ShortDebugString();
    }
  }
}

TEST_F(OwnRequestsTest, JoinAndLeaveAPublicRoom) {
  Do(CreateRoom("square", {{"olga", kOwner}, {"ben", kBanned}}, v1::Room::PUBLIC, v1::Room::SINCE_JOIN));
  EXPECT_EQ(ChangeIn(Do(As("sam", Join("square")))), "sam JOINED MEMBER by sam");
  EXPECT_EQ(machine_.directory().FindMembership("square", "sam")->visible_from, 2u);
  EXPECT_EQ(Ask("sam", Join("square")), Code::ALREADY_EXISTS);
  EXPECT_EQ(Ask("ben", Join("square")), Code::PERMISSION_DENIED);
  EXPECT_EQ(Ask("ben", Leave("square")), Code::NOT_FOUND) << "a ban does not end by leaving";
  const domain::Applied left = Do(As("sam", RemoveMember("square", "sam")));
  EXPECT_EQ(ChangeIn(left), "sam LEFT MEMBER by sam");
  EXPECT_THAT(left.events[0].also_to, ElementsAre(UserId::Trusted("sam")));
  EXPECT_EQ(Ask("sam", Join("square")), Code::OK);
  EXPECT_EQ(machine_.directory().FindMembership("square", "sam")->visible_from, 4u)
      << "by the new membership";
}

TEST_F(OwnRequestsTest, AMembersRoomHasAnOwnerAndItsSettings) {
  Command create = CreateRoom("club", {{"sam", kOwner}, {"mike", kReader}}, v1::Room::CHANNEL);
  create.mutable_create_room()->set_retention_days(30);
  create.mutable_create_room()->set_max_message_bytes(20);
  EXPECT_EQ(Ask("sam", create), Code::OK);
  EXPECT_EQ(Ask("mike", create), Code::ALREADY_EXISTS);
  EXPECT_EQ(machine_.directory().FindRoom("club")->record.retention_days(), 30u);
  EXPECT_EQ(Do(Send("sam", "club", "m1", "short")).ack->code(), Code::OK);
  const domain::Applied large = Do(Send("sam", "club", "m2", "this text has more than twenty bytes"));
  EXPECT_EQ(large.ack->code(), Code::RESOURCE_EXHAUSTED);
  EXPECT_THAT(large.events, IsEmpty());
  EXPECT_EQ(Do(Send("mike", "club", "m3", "x")).ack->code(), Code::PERMISSION_DENIED);
}

TEST_F(OwnRequestsTest, ARoomsLimitIsOfTheDraftWithoutItsId) {
  Command create = CreateRoom("tight", {{"sam", kOwner}});
  create.mutable_create_room()->set_max_message_bytes(9);  // text{text} in protobuf: 4 bytes and the text
  Do(create);
  for (const char* id : {"", "m", "a-message-id-of-some-length"}) {
    EXPECT_EQ(Do(Send("sam", "tight", id, "12345")).ack->code(), Code::OK) << id;
    EXPECT_EQ(Do(Send("sam", "tight", std::string(id) + "x", "123456")).ack->code(),
              Code::RESOURCE_EXHAUSTED);
  }
}

TEST_F(OwnRequestsTest, AnUpdateTellsTheRoomAndOneOfNothingDoesNot) {
  const domain::Applied updated = Do(As("mona", Retitle("team", "The team")));
  const v1::Event event = EventOf(updated);
  EXPECT_EQ(event.room_change().title(), "The team");
  EXPECT_FALSE(event.room_change().deleted());
  EXPECT_EQ(updated.events[0].own_ordinal, 0u);
  EXPECT_EQ(machine_.directory().FindRoom("team")->record.title(), "The team");
  EXPECT_EQ(Ask("mona", Retitle("team", "The team")), Code::ALREADY_EXISTS);
  EXPECT_EQ(Ask("mike", Retitle("team", "Mike's")), Code::PERMISSION_DENIED);
  Command since = Retitle("team", "The team");
  since.mutable_update_room()->set_history(v1::Room::SINCE_JOIN);
  EXPECT_EQ(Ask("mona", since), Code::PERMISSION_DENIED);
  EXPECT_EQ(Ask("olga", since), Code::OK);
  EXPECT_EQ(machine_.directory().FindMembership("team", "mike")->visible_from, 1u)
      << "of those who come after";
  Do(AddMember("team", "sam"));
  EXPECT_EQ(machine_.directory().FindMembership("team", "sam")->visible_from,
            machine_.HeadOf("team").seq.value);
}

TEST_F(OwnRequestsTest, ADeletedRoomSaysSoToItsMembersAndIsGone) {
  Do(Send("mike", "team", "m1"));
  EXPECT_EQ(Ask("mona", Delete("team")), Code::PERMISSION_DENIED);
  const uint64_t rid = machine_.directory().FindRoom("team")->record.rid();
  const domain::Applied gone = Do(As("olga", Delete("team")));
  EXPECT_EQ(gone.code, Code::OK);
  EXPECT_TRUE(gone.events_first);
  EXPECT_TRUE(EventOf(gone).room_change().deleted());
  EXPECT_EQ(EventOf(gone).seq(), 3u);
  ASSERT_THAT(gone.changes, SizeIs(1));
  const auto& change = std::get<domain::RoomGone>(gone.changes[0]);
  EXPECT_THAT(change.records, SizeIs(5));
  EXPECT_THAT(change.members, SizeIs(4)) << "the banned are told nothing";
  EXPECT_EQ(machine_.directory().FindRoom("team"), nullptr);
  EXPECT_THAT(machine_.directory().FindUser("mike")->rooms, IsEmpty());
  EXPECT_EQ(Do(Send("mike", "team", "m1")).ack->code(), Code::NOT_FOUND);
  // The name is free, and nothing of the old room comes back.
  EXPECT_EQ(Ask("sam", CreateRoom("team", {{"sam", kOwner}})), Code::OK);
  EXPECT_NE(machine_.directory().FindRoom("team")->record.rid(), rid);
  EXPECT_EQ(machine_.HeadOf("team").seq.value, 1u);
  EXPECT_EQ(RoleOf("team", "mike"), v1::Member::UNSPECIFIED);
  EXPECT_FALSE(Do(Send("sam", "team", "m1")).ack->duplicate());
}

TEST_F(OwnRequestsTest, ADisabledUserDoesAndGetsNothingUntilEnabled) {
  EXPECT_EQ(Do(Disable("mike")).code, Code::OK);
  EXPECT_EQ(Do(Disable("mike")).code, Code::ALREADY_EXISTS);
  EXPECT_EQ(Do(Send("mike", "team", "m1")).ack->code(), Code::PERMISSION_DENIED);
  EXPECT_EQ(Do(Send("mike", "dm:mike:mona", "m1")).ack->code(), Code::PERMISSION_DENIED);
  EXPECT_EQ(machine_.directory().FindRoom("dm:mike:mona"), nullptr);
  EXPECT_EQ(Ask("mike", Leave("team")), Code::PERMISSION_DENIED);
  EXPECT_FALSE(domain::MayReceive(machine_.directory(), "team", "mike"));
  EXPECT_FALSE(domain::MayReceive(machine_.directory(), "dm:mike:mona", "mike"));
  EXPECT_EQ(Do(Disable("mike", false)).code, Code::OK);
  EXPECT_TRUE(domain::MayReceive(machine_.directory(), "team", "mike"));
  EXPECT_EQ(Do(Send("mike", "team", "m1")).ack->code(), Code::OK);
}

TEST_F(OwnRequestsTest, ProfileAndPasswordAreOnesOwn) {
  Command profile = By("");
  profile.mutable_update_user()->set_username("mike");
  profile.mutable_update_user()->set_display_name("Mike");
  EXPECT_EQ(Ask("mona", profile), Code::PERMISSION_DENIED);
  EXPECT_EQ(Ask("mike", profile), Code::OK);
  EXPECT_EQ(Ask("mike", profile), Code::ALREADY_EXISTS);
  EXPECT_EQ(machine_.directory().FindUser("mike")->record.display_name(), "Mike");
  Command password = By("");
  password.mutable_set_password()->set_username("mike");
  password.mutable_set_password()->set_password_hash("new");
  password.mutable_set_password()->set_expected_hash("another");
  EXPECT_EQ(Ask("mona", password), Code::PERMISSION_DENIED);
  EXPECT_EQ(Ask("mike", password), Code::FAILED_PRECONDITION);
  password.mutable_set_password()->clear_expected_hash();
  EXPECT_EQ(Ask("mike", password), Code::OK);
}

TEST_F(OwnRequestsTest, NobodyHasMoreRoomsThanMayBe) {
  Command config = By("admin");
  config.mutable_set_config()->set_rooms_per_user(1);
  EXPECT_EQ(Do(config).code, Code::OK);
  EXPECT_EQ(Do(config).code, Code::ALREADY_EXISTS);
  EXPECT_EQ(Ask("sam", CreateRoom("one", {{"sam", kOwner}}, v1::Room::PUBLIC)), Code::OK);
  EXPECT_EQ(Ask("sam", CreateRoom("two", {{"sam", kOwner}})), Code::RESOURCE_EXHAUSTED);
  EXPECT_EQ(Ask("mike", Join("one")), Code::RESOURCE_EXHAUSTED);
  EXPECT_EQ(Ask("olga", AddMember("team", "sam")), Code::RESOURCE_EXHAUSTED);
  EXPECT_EQ(Do(Send("sam", "dm:olga:sam", "m1")).ack->code(), Code::RESOURCE_EXHAUSTED);
  EXPECT_EQ(machine_.directory().FindRoom("dm:olga:sam"), nullptr);
  EXPECT_EQ(Ask("sam", Delete("one")), Code::OK);
  EXPECT_EQ(Do(Send("sam", "dm:otto:sam", "m1")).ack->code(), Code::OK);
  EXPECT_EQ(Do(Send("otto", "dm:otto:sam", "m1")).ack->code(), Code::OK);
  EXPECT_EQ(Do(AddMember("team", "sam")).code, Code::OK) << "an administrator knows what they do";
}

}  // namespace
}  // namespace parley::testing
