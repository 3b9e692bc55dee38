#include "bridge/totals/totals.h"

#include <gmock/gmock.h>

#include "core/store/keys.h"
#include "tests/support/store_dump.h"
#include "tests/unit/bridge/feed_world.h"

namespace parley::bridge {
namespace {

class TotalsTest : public ::testing::Test {
 protected:
  std::optional<RoomTotals> Room(LogIndex created) {
    const auto row = world_.local->Get(OwnRowsPrefix(Totals::kName) + Totals::RoomKey(Rid{created.value}));
    return row.value() ? ParseRoomTotals(**row) : std::nullopt;
  }
  FeedChain Chain() {
    return ParseFeedChain(world_.local->Get(OwnRowsPrefix(Totals::kName) + Totals::kChainKey).value().value())
        .value();
  }
  FeedChain Naive() {
    FeedChain chain;
    const auto view = world_.tiny.View();
    const auto entries =
        view->Feed({.after = {}, .last = world_.tiny.applied(), .limit = 100'000, .items_max = 1'000'000});
    for (const store::FeedEntry& entry : entries.value()) chain.Add(entry);
    return chain;
  }

  parley::testing::FeedWorld world_;
  Totals totals_;
};

TEST_F(TotalsTest, CountsByRoomAndKind) {
  world_.tiny.CreateUser("alice");
  world_.tiny.CreateUser("bob");
  const LogIndex lobby = world_.tiny.CreateRoom("lobby", {{"alice", v1::Member::OWNER}});
  const LogIndex den = world_.tiny.CreateRoom("den", {{"bob", v1::Member::OWNER}});
  for (int i = 0; i < 5; ++i) world_.tiny.Say("lobby", "alice");
  world_.tiny.Say("den", "bob");
  world_.Start(totals_);
  world_.HearAll();
  world_.Settle();
  const std::optional<RoomTotals> of_lobby = Room(lobby);
  ASSERT_TRUE(of_lobby);
  EXPECT_EQ(of_lobby->events, 6U);
  EXPECT_EQ(of_lobby->last_seq, 6U);
  EXPECT_EQ(of_lobby->by_kind,
            (std::map<uint8_t, uint64_t>{{v1::Event::kText, 5}, {v1::Event::kMembership, 1}}));
  EXPECT_EQ(Room(den)->events, 2U);
  EXPECT_EQ(Chain().value, Naive().value);
  EXPECT_EQ(Chain().entries, 8U);
}

TEST_F(TotalsTest, TheChainIsAnotherOneWhenAnEntryIsMissingTwiceOrOutOfOrder) {
  const store::FeedEntry one{.index = {1}, .items = {{store::FeedItem::Kind::kEvent, 7, 1}}, .damage = {}};
  const store::FeedEntry two{.index = {2}, .items = {{store::FeedItem::Kind::kEvent, 7, 2}}, .damage = {}};
  const auto chain = [](std::initializer_list<store::FeedEntry> entries) {
    FeedChain made;
    for (const store::FeedEntry& entry : entries) made.Add(entry);
    return made.value;
  };
  EXPECT_NE(chain({one, two}), chain({two, one}));
  EXPECT_NE(chain({one, two}), chain({one, two, two}));
  EXPECT_NE(chain({one, two}), chain({two}));
}

TEST_F(TotalsTest, EventsThatAreGoneAreSkipped) {
  world_.tiny.CreateUser("alice");
  world_.tiny.CreateRoom("lobby", {{"alice", v1::Member::OWNER}});
  world_.tiny.Say("lobby", "alice");
  world_.tiny.DeleteRoom("lobby");
  world_.tiny.CreateUser("bob");  // its write frees the room's events
  world_.Start(totals_);
  world_.HearAll();
  world_.Settle();
  EXPECT_EQ(world_.runner->letters().size(), 0U);
  EXPECT_EQ(Chain().value, Naive().value);
}

TEST_F(TotalsTest, ADamagedEventIsADeadLetterUntilItIsMended) {
  world_.tiny.CreateUser("alice");
  const LogIndex lobby = world_.tiny.CreateRoom("lobby", {{"alice", v1::Member::OWNER}});
  const LogIndex said = world_.tiny.Say("lobby", "alice");
  world_.tiny.Say("lobby", "alice");
  world_.tiny.Close();
  const std::string key = store::EventKey(Rid{lobby.value}, Seq{2});
  const std::string whole = parley::testing::DumpStore(world_.tiny.path()).at("events " + key);
  const std::string damaged = "?";
  parley::testing::PokeStore(world_.tiny.path(), "events", key, &damaged);
  world_.tiny.Reopen();
  world_.Start(totals_);
  world_.HearAll();
  world_.Settle();
  ASSERT_EQ(world_.runner->letters().List({}, 10).size(), 1U);
  EXPECT_EQ(world_.runner->letters().List({}, 10)[0].index, said);
  EXPECT_EQ(Room(lobby)->events, 2U);
  world_.tiny.Close();
  parley::testing::PokeStore(world_.tiny.path(), "events", key, &whole);
  world_.tiny.Reopen();
  ASSERT_TRUE(world_.runner->letters().AskReplay(std::nullopt));
  world_.Settle();
  EXPECT_EQ(world_.runner->letters().size(), 0U);
  EXPECT_EQ(Room(lobby)->events, 3U);
}

TEST(TotalsRows, HaveTheBytesOfTheirFormat) {
  using namespace std::string_literals;
  EXPECT_EQ(EncodeRoomTotals({.events = 7, .last_seq = 258, .by_kind = {{9, 7}}}),
            "\1\0\0\0\0\0\0\0\7\0\0\0\0\0\0\1\2\x09\0\0\0\0\0\0\0\7"s);
  EXPECT_EQ(EncodeFeedChain({.entries = 1, .value = 258}), "\1\0\0\0\0\0\0\0\1\0\0\0\0\0\0\1\2"s);
  EXPECT_EQ(Totals::RoomKey(Rid{258}), "r\0\0\0\0\0\0\1\2"s);
}

TEST(TotalsRows, AreReadAsTheyWereWritten) {
  const RoomTotals totals{.events = 7, .last_seq = 9, .by_kind = {{9, 5}, {16, 2}}};
  const auto read = ParseRoomTotals(EncodeRoomTotals(totals));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->events, 7U);
  EXPECT_EQ(read->last_seq, 9U);
  EXPECT_EQ(read->by_kind, totals.by_kind);
  EXPECT_FALSE(ParseRoomTotals(EncodeRoomTotals(totals) + "x"));
  EXPECT_FALSE(ParseFeedChain("\1"));
}

}  // namespace
}  // namespace parley::bridge
