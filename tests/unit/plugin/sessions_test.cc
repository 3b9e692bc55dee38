#include "broker-plugin/auth/sessions.h"

#include <set>
#include <utility>

#include <gmock/gmock.h>

namespace parley::plugin {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

constexpr uint64_t kDayMs = uint64_t{24} * 3600 * 1000;

class SessionsTest : public testing::Test {
 protected:
  SessionsTest()
      : sessions_([this](const std::string& client) {
          probed_.push_back(client);
          return held_.contains(client);
        }) {}

  Session& Connect(ClientHandle handle, const std::string& client, const std::string& user,
                   bool outlives = false, bool v5 = false) {
    Session session;
    session.client = client;
    session.user = user;
    session.outlives = outlives;
    session.v5 = v5;
    return sessions_.Connected(handle, std::move(session));
  }
  domain::ClientRecord Bound(const std::string& client, const std::string& user, uint64_t at_ms) {
    domain::ClientRecord record;
    record.set_client(client);
    record.set_username(user);
    record.set_bound_at_ms(at_ms);
    return record;
  }

  int handles_[8] = {};
  const ClientHandle one_ = &handles_[1];
  const ClientHandle two_ = &handles_[2];
  std::set<std::string> held_;  // sessions that the broker has
  std::vector<std::string> probed_;
  Sessions sessions_;
};

TEST_F(SessionsTest, ACleanSessionEndsWithItsConnection) {
  Connect(one_, "phone", "alice");
  EXPECT_EQ(sessions_.OwnerOtherThan("phone", "bob"), "alice");
  EXPECT_EQ(sessions_.OwnerOtherThan("phone", "alice"), std::nullopt);
  EXPECT_EQ(sessions_.Disconnected(one_), std::nullopt);
  EXPECT_EQ(sessions_.Find(one_), nullptr);
  EXPECT_EQ(sessions_.FindClient("phone"), nullptr);
  EXPECT_EQ(sessions_.OwnerOtherThan("phone", "bob"), std::nullopt);
  EXPECT_THAT(sessions_.ClientsOf("alice"), IsEmpty());
  EXPECT_THAT(probed_, IsEmpty());
}

TEST_F(SessionsTest, ASessionThatOutlivesItsConnectionStaysItsOwnersUntilTheBrokerDropsIt) {
  Connect(one_, "phone", "alice", /*outlives=*/true);
  held_ = {"phone"};
  EXPECT_EQ(sessions_.Disconnected(one_), "phone");
  EXPECT_NE(sessions_.Settle("phone"), nullptr);
  EXPECT_EQ(sessions_.OwnerOtherThan("phone", "bob"), "alice");
  EXPECT_THAT(sessions_.ClientsOf("alice"), ElementsAre("phone"));
  held_.clear();
  EXPECT_EQ(sessions_.OwnerOtherThan("phone", "bob"), std::nullopt);
  EXPECT_EQ(sessions_.FindClient("phone"), nullptr);
}

TEST_F(SessionsTest, WhetherAVersion5SessionStaysIsAskedOfTheBroker) {
  Connect(one_, "phone", "alice", false, /*v5=*/true);
  EXPECT_EQ(sessions_.Disconnected(one_), "phone");
  EXPECT_EQ(sessions_.Settle("phone"), nullptr);
  EXPECT_EQ(sessions_.FindClient("phone"), nullptr);
}

TEST_F(SessionsTest, ASessionThatIsBackBeforeItIsSettledIsLeftAlone) {
  Connect(one_, "phone", "alice", false, true);
  sessions_.Disconnected(one_);
  Connect(two_, "phone", "alice", false, true);
  EXPECT_EQ(sessions_.Settle("phone"), nullptr);
  EXPECT_THAT(probed_, IsEmpty()) << "asking kicks";
  EXPECT_NE(sessions_.Find(two_), nullptr);
}

// The broker tells of the older connection's end after the newer one's login.
TEST_F(SessionsTest, AtATakeOverTheOlderHandlesEndIsIgnored) {
  Connect(one_, "phone", "alice");
  Connect(two_, "phone", "alice");
  EXPECT_EQ(sessions_.Find(one_), nullptr);
  EXPECT_EQ(sessions_.Disconnected(one_), std::nullopt);
  ASSERT_NE(sessions_.Find(two_), nullptr);
  EXPECT_EQ(sessions_.Find(two_)->client, "phone");
  EXPECT_EQ(sessions_.connected_count(), 1U);
  EXPECT_THAT(sessions_.ClientsOf("alice"), ElementsAre("phone"));
}

TEST_F(SessionsTest, AClientThatReturnsFromOfflineIsToldOfASecondTime) {
  Connect(one_, "phone", "alice", true);
  sessions_.Disconnected(one_);
  Connect(two_, "phone", "alice", true);
  EXPECT_EQ(sessions_.Disconnected(one_), std::nullopt);
  EXPECT_NE(sessions_.Find(two_), nullptr);
}

TEST_F(SessionsTest, AHandleThatIsUsedAgainBelongsToItsNewClient) {
  Connect(one_, "old", "alice", true);  // its end was never told
  Connect(one_, "new", "bob");
  ASSERT_NE(sessions_.Find(one_), nullptr);
  EXPECT_EQ(sessions_.Find(one_)->client, "new");
  EXPECT_FALSE(sessions_.FindClient("old")->connected);
  Connect(two_, "old", "alice");
  ASSERT_NE(sessions_.Find(one_), nullptr) << "the old session's return takes nothing away";
  EXPECT_EQ(sessions_.Find(one_)->user, "bob");
  EXPECT_EQ(sessions_.connected_count(), 2U);
}

TEST_F(SessionsTest, BindingsOfThirtyDaysAreRestored) {
  const uint64_t now = 100 * kDayMs;
  sessions_.Restore({Bound("young", "alice", now - 29 * kDayMs), Bound("old", "alice", now - 31 * kDayMs)},
                    now);
  held_ = {"young", "old"};
  EXPECT_EQ(sessions_.OwnerOtherThan("young", "bob"), "alice");
  EXPECT_EQ(sessions_.OwnerOtherThan("old", "bob"), std::nullopt);
  EXPECT_EQ(sessions_.FindClient("young")->bound_at_ms, now - 29 * kDayMs);
  EXPECT_TRUE(sessions_.AnyAckInterest("young", Encoding::kPb)) << "its subscriptions are unknown";
  EXPECT_EQ(sessions_.connected_count(), 0U);
}

TEST_F(SessionsTest, ABindingIsKeptOverReconnectsOfItsUserOnly) {
  sessions_.Restore({Bound("phone", "alice", 7)}, 7);
  EXPECT_EQ(Connect(one_, "phone", "alice").bound_at_ms, 7U);
  sessions_.Disconnected(one_);
  EXPECT_EQ(Connect(two_, "phone", "bob").bound_at_ms, std::nullopt);
}

TEST_F(SessionsTest, ANewUserOfADeletedNameOwnsNoneOfItsClientIds) {
  Connect(one_, "phone", "alice", true);
  sessions_.Disconnected(one_);
  sessions_.Orphan("alice");
  held_ = {"phone"};
  EXPECT_EQ(sessions_.OwnerOtherThan("phone", "alice"), "") << "what the broker queued is the deleted user's";
  EXPECT_TRUE(sessions_.ClientsOf("alice").empty());
  held_ = {};
  EXPECT_EQ(sessions_.OwnerOtherThan("phone", "alice"), std::nullopt);
}

TEST_F(SessionsTest, InterestIsOfAnySessionOfTheUser) {
  sessions_.AddInterest(Connect(one_, "phone", "alice"), "chat/v1/users/alice/events/json");
  Connect(two_, "tablet", "alice");
  EXPECT_TRUE(sessions_.interest().AnyOfUser("alice", Encoding::kJson));
  EXPECT_FALSE(sessions_.interest().AnyOfUser("alice", Encoding::kPb));
  EXPECT_FALSE(sessions_.interest().AnyOfUser("bob", Encoding::kJson));
  EXPECT_FALSE(sessions_.AnyAckInterest("phone", Encoding::kJson));
  EXPECT_THAT(sessions_.ClientsOf("alice"), UnorderedElementsAre("phone", "tablet"));
  sessions_.Disconnected(one_);
  EXPECT_FALSE(sessions_.interest().AnyOfUser("alice", Encoding::kJson));
}

TEST_F(SessionsTest, InterestInRoomsIsCountedByNameOrForAll) {
  const auto any = [this](const char* room, Encoding encoding) {
    return sessions_.interest().AnyInRoom(room, encoding);
  };
  Session& phone = Connect(one_, "phone", "alice");
  EXPECT_FALSE(any("lobby", Encoding::kPb));
  sessions_.AddInterest(phone, "chat/v1/rooms/lobby/events/+");
  sessions_.AddInterest(phone, "chat/v1/rooms/lobby/events/pb");
  EXPECT_TRUE(any("lobby", Encoding::kPb));
  EXPECT_TRUE(any("lobby", Encoding::kJson));
  EXPECT_FALSE(any("attic", Encoding::kPb));
  sessions_.AddInterest(Connect(two_, "tablet", "admin"), "chat/v1/rooms/+/events/pb");
  EXPECT_TRUE(any("attic", Encoding::kPb));
  EXPECT_FALSE(any("attic", Encoding::kJson));
  sessions_.Disconnected(two_);
  EXPECT_FALSE(any("attic", Encoding::kPb));
  sessions_.Disconnected(one_);
  EXPECT_FALSE(any("lobby", Encoding::kPb));
}

TEST_F(SessionsTest, StrangersAreUnknown) {
  EXPECT_EQ(sessions_.Find(one_), nullptr);
  EXPECT_EQ(sessions_.Disconnected(one_), std::nullopt);
  EXPECT_EQ(sessions_.Disconnected(nullptr), std::nullopt);
  EXPECT_EQ(sessions_.Settle("nobody"), nullptr);
  EXPECT_FALSE(sessions_.AnyAckInterest("nobody", Encoding::kJson));
}

}  // namespace
}  // namespace parley::plugin
