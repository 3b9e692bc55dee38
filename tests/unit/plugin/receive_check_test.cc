#include "broker-plugin/acl/receive_check.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/seed.h"
#include "tests/unit/plugin/chat_world.h"

namespace parley::plugin {
namespace {

using parley::testing::Random;
using parley::testing::Seed;
using parley::testing::SeedNote;

class ReceiveCheckTest : public ::testing::Test {
 protected:
  // One step of the world, and of the view.
  void Follow(const domain::Applied& applied) {
    for (const domain::Change& change : applied.changes) view_.Apply(change);
  }
  bool Asked(const std::string& user, const std::string& topic) {
    const std::string client = user + "-1";
    const Identity who{user, client, user == kBridgeUser};
    const Decision decision = check_(who, topic);
    const Decision plain = MayReceive(view_, who, topic);
    EXPECT_EQ(decision.access, plain.access) << user << " " << topic;
    EXPECT_EQ(decision.because, plain.because) << user << " " << topic;
    return decision.access == Access::kAllow;
  }

  ChatWorld world_;
  domain::Directory view_;
  ReceiveCheck check_{view_};
};

TEST_F(ReceiveCheckTest, WhoIsRemovedReceivesNothingMore) {
  const std::string topic = "chat/v1/rooms/lobby/events/pb";
  Follow(world_.CreateUser("ann"));
  Follow(world_.CreateUser("ben"));
  Follow(world_.CreateRoom("lobby", {{"ann", v1::Member::OWNER}, {"ben", v1::Member::MEMBER}}));
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(Asked("ann", topic));
    EXPECT_TRUE(Asked("ben", topic));
    EXPECT_FALSE(Asked("eve", topic));
  }
  Follow(world_.RemoveMember("lobby", "ben"));
  EXPECT_TRUE(Asked("ann", topic));
  EXPECT_FALSE(Asked("ben", topic));
  Follow(world_.DeleteUser("ann"));
  EXPECT_FALSE(Asked("ann", topic));
}

// In random worlds that change: the same as without a memory.
TEST_F(ReceiveCheckTest, RemembersNothingThatHasChanged) {
  const uint64_t seed = Seed();
  SCOPED_TRACE(SeedNote(seed));
  Random random(seed);
  const auto one_of = [&random](const std::vector<std::string>& words) {
    return words[random.Below(words.size())];
  };
  const std::vector<std::string> users = {"ann", "ben", "cat"};
  const std::vector<std::string> rooms = {"lobby", "vault", "attic"};
  for (const std::string& user : users) Follow(world_.CreateUser(user));
  for (int step = 0; step < 3'000; ++step) {
    const std::string room = one_of(rooms);
    const std::string user = one_of(users);
    switch (random.Below(8)) {
      case 0:
        Follow(world_.CreateRoom(room, {{"ann", v1::Member::OWNER}}));
        break;
      case 1:
        Follow(world_.AddMember(room, user));
        break;
      case 2:
        Follow(world_.RemoveMember(room, user));
        break;
      case 3:
        Follow(world_.SetRole(room, user, static_cast<domain::Role>(1 + random.Below(5))));
        break;
      case 4:
        if (random.OneIn(4)) Follow(random.OneIn(2) ? world_.DeleteUser(user) : world_.CreateUser(user));
        break;
      case 5: {
        domain::Command command = world_.Command("admin");
        if (random.OneIn(2)) {
          command.mutable_delete_room()->set_room(room);
        } else {
          command.mutable_set_user_disabled()->set_username(user);
          command.mutable_set_user_disabled()->set_disabled(random.OneIn(2));
        }
        if (random.OneIn(4)) Follow(world_.Apply(command));
        break;
      }
      default:
        break;
    }
    for (int question = 0; question < 6; ++question) {
      Asked(one_of({"ann", "ben", "cat", "eve", "bridge"}),
            one_of({"chat/v1/rooms/" + one_of(rooms) + one_of({"/events/pb", "/events/json", "/presence/pb"}),
                    "chat/v1/rooms/lobby/send/json", "chat/v1/rooms/dm:ann:ben/events/pb",
                    "chat/v1/users/ann/events/pb", "chat/v1/clients/ben-1/acks/json", "a/b"}));
    }
  }
}

}  // namespace
}  // namespace parley::plugin
