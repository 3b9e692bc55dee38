#include "broker-plugin/delivery/delivery.h"

#include <utility>

#include <gmock/gmock.h>

#include "broker-plugin/acl/access.h"
#include "parley/internal/v1/envelope.pb.h"
#include "tests/unit/plugin/chat_world.h"
#include "tests/unit/plugin/fake_broker.h"

namespace parley::plugin {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

constexpr auto kMember = v1::Member::MEMBER;

// "1 2 3": the seqs of the events that came on a topic, in pb.
std::string Seqs(const FakeClient& client, const std::string& topic) {
  std::string seqs;
  for (const std::string& payload : client.On(topic)) {
    v1::Event event;
    event.ParseFromString(payload);
    if (!seqs.empty()) seqs += ' ';
    seqs += std::to_string(event.seq());
  }
  return seqs;
}

class DeliveryTest : public testing::Test {
 protected:
  DeliveryTest() : sessions_([](const std::string&) { return true; }) {
    for (const char* user : {"alice", "bob", "carol"}) world_.CreateUser(user);
    world_.CreateRoom("lobby", {{"alice", kMember}, {"bob", kMember}});
    view_ = world_.Copy();
    broker_.may_receive = [this](FakeClient& client, const Delivered& message) {
      if (&client == doorbell_) {
        if (message.topic == kBarrierTopic) delivery_->OnBarrierAsked(message.payload);
        return false;
      }
      return MayReceive(view_, {client.user, client.id, client.user == "bridge"}, message.topic).access ==
             Access::kAllow;
    };
    delivery_ = std::make_unique<Delivery>(
        broker_, view_, sessions_,
        Delivery::Hooks{.ring = [this] { ++rings_; },
                        .answered = [this](const domain::Applied& applied) { Answered(applied); },
                        .will_change = [this](const domain::Change&) { ++changes_; },
                        .released = [this](LogIndex committed) { released_ = committed; },
                        .routed = [] {}},
        world_.index());
  }

  // A client of a user with everything that they may subscribe to.
  FakeClient& Client(const std::string& id, const std::string& user) {
    FakeClient& client = broker_.Add({.id = id, .user = user});
    client.filters = {RoomEventsTopic("lobby", Encoding::kPb), UserEventsTopic(user, Encoding::kPb),
                      AcksTopic(id, Encoding::kJson)};
    Session session;
    session.client = id;
    session.user = user;
    for (const std::string& filter : client.filters) session.interest.Add(filter, user, id);
    sessions_.Connected(&client, std::move(session));
    return client;
  }
  void ConnectDoorbell() {
    doorbell_ = &broker_.Add({.id = "doorbell", .user = ""});
    doorbell_->filters = {std::string(kBarrierTopic)};
    delivery_->SetDoorbell(true);
  }
  void DisconnectDoorbell() {
    broker_.Erase(*std::exchange(doorbell_, nullptr));
    delivery_->SetDoorbell(false);
  }
  void Commit(std::vector<domain::Applied> applied) {
    const LogIndex last = applied.back().index;
    delivery_->OnCommitted({.last = last, .applied = std::move(applied), .committed_ms = committed_ms_});
  }
  // One pass of the broker's loop; the doorbell rings in it when there is one.
  void Pass() {
    broker_.NextPass();
    if (doorbell_ != nullptr && std::exchange(rings_, 0) > 0) delivery_->Drain();
    delivery_->OnTick();
  }
  void Passes(int count) {
    for (int i = 0; i < count; ++i) Pass();
  }
  bool Sees(const std::string& user) const {
    return MayReceive(view_, {user, "", false}, "chat/v1/rooms/lobby/events/pb").access == Access::kAllow;
  }
  virtual void Answered(const domain::Applied& applied) { answered_.push_back(applied.origin.token()); }

