#include "client/session/room_stream.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/session/limits.h"

namespace parley::client {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

v1::Event EventOf(uint64_t seq, uint64_t ts_ms = 1'000) {
  v1::Event event;
  event.set_room("lobby");
  event.set_seq(seq);
  event.set_ts_ms(ts_ms);
  return event;
}

class RoomStreamTest : public testing::Test {
 protected:
  std::vector<uint64_t> Offer(std::initializer_list<uint64_t> seqs) {
    RoomStream::Events out;
    for (const uint64_t seq : seqs) stream_.Offer(EventOf(seq), out);
    return Seqs(out);
  }

  std::vector<uint64_t> OfferPage(std::initializer_list<uint64_t> seqs) {
    RoomStream::Events page;
    for (const uint64_t seq : seqs) page.push_back(EventOf(seq));
    RoomStream::Events out;
    stream_.OfferPage(std::move(page), out);
    return Seqs(out);
  }

  std::vector<uint64_t> SetBase(uint64_t seq) {
    RoomStream::Events out;
    stream_.SetBase(seq, out);
    return Seqs(out);
  }

  static std::vector<uint64_t> Seqs(const RoomStream::Events& events) {
    std::vector<uint64_t> seqs;
    for (const v1::Event& event : events) seqs.push_back(event.seq());
    return seqs;
  }

  RoomStream stream_;
};

TEST_F(RoomStreamTest, HoldsEverythingUntilItHasABase) {
  EXPECT_THAT(Offer({6, 5}), IsEmpty());
  EXPECT_EQ(stream_.FirstHeld(), 5u);
  EXPECT_THAT(SetBase(4), ElementsAre(5, 6));
}

TEST_F(RoomStreamTest, DropsWhatItHas) {
  SetBase(4);
  EXPECT_THAT(Offer({4, 5, 5, 3, 6}), ElementsAre(5, 6));
}

TEST_F(RoomStreamTest, HoldsBackBehindAHoleAndKnowsOfIt) {
  SetBase(0);
  EXPECT_THAT(Offer({1, 3, 4}), ElementsAre(1));
  EXPECT_TRUE(stream_.Incomplete());
  EXPECT_THAT(Offer({2}), ElementsAre(2, 3, 4));
  EXPECT_FALSE(stream_.Incomplete());
}

TEST_F(RoomStreamTest, APageClosesTheHole) {
  SetBase(0);
  Offer({4, 5});
  EXPECT_THAT(OfferPage({1, 2, 3, 4}), ElementsAre(1, 2, 3, 4, 5));
}

TEST_F(RoomStreamTest, WhatAPageLeavesOutIsNoHole) {
  SetBase(2);
  Offer({12});
  EXPECT_THAT(OfferPage({10, 11}), ElementsAre(10, 11, 12));
}

TEST_F(RoomStreamTest, WhatIsHeldBelowAPageGoesFirst) {
  SetBase(2);
  Offer({5});
  EXPECT_THAT(OfferPage({10}), ElementsAre(5, 10));
}

TEST_F(RoomStreamTest, PassOverGivesUpTheHole) {
  SetBase(0);
  Offer({3, 5});
  stream_.NoteHead(9);
  RoomStream::Events out;
  stream_.PassOver(out);
  EXPECT_THAT(Seqs(out), ElementsAre(3, 5));
  EXPECT_FALSE(stream_.Incomplete());
  EXPECT_THAT(Offer({9, 10}), ElementsAre(10));
}

TEST_F(RoomStreamTest, TheBufferIsBoundedAndTheNewestIsMissedInstead) {
  SetBase(0);
  const uint64_t last = limits::kHeldEventsMax + 10;
  for (uint64_t seq = 2; seq <= last; ++seq) Offer({seq});
  EXPECT_EQ(Offer({1}).back(), limits::kHeldEventsMax + 1);
  EXPECT_TRUE(stream_.Incomplete());
}

TEST_F(RoomStreamTest, AnOldSeqWithALaterTimeIsAnotherLog) {
  SetBase(0);
  Offer({1, 2});
  EXPECT_FALSE(stream_.IsAnotherLog(EventOf(1, 1'000)));
  EXPECT_FALSE(stream_.IsAnotherLog(EventOf(3, 2'000)));
  EXPECT_TRUE(stream_.IsAnotherLog(EventOf(1, 1'001)));
}

}  // namespace
}  // namespace parley::client
