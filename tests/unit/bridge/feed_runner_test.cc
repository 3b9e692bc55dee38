#include <gmock/gmock.h>

#include "bridge/feed/runner.h"
#include "bridge/service/limits.h"
#include "core/store/keys.h"
#include "tests/support/store_dump.h"
#include "tests/unit/bridge/feed_world.h"

namespace parley::bridge {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class FeedRunnerTest : public ::testing::Test {
 protected:
  FeedRunnerTest() {
    world_.tiny.CreateUser("alice");                                  // 1: no entry in the feed
    world_.tiny.CreateRoom("lobby", {{"alice", v1::Member::OWNER}});  // 2
  }

  // Says `count` things; entries 3, 4, … of the feed.
  void Say(int count) {
    for (int i = 0; i < count; ++i) world_.tiny.Say("lobby", "alice");
    world_.HearAll();
  }
  std::vector<uint64_t> Letters() {
    std::vector<uint64_t> indexes;
    for (const DeadLetter& letter : world_.runner->letters().List({}, 5'000)) {
      indexes.push_back(letter.index.value);
    }
    return indexes;
  }

  parley::testing::FeedWorld world_;
  parley::testing::ScriptedConsumer consumer_;
};

TEST_F(FeedRunnerTest, EveryEntryOnceAndInOrder) {
  FeedRunner& runner = world_.Start(consumer_);
  Say(3);
  world_.Settle();
  EXPECT_EQ(world_.Seen(), "2 3 4 5 ");
  Say(1);
  world_.Settle();
  EXPECT_EQ(world_.Seen(), "2 3 4 5 6 ");
  const FeedStatus status = runner.status(world_.now.steady_ms);
  EXPECT_EQ(status.offset, status.head);
  EXPECT_EQ(status.lag_entries, 0U);
  EXPECT_EQ(status.handled, 5U);
  EXPECT_TRUE(status.running);
}

TEST_F(FeedRunnerTest, ManyEntriesAreReadInPieces) {
  world_.Start(consumer_);
  world_.tiny.BeginBatch();
  for (size_t i = 0; i < limits::kFeedEntriesPerRead * 2; ++i) world_.tiny.Say("lobby", "alice");
  world_.tiny.EndBatch();
  world_.HearAll();
  world_.Settle();
  EXPECT_THAT(consumer_.tried, SizeIs(limits::kFeedEntriesPerRead * 2 + 1));
}

TEST_F(FeedRunnerTest, MuchThatIsWantedIsCarriedOutInPieces) {
  consumer_.rows_each = limits::kFeedEffectsPerRun / 2;
  FeedRunner& runner = world_.Start(consumer_);
  Say(4);
  runner.Step();
  EXPECT_EQ(world_.Seen(), "2 3 ");
  EXPECT_EQ(runner.status(world_.now.steady_ms).offset, LogIndex{3});
  world_.Settle();
  EXPECT_EQ(world_.Seen(), "2 3 4 5 6 ");
  EXPECT_THAT(consumer_.tried, ElementsAre(2, 3, 4, 5, 6));
}

TEST_F(FeedRunnerTest, GoesOnAfterARestart) {
  world_.Start(consumer_);
  Say(2);
  world_.Settle();
  world_.Start(consumer_);
  EXPECT_EQ(world_.runner->status(world_.now.steady_ms).lag_entries, 0U);
  Say(1);
  world_.Settle();
  EXPECT_EQ(world_.Seen(), "2 3 4 5 ");
}

TEST_F(FeedRunnerTest, WhatIsNotOnDiskIsNotActedUpon) {
  FeedRunner& runner = world_.Start(consumer_);
  consumer_.publishes = true;
  world_.head.Heard(LogIndex{2}, world_.now.steady_ms);
  world_.tiny.Say("lobby", "alice");  // 3: in the view, and perhaps taken back by a power cut
  for (int i = 0; i < 20; ++i) world_.now.steady_ms = std::max(runner.Step(), world_.now.steady_ms);
  EXPECT_THAT(world_.published, IsEmpty());
  EXPECT_EQ(world_.Seen(), "");
  world_.HearAll();
  world_.Settle();
  EXPECT_THAT(world_.published, ElementsAre("2", "3"));
}

TEST_F(FeedRunnerTest, NothingIsDoneWithoutAConnection) {
  world_.Start(consumer_);
  Say(1);
  world_.head.Lost();
  world_.Settle();
  EXPECT_EQ(world_.Seen(), "");
  EXPECT_FALSE(world_.runner->status(world_.now.steady_ms).running);
  world_.HearAll();
  world_.Settle();
  EXPECT_EQ(world_.Seen(), "2 3 ");
}

TEST_F(FeedRunnerTest, WhatWasDecidedIsDroppedWithItsConnection) {
  FeedRunner& runner = world_.Start(consumer_);
  world_.head.Heard(LogIndex{2}, world_.now.steady_ms);
  world_.tiny.Say("lobby", "alice");
  runner.Step();  // decided, and waits for 3
  world_.head.Lost();
  world_.HearAll();
  world_.Settle();
  EXPECT_EQ(world_.Seen(), "2 3 ");
  EXPECT_THAT(consumer_.tried, ElementsAre(2, 3, 2, 3));
}

TEST_F(FeedRunnerTest, AProcessThatEndsBetweenPublishingAndItsOffsetPublishesAgainAndCountsOnce) {
  consumer_.publishes = true;
  world_.Start(consumer_);
  Say(2);
  world_.publish_fails_after = 2;
  world_.now.steady_ms = std::max(world_.runner->Step(), world_.now.steady_ms);
  world_.now.steady_ms = std::max(world_.runner->Step(), world_.now.steady_ms);
  EXPECT_THAT(world_.published, ElementsAre("2", "3"));
  EXPECT_EQ(world_.Seen(), "");
  world_.publish_fails_after = -1;
  world_.Start(consumer_);
  world_.Settle();
  EXPECT_THAT(world_.published, ElementsAre("2", "3", "2", "3", "4"));
  EXPECT_EQ(world_.Seen(), "2 3 4 ");
}

TEST_F(FeedRunnerTest, APublicationThatCannotLeaveIsTriedAgainWithoutTheOnesBefore) {
  consumer_.publishes = true;
  world_.Start(consumer_);
  Say(2);
  world_.publish_fails_after = 2;
  for (int i = 0; i < 10; ++i) {
    world_.now.steady_ms = std::max(world_.runner->Step(), world_.now.steady_ms);
  }
  world_.publish_fails_after = -1;
  world_.Settle();
  EXPECT_THAT(world_.published, ElementsAre("2", "3", "4"));
  EXPECT_THAT(Letters(), IsEmpty());
}

TEST_F(FeedRunnerTest, OfOneKeyOnlyTheNewestIsPublished) {
  consumer_.publishes = true;
  consumer_.key = "one";
  world_.Start(consumer_);
  Say(5);
  world_.Settle();
  EXPECT_THAT(world_.published, ElementsAre("7"));
}

TEST_F(FeedRunnerTest, AFailingEntryIsTriedAgainWithGrowingPausesAndThenParked) {
  consumer_.answers[4] = Handled::TryAgain("no luck");
  FeedRunner& runner = world_.Start(consumer_);
  Say(3);
  std::vector<int64_t> pauses;
  while (Letters().empty()) {
    const size_t tried = consumer_.tried.size();
    const int64_t again_ms = runner.Step();
    if (consumer_.tried.size() > tried && consumer_.tried.back() == 4) {
      pauses.push_back(again_ms - world_.now.steady_ms);
    }
    world_.now.steady_ms = std::max(again_ms, world_.now.steady_ms);
    ASSERT_LT(consumer_.tried.size(), 100U);
  }
  ASSERT_THAT(pauses, SizeIs(limits::kFeedTriesMax));
  for (size_t i = 1; i + 1 < pauses.size(); ++i) EXPECT_GT(pauses[i], pauses[i - 1]);
  world_.Settle();
  EXPECT_EQ(world_.Seen(), "2 3 5 ");  // nothing of the failed tries is left
  const std::vector<DeadLetter> letters = runner.letters().List({}, 10);
  ASSERT_THAT(letters, SizeIs(1));
  EXPECT_EQ(letters[0].index, LogIndex{4});
  EXPECT_EQ(letters[0].reason, "no luck");
  EXPECT_EQ(letters[0].tries, limits::kFeedTriesMax);
  EXPECT_EQ(runner.status(world_.now.steady_ms).retries, limits::kFeedTriesMax);
  EXPECT_THAT(world_.said, Contains(HasSubstr("entry 4 is a dead letter: no luck")));
}

TEST_F(FeedRunnerTest, AnEntryThatSucceedsInTheEndIsNoDeadLetter) {
  consumer_.answers[3] = Handled::TryAgain("not yet");
  FeedRunner& runner = world_.Start(consumer_);
  Say(1);
  for (int i = 0; i < 4; ++i) world_.now.steady_ms = std::max(runner.Step(), world_.now.steady_ms);
  consumer_.answers.clear();
  world_.Settle();
  EXPECT_EQ(world_.Seen(), "2 3 ");
  EXPECT_THAT(Letters(), IsEmpty());
}

TEST_F(FeedRunnerTest, PoisonIsParkedAtOnce) {
  consumer_.answers[3] = Handled::Poison("bad");
  consumer_.answers[4] = Handled::Poison("bad");
  world_.Start(consumer_);
  Say(3);
  world_.Settle();
  EXPECT_THAT(Letters(), ElementsAre(3, 4));
  EXPECT_THAT(consumer_.tried, ElementsAre(2, 3, 4, 5));
  EXPECT_EQ(world_.Seen(), "2 5 ");
}

TEST_F(FeedRunnerTest, WhatWaitsNeverBecomesADeadLetter) {
  consumer_.answers[3] = Handled::Wait("the disk is full");
  FeedRunner& runner = world_.Start(consumer_);
  Say(1);
  for (int i = 0; i < 100; ++i) world_.now.steady_ms = std::max(runner.Step(), world_.now.steady_ms);
  EXPECT_THAT(Letters(), IsEmpty());
  const FeedStatus status = runner.status(world_.now.steady_ms);
  EXPECT_FALSE(status.running);
  EXPECT_THAT(status.why, HasSubstr("the disk is full"));
  EXPECT_EQ(status.lag_entries, 1U);
  EXPECT_GT(status.lag_ms, 10'000);
  consumer_.answers.clear();
  world_.Settle();
  EXPECT_EQ(world_.Seen(), "2 3 ");
}

TEST_F(FeedRunnerTest, DeadLettersAreReplayedWhenAsked) {
  consumer_.answers[3] = Handled::Poison("bad");
  world_.Start(consumer_);
  Say(2);
  world_.Settle();
  EXPECT_EQ(world_.Seen(), "2 4 ");
  ASSERT_TRUE(world_.runner->letters().AskReplay(std::nullopt));
  world_.Settle();  // still bad
  EXPECT_THAT(Letters(), ElementsAre(3));
  EXPECT_EQ(world_.runner->letters().List({}, 1)[0].tries, 2U);
  EXPECT_FALSE(world_.runner->letters().List({}, 1)[0].replay);
  consumer_.answers.clear();
  ASSERT_TRUE(world_.runner->letters().AskReplay(LogIndex{3}));
  world_.Start(consumer_);  // what was asked for outlives a restart
  world_.Settle();
  EXPECT_THAT(Letters(), IsEmpty());
  EXPECT_EQ(world_.Seen(), "2 4 3 ");
}

TEST_F(FeedRunnerTest, LettersThatAreNotThereAreNotFound) {
  world_.Start(consumer_);
  DeadLetters& letters = world_.runner->letters();
  EXPECT_EQ(letters.AskReplay(std::nullopt).error().code, Code::NOT_FOUND);
  EXPECT_EQ(letters.Drop(LogIndex{3}).error().code, Code::NOT_FOUND);
}

TEST_F(FeedRunnerTest, WithAllTheDeadLettersThatItMayHaveItStopsAndSaysSo) {
  for (size_t i = 0; i <= limits::kDeadLettersMax; ++i) consumer_.answers[3 + i] = Handled::Poison("bad");
  FeedRunner& runner = world_.Start(consumer_);
  world_.tiny.BeginBatch();
  for (size_t i = 0; i < limits::kDeadLettersMax + 2; ++i) world_.tiny.Say("lobby", "alice");
  world_.tiny.EndBatch();
  world_.HearAll();
  for (size_t i = 0; i < 3 * limits::kDeadLettersMax; ++i) {
    world_.now.steady_ms = std::max(runner.Step(), world_.now.steady_ms);
  }
  EXPECT_THAT(Letters(), SizeIs(limits::kDeadLettersMax));
  EXPECT_FALSE(runner.status(world_.now.steady_ms).running);
  EXPECT_THAT(runner.status(world_.now.steady_ms).why, HasSubstr("replay or drop some"));
  EXPECT_EQ(world_.Seen(), "2 ");
  EXPECT_EQ(runner.letters().Drop(LogIndex{3}).value(), 1U);
  world_.Settle();
  EXPECT_THAT(Letters(), SizeIs(limits::kDeadLettersMax));
  EXPECT_EQ(world_.Seen(), "2 " + std::to_string(3 + limits::kDeadLettersMax + 1) + " ");
}

TEST_F(FeedRunnerTest, ADamagedRowOfTheFeedIsADeadLetter) {
  Say(2);
  world_.tiny.Close();
  const std::string damaged = "\1\7";
  parley::testing::PokeStore(world_.tiny.path(), "feed", store::FeedKey(LogIndex{3}), &damaged);
  world_.tiny.Reopen();
  world_.Start(consumer_);
  world_.Settle();
  EXPECT_THAT(Letters(), ElementsAre(3));
  EXPECT_EQ(world_.Seen(), "2 4 ");
}

TEST_F(FeedRunnerTest, AnotherStoreBeginsAnew) {
  consumer_.answers[3] = Handled::Poison("bad");
  world_.Start(consumer_);
  Say(4);
  world_.Settle();
  consumer_.answers.clear();
  parley::testing::TinyStore other;
  other.CreateUser("bob");
  other.CreateRoom("den", {{"bob", v1::Member::OWNER}});
  for (int i = 0; i < 10; ++i) other.Say("den", "bob");
  world_.reader->Read(other);
  world_.head.Lost();
  world_.head.Heard(other.applied(), world_.now.steady_ms);
  world_.Settle();
  EXPECT_EQ(world_.Seen(), "2 3 4 5 6 7 8 9 10 11 12 ");
  EXPECT_THAT(Letters(), IsEmpty());
  EXPECT_THAT(world_.said, Contains(HasSubstr("the store is another one")));
}

TEST_F(FeedRunnerTest, AStoreThatEndsEarlierBeginsAnew) {
  world_.Start(consumer_);
  Say(4);
  world_.Settle();
  store::LocalBatch batch;  // as if it had been further: the store is an older backup then
  batch.Put(PositionKey("scripted"),
            EncodePosition({world_.tiny.View()->Id().value(), LogIndex{world_.tiny.applied().value + 5}}));
  ASSERT_TRUE(world_.local->Write(batch, store::LocalStore::Durability::kDisk));
  world_.Start(consumer_);
  world_.Settle();
  EXPECT_EQ(world_.Seen(), "2 3 4 5 6 ");
  EXPECT_THAT(world_.said, Contains(HasSubstr("an older backup?")));
}

TEST_F(FeedRunnerTest, OneThatBeginsAtTheHeadSeesOnlyWhatComes) {
  consumer_.begins = FeedConsumer::Begin::kHead;
  world_.Start(consumer_);
  Say(2);
  world_.Settle();
  Say(1);
  world_.Settle();
  EXPECT_EQ(world_.Seen(), "5 ");
}

TEST_F(FeedRunnerTest, LagsAreCountedFromTheNotice) {
  FeedRunner& runner = world_.Start(consumer_);
  Say(1);
  world_.now.steady_ms += 60;
  runner.Step();
  const FeedLags lags = runner.status(world_.now.steady_ms).lags;
  EXPECT_EQ(lags.counts[7], 2U);  // 50 < 60 ≤ 70
}

TEST(FeedRows, HaveTheBytesOfTheirFormat) {
  using namespace std::string_literals;
  EXPECT_EQ(PositionKey("totals"), "ototals");
  EXPECT_EQ(DeadLetterKey("totals", {258}), "dtotals\0\0\0\0\0\0\0\1\2"s);
  EXPECT_EQ(OwnRowsPrefix("totals"), "etotals\0"s);
  FeedPosition position{{}, LogIndex{258}};
  position.store_id.fill('i');
  EXPECT_EQ(EncodePosition(position), "\1iiiiiiiiiiiiiiii\0\0\0\0\0\0\1\2"s);
  const DeadLetter letter{.index = {9}, .replay = true, .tries = 5, .parked_ms = 258, .reason = "why"};
  EXPECT_EQ(EncodeDeadLetter(letter), "\1\1\0\0\0\5\0\0\0\0\0\0\1\2why"s);
}

TEST(FeedRows, AreReadAsTheyWereWritten) {
  FeedPosition position{{}, LogIndex{77}};
  position.store_id[3] = 'x';
  EXPECT_EQ(ParsePosition(EncodePosition(position)), position);
  EXPECT_FALSE(ParsePosition(EncodePosition(position) + "x"));
  EXPECT_FALSE(ParsePosition(""));
  const DeadLetter letter{
      .index = {9}, .replay = true, .tries = 3, .parked_ms = 1'790'000'000'123, .reason = "why"};
  const auto read = ParseDeadLetter(DeadLetterKey("c", {9}), EncodeDeadLetter(letter));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->index, letter.index);
  EXPECT_EQ(read->replay, letter.replay);
  EXPECT_EQ(read->tries, letter.tries);
  EXPECT_EQ(read->parked_ms, letter.parked_ms);
  EXPECT_EQ(read->reason, letter.reason);
  EXPECT_FALSE(ParseDeadLetter(DeadLetterKey("c", {9}), "\1"));
}

}  // namespace
}  // namespace parley::bridge