  const std::string room_ = RoomEventsTopic("lobby", Encoding::kPb);
  const std::string bob_ = UserEventsTopic("bob", Encoding::kPb);
  const std::string carol_ = UserEventsTopic("carol", Encoding::kPb);
  ChatWorld world_;
  FakeBroker broker_;
  domain::Directory view_;
  Sessions sessions_;
  std::unique_ptr<Delivery> delivery_;
  FakeClient* doorbell_ = nullptr;
  int rings_ = 0;
  int changes_ = 0;
  LogIndex released_;
  uint64_t committed_ms_ = 0;  // of what is committed next
  std::vector<uint64_t> answered_;
};

// Every rule holds with the doorbell and without it.
class DeliveryBothWaysTest : public DeliveryTest, public testing::WithParamInterface<bool> {
 protected:
  void SetUp() override {
    if (GetParam()) ConnectDoorbell();
    Passes(4);
  }
};
INSTANTIATE_TEST_SUITE_P(Doorbell, DeliveryBothWaysTest, testing::Bool(),
                         [](const auto& way) { return way.param ? "Present" : "Absent"; });

TEST_P(DeliveryBothWaysTest, InboxItemsGoToTheirUserInTheEncodingsThatSomebodyTakes) {
  const auto take = [this](const std::string& id, const std::string& user, Encoding encoding) -> FakeClient& {
    FakeClient& client = broker_.Add({.id = id, .user = user});
    client.filters = {UserInboxTopic(user, encoding)};
    Session session;
    session.client = id;
    session.user = user;
    session.interest.Add(client.filters.front(), user, id);
    sessions_.Connected(&client, std::move(session));
    return client;
  };
  FakeClient& phone = take("c1", "carol", Encoding::kPb);
  FakeClient& laptop = take("c2", "carol", Encoding::kJson);
  FakeClient& alice = take("a1", "alice", Encoding::kPb);
  Commit({world_.AddMember("lobby", "carol"), world_.RemoveMember("lobby", "carol")});
  Passes(6);
  const std::vector<std::string> items = phone.On(UserInboxTopic("carol", Encoding::kPb));
  ASSERT_THAT(items, SizeIs(2));
  v1::InboxItem item;
  ASSERT_TRUE(item.ParseFromString(items[0]));
  EXPECT_EQ(item.useq(), 1u);
  EXPECT_EQ(item.room_added().room(), "lobby");
  ASSERT_TRUE(item.ParseFromString(items[1]));
  EXPECT_EQ(item.useq(), 2u);
  EXPECT_EQ(item.room_removed().room(), "lobby");
  const std::vector<std::string> json = laptop.On(UserInboxTopic("carol", Encoding::kJson));
  ASSERT_THAT(json, SizeIs(2));
  EXPECT_THAT(json[0], testing::HasSubstr("\"roomAdded\""));
  EXPECT_TRUE(alice.inbox.empty());
}

// A room of thousands is made in slices, and every member is told once.
TEST_P(DeliveryBothWaysTest, ManyInboxItemsAreSliced) {
  std::vector<std::pair<std::string, domain::Role>> members;
  std::vector<FakeClient*> clients;
  std::vector<domain::Applied> applied;
  for (int i = 0; i < 1500; ++i) {
    const std::string user = "user" + std::to_string(i);
    applied.push_back(world_.CreateUser(user));
    members.emplace_back(user, kMember);
  }
  Commit(std::move(applied));
  Passes(10);
  for (const auto& [user, role] : members) {
    FakeClient& client = broker_.Add({.id = user, .user = user});
    client.filters = {UserInboxTopic(user, Encoding::kPb)};
    Session session;
    session.client = user;
    session.user = user;
    session.interest.Add(client.filters.front(), user, user);
    sessions_.Connected(&client, std::move(session));
    clients.push_back(&client);
  }
  Commit({world_.CreateRoom("hall", members)});
  Pass();
  Passes(20);
  for (const FakeClient* client : clients) ASSERT_THAT(client->inbox, SizeIs(1)) << client->id;
}

TEST_P(DeliveryBothWaysTest, EventsComeInOrderAndTheAckAfterTheEvent) {
  FakeClient& alice = Client("a1", "alice");
  Commit({world_.Send("alice", "lobby", "m1", "a1"), world_.Send("alice", "lobby", "m2", "a1")});
  Passes(6);
  std::vector<std::string> topics;
  for (const Delivered& message : alice.inbox) topics.push_back(message.topic);
  const std::string own = UserEventsTopic("alice", Encoding::kPb);
  const std::string ack = AcksTopic("a1", Encoding::kJson);
  EXPECT_THAT(topics, ElementsAre(room_, own, ack, room_, own, ack));
  EXPECT_EQ(Seqs(alice, room_), "2 3");
}

TEST_P(DeliveryBothWaysTest, PostAddPostInOneBatchGivesTheAddedTheirPartOnly) {
  FakeClient& bob = Client("b1", "bob");
  FakeClient& carol = Client("c1", "carol");
  Commit({world_.Send("alice", "lobby", "m1"), world_.AddMember("lobby", "carol"),
          world_.Send("alice", "lobby", "m2")});
  Passes(12);
  EXPECT_EQ(Seqs(carol, room_), "3 4");
  EXPECT_EQ(Seqs(carol, carol_), "3 4");
  EXPECT_EQ(Seqs(bob, room_), "2 3 4");
  EXPECT_EQ(Seqs(bob, bob_), "2 3 4");
}

TEST_P(DeliveryBothWaysTest, PostRemovePostInOneBatchGivesTheRemovedNothingAfterTheRemoval) {
  FakeClient& alice = Client("a1", "alice");
  FakeClient& bob = Client("b1", "bob");
  Commit({world_.Send("alice", "lobby", "m1"), world_.RemoveMember("lobby", "bob"),
          world_.Send("alice", "lobby", "m2")});
  Passes(12);
  EXPECT_EQ(Seqs(bob, room_), "2");
  EXPECT_EQ(Seqs(bob, bob_), "2 3") << "the removal itself comes on the user's own topic";
  EXPECT_EQ(Seqs(alice, room_), "2 3 4");
}

TEST_P(DeliveryBothWaysTest, ABannedMemberGetsNothingAfterTheBan) {
  FakeClient& bob = Client("b1", "bob");
  Commit({world_.Send("alice", "lobby", "m1"), world_.SetRole("lobby", "bob", v1::Member::BANNED),
          world_.Send("alice", "lobby", "m2")});
  Passes(12);
  EXPECT_EQ(Seqs(bob, room_), "2");
  EXPECT_EQ(Seqs(bob, bob_), "2 3");
}

TEST_P(DeliveryBothWaysTest, ADeletedUserGetsNothingAfterTheDeletion) {
  FakeClient& bob = Client("b1", "bob");
  FakeClient& alice = Client("a1", "alice");
  Commit(
      {world_.Send("alice", "lobby", "m1"), world_.DeleteUser("bob"), world_.Send("alice", "lobby", "m2")});
  Passes(12);
  EXPECT_EQ(Seqs(bob, room_), "2");
  EXPECT_EQ(Seqs(bob, bob_), "2");
  EXPECT_EQ(Seqs(alice, room_), "2 3 4");
}

TEST_P(DeliveryBothWaysTest, AViewChangeWaitsUntilWhatWasPublishedBeforeIsRouted) {
  FakeClient& bob = Client("b1", "bob");
  Commit({world_.Send("alice", "lobby", "m1")});
  delivery_->Drain();  // queued by the broker, not routed
  Commit({world_.RemoveMember("lobby", "bob")});
  delivery_->Drain();
  delivery_->OnTick();
  EXPECT_TRUE(Sees("bob")) << "the view must not change in front of a queued publish";
  EXPECT_EQ(changes_, 0);
  Passes(6);
  EXPECT_FALSE(Sees("bob"));
  EXPECT_EQ(Seqs(bob, room_), "2");
}

TEST_P(DeliveryBothWaysTest, ALiveEventSentBeforeARemovalIsStillReceived) {
  FakeClient& bob = Client("b1", "bob");
  Commit({world_.RemoveMember("lobby", "bob")});
  v1::Event live;
  live.set_room("lobby");
  live.mutable_text()->set_text("live");
  delivery_->PublishLive(live);  // by the gate, in the pass in which the commit arrives
  Passes(6);
  EXPECT_EQ(Seqs(bob, room_), "0");
  EXPECT_FALSE(Sees("bob"));
}

TEST_P(DeliveryBothWaysTest, ACommandIsAnsweredOnlyOnceItsRightsApply) {
  domain::Command command = world_.Command("admin");
  command.mutable_origin()->set_token(7);
  command.mutable_remove_member()->set_room("lobby");
  command.mutable_remove_member()->set_user("bob");
  Commit({world_.Send("alice", "lobby", "m1"), world_.Apply(command)});
  int passes = 0;
  while (answered_.empty() && ++passes < 20) {
    EXPECT_TRUE(Sees("bob"));
    Pass();
  }
  EXPECT_THAT(answered_, ElementsAre(7));
  EXPECT_FALSE(Sees("bob"));
}

TEST_P(DeliveryBothWaysTest, TenThousandRecipientsGoOutInSlices) {
  constexpr int kMembers = 10'000;
  std::vector<std::pair<std::string, domain::Role>> members;
  for (int i = 0; i < kMembers; ++i) {
    const std::string user = "u" + std::to_string(i);
    view_.Apply(world_.CreateUser(user).changes[0]);
    members.emplace_back(user, kMember);
    Session session;
    session.client = user;
    session.user = user;
    session.interest.user_events[static_cast<size_t>(Encoding::kPb)] = true;
    sessions_.Connected(reinterpret_cast<ClientHandle>(static_cast<uintptr_t>(16 + 16 * i)),
                        std::move(session));
  }
  const domain::Applied made = world_.CreateRoom("big", members);
  for (const domain::Change& change : made.changes) view_.Apply(change);
  Commit({world_.Send("u0", "big", "m1", "u0")});
  size_t published = 0;
  size_t most = 0;
  int passes = 0;
  for (; passes < 100 && delivery_->committed() < world_.index(); ++passes) {
    const size_t before = broker_.queue().size();
    if (doorbell_ != nullptr) delivery_->Drain();  // doorbell and tick may both run in a pass
    delivery_->OnTick();
    most = std::max(most, broker_.queue().size() - before);
    published += broker_.queue().size() - before;
    broker_.NextPass();
  }
  EXPECT_LE(most, 512U + 4U);
  EXPECT_GE(published, static_cast<size_t>(kMembers));
  EXPECT_GE(passes, kMembers / 512);
  EXPECT_EQ(delivery_->committed(), world_.index());
}

TEST_P(DeliveryBothWaysTest, RefusalsAloneAreSlicedToo) {
  FakeClient& mallory = Client("m1", "carol");
  std::vector<domain::Applied> refused;
  for (int i = 0; i < 2'000; ++i) refused.push_back(world_.Send("carol", "lobby", "x", "m1"));
  Commit(std::move(refused));
  if (doorbell_ != nullptr) delivery_->Drain();
  delivery_->OnTick();
  EXPECT_LE(broker_.queue().size(), 512U + 4U);
  Passes(20);
  EXPECT_EQ(mallory.inbox.size(), 2'000U);
}

TEST_P(DeliveryBothWaysTest, WhatWasSeenIsReleasedInOrder) {
  Client("a1", "alice");
  Commit({world_.Send("alice", "lobby", "m1"), world_.RemoveMember("lobby", "bob")});
  delivery_->Drain();
  EXPECT_EQ(released_.value + 1, world_.index().value) << "the removal is not through";
  Passes(6);
  EXPECT_EQ(released_, world_.index());
}

TEST_F(DeliveryTest, WithoutADoorbellTwoTicksLieBetweenAPublishAndAChange) {
  Passes(3);
  Client("b1", "bob");
  Commit({world_.Send("alice", "lobby", "m1"), world_.RemoveMember("lobby", "bob")});
  delivery_->OnTick();
  EXPECT_TRUE(Sees("bob"));
  delivery_->OnTick();
  EXPECT_TRUE(Sees("bob")) << "one tick after: the queue may still be unrouted";
  broker_.NextPass();
  delivery_->OnTick();
  EXPECT_FALSE(Sees("bob"));
}

TEST_F(DeliveryTest, ADoorbellThatGoesWithABarrierOutstandingHoldsNothingUpForEver) {
  ConnectDoorbell();
  Passes(2);
  FakeClient& bob = Client("b1", "bob");
  Commit({world_.Send("alice", "lobby", "m1"), world_.RemoveMember("lobby", "bob"),
          world_.Send("alice", "lobby", "m2")});
  delivery_->Drain();
  DisconnectDoorbell();  // the barrier is queued, and nobody will be asked
  delivery_->OnTick();
  EXPECT_TRUE(Sees("bob"));
  Passes(8);
  EXPECT_FALSE(Sees("bob"));
  EXPECT_EQ(Seqs(bob, room_), "2");
}

TEST_F(DeliveryTest, ADoorbellThatReconnectsWithABarrierOutstandingIsAskedANewOne) {
  ConnectDoorbell();
  Passes(2);
  FakeClient& bob = Client("b1", "bob");
  Commit({world_.Send("alice", "lobby", "m1"), world_.RemoveMember("lobby", "bob")});
  delivery_->Drain();
  // Taken over: no SetDoorbell(false) in between, and the old subscription is gone when the barrier is
  // routed.
  broker_.Erase(*std::exchange(doorbell_, nullptr));
  broker_.NextPass();
  EXPECT_TRUE(Sees("bob"));
  ConnectDoorbell();
  Passes(6);
  EXPECT_FALSE(Sees("bob"));
  EXPECT_EQ(Seqs(bob, room_), "2");
}

TEST_F(DeliveryTest, ADoorbellThatComesWhileAPublishIsQueuedDoesNotLetTheViewChange) {
  Passes(3);
  FakeClient& bob = Client("b1", "bob");
  Commit({world_.Send("alice", "lobby", "m1"), world_.RemoveMember("lobby", "bob")});
  delivery_->Drain();
  ConnectDoorbell();
  delivery_->Drain();
  EXPECT_TRUE(Sees("bob"));
  Passes(6);
  EXPECT_FALSE(Sees("bob"));
  EXPECT_EQ(Seqs(bob, room_), "2");
}

TEST_F(DeliveryTest, AnOldOrSenselessBarrierIsNoLicence) {
  ConnectDoorbell();
  Passes(2);
  Client("b1", "bob");
  Commit({world_.Send("alice", "lobby", "m1"), world_.RemoveMember("lobby", "bob")});
  delivery_->Drain();
  for (const char* payload : {"", "0", "1", "x", "-1"}) delivery_->OnBarrierAsked(payload);
  delivery_->Drain();
  EXPECT_TRUE(Sees("bob"));
}

TEST_F(DeliveryTest, TheBarrierIsAskedAndTheLoopRungAgainWhileThereIsMore) {
  Client("a1", "alice");
  ConnectDoorbell();
  Passes(2);
  Commit({world_.Send("alice", "lobby", "m1"), world_.RemoveMember("lobby", "bob")});
  rings_ = 0;
  delivery_->Drain();
  broker_.NextPass();
  EXPECT_GT(rings_, 0) << "the change waits for this ring, not for the next tick";
}

TEST_F(DeliveryTest, NothingToDoPublishesNothing) {
  ConnectDoorbell();
  Passes(4);
  const size_t before = broker_.routed;
  Passes(10);
  EXPECT_EQ(broker_.routed, before);
}

TEST_F(DeliveryTest, TheBridgeIsToldWhatIsCommittedOnceItIsThereAndAfterEveryStep) {
  FakeClient& bridge = broker_.Add({.id = "bridge", .user = "bridge"});
  bridge.filters = {std::string(kCommittedTopic)};
  Commit({world_.Send("alice", "lobby", "m1")});
  Passes(3);
  EXPECT_THAT(bridge.inbox, IsEmpty());
  delivery_->SetBridge(true);
  Passes(3);
  ASSERT_EQ(bridge.inbox.size(), 1U);
  Commit({world_.Send("alice", "lobby", "m2")});
  Passes(3);
  ASSERT_EQ(bridge.inbox.size(), 2U);
  internal::v1::CommitNotice notice;
  ASSERT_TRUE(notice.ParseFromString(bridge.inbox.back().payload));
  EXPECT_EQ(notice.committed(), world_.index().value);
}

// So what the bridge takes for the moment of delivery is one: who hears the notice, hears it after the event.
TEST_P(DeliveryBothWaysTest, TheNoticeOfABatchComesBehindItsEventsAndSaysWhenItWasOnDisk) {
  FakeClient& bridge = broker_.Add({.id = "bridge", .user = "bridge"});
  bridge.filters = {std::string(kCommittedTopic)};
  FakeClient& bob = Client("b1", "bob");
  delivery_->SetBridge(true);
  Passes(4);
  bridge.inbox.clear();
  bool in_front = false;
  const auto may_receive = broker_.may_receive;
  broker_.may_receive = [&](FakeClient& client, const Delivered& message) {
    in_front = in_front || (message.topic == kCommittedTopic && bob.On(room_).empty());
    return may_receive(client, message);
  };
  committed_ms_ = 1234;
  Commit({world_.Send("alice", "lobby", "m1"), world_.Send("alice", "lobby", "m2")});
  Passes(6);
  EXPECT_EQ(Seqs(bob, room_).substr(Seqs(bob, room_).size() - 3), "2 3");
  ASSERT_FALSE(bridge.inbox.empty());
  EXPECT_FALSE(in_front);
  internal::v1::CommitNotice notice;
  ASSERT_TRUE(notice.ParseFromString(bridge.inbox.back().payload));
  EXPECT_EQ(notice.committed(), world_.index().value);
  EXPECT_EQ(notice.committed_ms(), 1234u);
}

TEST_F(DeliveryTest, DrainUntilGivesUpWhenTheLogFails) {
  delivery_->OnFailed({Code::INTERNAL, "no disk"});
  EXPECT_FALSE(delivery_->DrainUntil({world_.index().value + 1}, std::chrono::seconds(20)));
  ASSERT_TRUE(delivery_->failure());
  EXPECT_EQ(delivery_->failure()->reason, "no disk");
}

// The last event of a room goes out while its members still are members; then the view changes.
TEST_F(DeliveryTest, ADeletedRoomTellsItsMembersFirst) {
  ConnectDoorbell();
  Passes(3);
  FakeClient& bob = Client("b1", "bob");
  domain::Command gone = world_.Command("admin");
  gone.mutable_delete_room()->set_room("lobby");
  Commit({world_.Send("alice", "lobby", "m1"), world_.Apply(gone)});
  delivery_->Drain();
  EXPECT_TRUE(Sees("bob")) << "what was published is not routed yet";
  EXPECT_EQ(delivery_->shown(), world_.index()) << "its events have gone out";
  EXPECT_LT(delivery_->committed(), world_.index());
  Passes(6);
  EXPECT_FALSE(Sees("bob"));
  EXPECT_EQ(Seqs(bob, room_), "2 3");
  EXPECT_EQ(delivery_->committed(), world_.index());
}

TEST_F(DeliveryTest, FirstDirectMessageReachesBothUsers) {
  Passes(3);
  FakeClient& bob = Client("b1", "bob");
  FakeClient& carol = Client("c1", "carol");
  Commit({world_.Send("alice", "dm:alice:bob", "m1")});
  Passes(6);
  EXPECT_EQ(Seqs(bob, bob_), "1");
  EXPECT_THAT(carol.inbox, IsEmpty());
}

}  // namespace
}  // namespace parley::plugin
