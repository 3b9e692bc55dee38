// Which event of a webhook goes next: order, fairness, bounds, where a restart goes on.

#include "bridge/webhooks/hook_queue.h"

#include <random>

#include <gtest/gtest.h>

#include "tests/support/seed.h"

namespace parley::testing {
namespace {

using bridge::HookEvent;
using bridge::HookPlace;
using bridge::HookQueue;
using bridge::HookRun;
using store::FeedEntry;
using store::FeedItem;

constexpr Rid kAll{};
constexpr Rid kOne{1};
constexpr Rid kTwo{2};

FeedEntry Message(uint64_t index, Rid rid, uint64_t seq) {
  return {LogIndex{index}, {{FeedItem::Kind::kMessage, rid.value, seq}}, {}};
}

HookQueue Fresh(bridge::HookPatience patience = {}) {
  return HookQueue(patience, {});
}

std::vector<Rid> RoomsOf(const std::vector<HookRun>& runs) {
  std::vector<Rid> rooms;
  for (const HookRun& run : runs) rooms.push_back(run.rid);
  return rooms;
}

uint64_t FirstSeq(const std::vector<HookRun>& runs, Rid rid) {
  for (const HookRun& run : runs) {
    if (run.rid == rid) return run.events.front().seq.value;
  }
  return 0;
}

TEST(HookQueue, OneEventOfARoomAtATimeInOrder) {
  HookQueue queue = Fresh();
  queue.Take({Message(1, kOne, 1), Message(2, kOne, 2), Message(3, kTwo, 1)}, LogIndex{3}, kAll);
  std::vector<HookRun> runs = queue.Next(0);
  EXPECT_EQ(RoomsOf(runs), (std::vector<Rid>{kOne, kTwo}));
  EXPECT_EQ(FirstSeq(runs, kOne), 1U);
  EXPECT_TRUE(queue.Next(0).empty()) << "both rooms are out";
  queue.Delivered(kOne);
  runs = queue.Next(0);
  EXPECT_EQ(RoomsOf(runs), std::vector<Rid>{kOne});
  EXPECT_EQ(FirstSeq(runs, kOne), 2U);
}

TEST(HookQueue, ARoomThatFailsHoldsUpNoOther) {
  HookQueue queue = Fresh();
  queue.Take({Message(1, kOne, 1), Message(2, kTwo, 1), Message(3, kTwo, 2)}, LogIndex{3}, kAll);
  ASSERT_EQ(queue.Next(0).size(), 2U);
  EXPECT_FALSE(queue.Failed(kOne, {}, 0, 0));
  queue.Delivered(kTwo);
  EXPECT_EQ(RoomsOf(queue.Next(1)), std::vector<Rid>{kTwo}) << "the failed one waits for its time";
  queue.Delivered(kTwo);
  ASSERT_TRUE(queue.due_ms());
  const std::vector<HookRun> runs = queue.Next(*queue.due_ms());
  EXPECT_EQ(FirstSeq(runs, kOne), 1U) << "the same event again";
}

TEST(HookQueue, ThePauseDoublesAndFollowsTheReceiver) {
  HookQueue queue = Fresh();
  queue.Take({Message(1, kOne, 1)}, LogIndex{1}, kAll);
  int64_t now_ms = 0;
  std::vector<int64_t> pauses;
  for (const std::optional<int64_t> retry_after :
       {std::optional<int64_t>(), {}, {30'000}, {10'000'000'000}}) {
    ASSERT_EQ(queue.Next(now_ms).size(), 1U);
    queue.Failed(kOne, retry_after, now_ms, 250);  // 250 of 500: no spread for the first
    pauses.push_back(*queue.due_ms() - now_ms);
    now_ms = *queue.due_ms();
  }
  EXPECT_NEAR(static_cast<double>(pauses[0]), 1'000, 250);
  EXPECT_NEAR(static_cast<double>(pauses[1]), 2'000, 500);
  EXPECT_EQ(pauses[2], 30'000);
  EXPECT_EQ(pauses[3], bridge::limits::kWebhookRetryAfterMsMax);
}

TEST(HookQueue, ItHasFailedTooOftenAfterAttemptsAndTime) {
  HookQueue queue = Fresh({.attempts_max = 3, .patience_ms = 60'000});
  queue.Take({Message(1, kOne, 1)}, LogIndex{1}, kAll);
  const auto fail = [&](int64_t now_ms) {
    EXPECT_EQ(queue.Next(now_ms).size(), 1U);
    return queue.Failed(kOne, {}, now_ms, 0);
  };
  EXPECT_FALSE(fail(0));
  EXPECT_FALSE(fail(10'000));
  EXPECT_FALSE(fail(30'000)) << "often enough, but not for long enough";
  EXPECT_TRUE(fail(60'000));
  queue.Forgive();
  EXPECT_FALSE(fail(60'000)) << "counted anew, and tried at once";
}

TEST(HookQueue, AnEventThatNeverGoesIsFoundThoughOthersDo) {
  HookQueue queue = Fresh({.attempts_max = 3, .patience_ms = 0});
  std::vector<FeedEntry> entries{Message(1, kOne, 1)};
  for (uint64_t seq = 1; seq <= 3; ++seq) entries.push_back(Message(seq + 1, kTwo, seq));
  queue.Take(entries, LogIndex{4}, kAll);
  int64_t now_ms = 0;
  for (int attempt = 1; attempt <= 3; ++attempt, now_ms += 100'000) {
    queue.Next(now_ms);
    queue.Delivered(kTwo);
    EXPECT_EQ(queue.Failed(kOne, {}, now_ms, 0), attempt == 3);
  }
}

TEST(HookQueue, ThePlaceIsBehindTheOldestEventAndKnowsWhoIsFurther) {
  HookQueue queue = Fresh();
  queue.Take({Message(5, kOne, 1), Message(6, kTwo, 1), Message(7, kTwo, 2)}, LogIndex{9}, kAll);
  EXPECT_EQ(queue.place().offset.value, 4U);
  queue.Next(0);
  queue.Delivered(kTwo);
  EXPECT_EQ(queue.place(), (HookPlace{LogIndex{4}, {{kTwo, LogIndex{6}}}}));
  // A new process: only what was in flight comes again.
  HookQueue again({}, queue.place());
  again.Take({Message(5, kOne, 1), Message(6, kTwo, 1), Message(7, kTwo, 2)}, LogIndex{9}, kAll);
  const std::vector<HookRun> runs = again.Next(0);
  EXPECT_EQ(FirstSeq(runs, kOne), 1U);
  EXPECT_EQ(FirstSeq(runs, kTwo), 2U);
  again.Delivered(kOne);
  EXPECT_EQ(again.place(), (HookPlace{LogIndex{6}, {}})) << "nobody is further any more";
  again.Delivered(kTwo);
  EXPECT_EQ(again.place().offset.value, 9U) << "all that was read is done";
}

TEST(HookQueue, AnEntryOfTwoEventsIsDoneWithTheSecond) {
  HookQueue queue = Fresh();
  const FeedItem first{FeedItem::Kind::kEvent, kTwo.value, 1};
  const FeedItem second{FeedItem::Kind::kEvent, kTwo.value, 2};
  queue.Take({Message(1, kOne, 1), {LogIndex{2}, {first, second}, {}}}, LogIndex{2}, kAll);
  queue.Next(0);
  queue.Delivered(kTwo);
  EXPECT_TRUE(queue.place().ahead.empty());
  queue.Next(0);
  queue.Delivered(kTwo);
  EXPECT_EQ(queue.place().ahead, (std::map<Rid, LogIndex>{{kTwo, LogIndex{2}}}));
}

TEST(HookQueue, OnlyEventsOfItsRoomAreTaken) {
  HookQueue queue = Fresh();
  const FeedItem cursor{FeedItem::Kind::kCursor, kOne.value, 1};
  queue.Take({Message(1, kOne, 1), Message(2, kTwo, 1), {LogIndex{3}, {cursor}, {}}}, LogIndex{3}, kTwo);
  EXPECT_EQ(queue.waiting(), 1U);
  EXPECT_EQ(RoomsOf(queue.Next(0)), std::vector<Rid>{kTwo});
}

TEST(HookQueue, SkippedEventsAreDoneAndTheRoomStaysOut) {
  HookQueue queue = Fresh();
  queue.Take({Message(1, kOne, 1), Message(2, kOne, 2)}, LogIndex{2}, kAll);
  queue.Next(0);
  queue.Skip(kOne);
  EXPECT_TRUE(queue.Next(0).empty());
  queue.Release(kOne);
  EXPECT_EQ(FirstSeq(queue.Next(0), kOne), 2U);
  queue.Skip(kOne);
  queue.Release(kOne);  // there is nothing left of it
  EXPECT_EQ(queue.rooms_out(), 0U);
  EXPECT_EQ(queue.place().offset.value, 2U);
}

TEST(HookQueue, AReceiverThatIsDownIsAskedByFewRooms) {
  HookQueue queue = Fresh();
  std::vector<FeedEntry> entries;
  for (uint64_t rid = 1; rid <= 100; ++rid) entries.push_back(Message(rid, Rid{rid}, 1));
  queue.Take(entries, LogIndex{100}, kAll);
  size_t attempts = 0;
  for (std::vector<HookRun> runs = queue.Next(0); !runs.empty(); runs = queue.Next(0)) {
    for (const HookRun& run : runs) queue.Failed(run.rid, {}, 0, 0);
    attempts += runs.size();
  }
  EXPECT_EQ(attempts, bridge::limits::kWebhookRoomsAtOnce);
}

TEST(HookQueue, RoomsAheadAreBounded) {
  HookQueue queue = Fresh();
  std::vector<FeedEntry> entries{Message(1, Rid{1}, 1)};
  const uint64_t rooms = bridge::limits::kWebhookRoomsAheadMax + 500;
  for (uint64_t rid = 2; rid <= rooms; ++rid) entries.push_back(Message(rid, Rid{rid}, 1));
  queue.Take(entries, LogIndex{rooms}, kAll);
  const auto deliver_all_but_the_first = [&](int64_t now_ms) {
    for (std::vector<HookRun> runs = queue.Next(now_ms); !runs.empty(); runs = queue.Next(now_ms)) {
      for (const HookRun& run : runs) {
        if (run.rid == Rid{1}) {
          queue.Failed(run.rid, {}, now_ms, 0);
        } else {
          queue.Delivered(run.rid);
        }
      }
    }
  };
  deliver_all_but_the_first(0);
  EXPECT_LE(queue.place().ahead.size(),
            bridge::limits::kWebhookRoomsAheadMax + bridge::limits::kWebhookRoomsAtOnce);
  EXPECT_GT(queue.waiting(), 1U) << "further rooms wait";
  ASSERT_FALSE(queue.Next(*queue.due_ms()).empty());
  queue.Delivered(Rid{1});
  deliver_all_but_the_first(0);
  EXPECT_EQ(queue.waiting(), 0U);
  EXPECT_EQ(queue.place(), (HookPlace{LogIndex{rooms}, {}}));
}

// Random answers, and new processes in between: every event is delivered, in order per room, and only what
// was in flight twice.
TEST(HookQueue, NothingIsLostOrOutOfOrderThroughRestarts) {
  const uint64_t seed = Seed();
  SCOPED_TRACE(SeedNote(seed));
  std::mt19937_64 random(seed);
  for (int round = 0; round < 50; ++round) {
    std::vector<FeedEntry> feed;
    std::map<Rid, uint64_t> heads;
    for (uint64_t index = 1; index <= 200; ++index) {
      const Rid rid{1 + random() % 5};
      feed.push_back(Message(index, rid, ++heads[rid]));
    }
    HookPlace place;
    std::map<Rid, uint64_t> seen;
    int64_t now_ms = 0;
    while (place.offset.value < feed.size()) {
      HookQueue queue({}, place);
      std::map<Rid, uint64_t> in_flight;
      const uint64_t steps = random() % 60;
      for (uint64_t step = 0; step <= steps; ++step, now_ms += 10'000) {
        const uint64_t from = queue.read().value;
        const uint64_t to = std::min<uint64_t>(from + random() % 50, feed.size());
        queue.Take({feed.begin() + static_cast<long>(from), feed.begin() + static_cast<long>(to)},
                   LogIndex{to}, kAll);
        for (const HookRun& run : queue.Next(now_ms)) in_flight[run.rid] = run.events.front().seq.value;
        for (const auto& [rid, seq] : std::map<Rid, uint64_t>(in_flight)) {
          if (random() % 3 == 0) continue;  // no answer yet
          in_flight.erase(rid);
          if (random() % 4 == 0) {
            queue.Failed(rid, {}, now_ms, random());
            continue;
          }
          ASSERT_LE(seq, seen[rid] + 1) << "a hole before it, round " << round;
          ASSERT_GE(seq, seen[rid]) << "further back than what was in flight";
          seen[rid] = seq;
          queue.Delivered(rid);
        }
        place = queue.place();
      }
      // The process dies; what was in flight may have arrived.
      for (const auto& [rid, seq] : in_flight) {
        if (random() % 2 == 0) seen[rid] = seq;
      }
    }
    for (const auto& [rid, head] : heads) EXPECT_EQ(seen[rid], head);
  }
}

}  // namespace
}  // namespace parley::testing
