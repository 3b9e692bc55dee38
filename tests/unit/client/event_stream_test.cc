#include "client/session/event_stream.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/session/limits.h"
#include "schemas/json.h"

namespace parley::client {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// Drives one stream by hand: the test plays the server.
class EventStreamTest : public testing::Test {
 protected:
  void Make(StreamConfig::Rooms rooms, StreamConfig::Start start, uint32_t last = 0) {
    StreamConfig config;
    config.rooms = rooms;
    config.listed = {"lobby"};
    config.start = start;
    config.last = last;
    config.cursor = cursor_;
    config.seen = seen_;
    stream_ = std::make_unique<EventStream>(config);
    requests_.SetReady(true);
    With([&](EventStream::Context& context) { stream_->OnReady(context); });
  }

  template <typename Act>
  void With(Act act) {
    EventStream::Context context{now_ms_, requests_, new_id_, effects_};
    act(context);
    stream_->Pump(context);
    Effects asked;
    requests_.Pump(now_ms_, asked);
    for (Effect& effect : asked) asked_.push_back(std::get<PublishTo>(std::move(effect)));
  }

  void Live(uint64_t seq, const std::string& room = "lobby", uint64_t ts_ms = 0) {
    With([&](EventStream::Context& context) { stream_->OnEvent(EventOf(seq, room, ts_ms), context); });
  }

  static v1::Event EventOf(uint64_t seq, const std::string& room = "lobby", uint64_t ts_ms = 0) {
    v1::Event event;
    event.set_room(room);
    event.set_seq(seq);
    event.set_ts_ms(ts_ms > 0 ? ts_ms : seq);
    return event;
  }

  // The one request that was made since the last call, as `Request`.
  template <typename Request>
  Request Asked() {
    Request request;
    EXPECT_EQ(asked_.size(), 1u);
    if (asked_.empty()) return request;
    EXPECT_TRUE(FromJson(asked_.back().payload, request));
    asked_.clear();
    return request;
  }

  // Answers the request with this id.
  template <typename Reply>
  void Answer(Reply reply, const std::string& id) {
    reply.set_request_id(id);
    requests_.Cancel(id);
    With([&](EventStream::Context& context) {
      EXPECT_TRUE(stream_->OnReply(RequestDone{id, ToJson(reply)}, context));
    });
  }

  static v1::SyncReply SyncOf(uint64_t head, std::initializer_list<uint64_t> seqs,
                              const std::string& cursor) {
    v1::SyncReply reply;
    reply.set_cursor(cursor);
    v1::RoomState& room = *reply.add_rooms();
    room.set_room("lobby");
    room.set_head(head);
    room.set_first(head > 0 ? 1 : 0);
    if (head > 0) *room.mutable_last_event() = EventOf(head);
    for (const uint64_t seq : seqs) *room.add_events() = EventOf(seq);
    return reply;
  }

  static v1::HistoryPageReply PageOf(uint64_t head, uint64_t first, std::initializer_list<uint64_t> seqs) {
    v1::HistoryPageReply reply;
    reply.set_head(head);
    reply.set_first(first);
    for (const uint64_t seq : seqs) *reply.add_events() = EventOf(seq);
    return reply;
  }

  template <typename Reply>
  static Reply Refused(v1::Code code) {
    Reply reply;
    reply.set_code(code);
    reply.set_reason("because");
    return reply;
  }

  // The seqs that were delivered since the last call; what else happened is kept.
  std::vector<uint64_t> Delivered() {
    std::vector<uint64_t> seqs;
    for (const Effect& effect : effects_) {
      if (const auto* deliver = std::get_if<Deliver>(&effect)) seqs.push_back(deliver->event.seq());
      if (std::holds_alternative<CaughtUp>(effect)) ++caught_up_;
      if (const auto* failed = std::get_if<Failed>(&effect)) failures_.push_back(failed->why);
      if (std::holds_alternative<Notice>(effect)) ++notices_;
    }
    effects_.clear();
    return seqs;
  }

  std::string cursor_;  // of an earlier session, as is seen_; set before Make()
  std::map<std::string, StreamConfig::Seen> seen_;
  int64_t now_ms_ = 1'000;
  RequestTable requests_;
  int last_id_ = 0;
  const std::function<std::string()> new_id_ = [this] { return "r" + std::to_string(++last_id_); };
  Effects effects_;
  std::vector<PublishTo> asked_;
  std::unique_ptr<EventStream> stream_;
  int caught_up_ = 0;
  int notices_ = 0;
  std::vector<Error> failures_;
};

using Rooms = StreamConfig::Rooms;
using Start = StreamConfig::Start;

TEST_F(EventStreamTest, FromNowOnShowsOnlyWhatComes) {
  Make(Rooms::kAll, Start::kNow);
  const auto sync = Asked<v1::SyncRequest>();
  EXPECT_EQ(sync.cursor(), "0");
  Answer(SyncOf(7, {7}, "40"), sync.request_id());
  EXPECT_THAT(Delivered(), IsEmpty());
  EXPECT_EQ(caught_up_, 1);
  Live(8);
  EXPECT_THAT(Delivered(), ElementsAre(8));
  EXPECT_EQ(stream_->cursor(), "40");
}

TEST_F(EventStreamTest, WhatComesBeforeTheFirstSyncIsNotLost) {
  Make(Rooms::kAll, Start::kNow);
  const auto sync = Asked<v1::SyncRequest>();
  Live(6);
  Live(7);
  EXPECT_THAT(Delivered(), IsEmpty());
  Answer(SyncOf(7, {7}, "40"), sync.request_id());
  EXPECT_THAT(Delivered(), ElementsAre(6, 7));
}

TEST_F(EventStreamTest, FirstTheLastFew) {
  Make(Rooms::kAll, Start::kLast, 3);
  const auto sync = Asked<v1::SyncRequest>();
  EXPECT_EQ(sync.events_per_room(), 3u);
  Answer(SyncOf(7, {5, 6, 7}, "40"), sync.request_id());
  EXPECT_THAT(Delivered(), ElementsAre(5, 6, 7));
}

TEST_F(EventStreamTest, FirstAllThereIsPageByPage) {
  Make(Rooms::kAll, Start::kAll);
  Answer(SyncOf(5, {4, 5}, "40"), Asked<v1::SyncRequest>().request_id());
  EXPECT_THAT(Delivered(), IsEmpty());
  auto page = Asked<v1::HistoryPageRequest>();
  EXPECT_EQ(page.after(), 0u);
  Answer(PageOf(5, 1, {1, 2}), page.request_id());
  EXPECT_THAT(Delivered(), ElementsAre(1, 2));
  EXPECT_EQ(caught_up_, 0);
  page = Asked<v1::HistoryPageRequest>();
  EXPECT_EQ(page.after(), 2u);
  Answer(PageOf(5, 1, {3, 4}), page.request_id());
  EXPECT_THAT(Delivered(), ElementsAre(3, 4, 5));
  EXPECT_EQ(caught_up_, 1);
}

TEST_F(EventStreamTest, AHoleInTheLiveEventsIsFetched) {
  Make(Rooms::kAll, Start::kNow);
  Answer(SyncOf(7, {7}, "40"), Asked<v1::SyncRequest>().request_id());
  Live(10);
  EXPECT_THAT(Delivered(), IsEmpty());
  const auto page = Asked<v1::HistoryPageRequest>();
  EXPECT_EQ(page.after(), 7u);
  Answer(PageOf(10, 1, {8, 9, 10}), page.request_id());
  EXPECT_THAT(Delivered(), ElementsAre(8, 9, 10));
}

TEST_F(EventStreamTest, ResumesFromTheCursorAfterAReconnect) {
  Make(Rooms::kAll, Start::kNow);
  Answer(SyncOf(7, {7}, "40"), Asked<v1::SyncRequest>().request_id());
  With([&](EventStream::Context& context) { stream_->OnDisconnected(context); });
  With([&](EventStream::Context& context) { stream_->OnReady(context); });
  const auto sync = Asked<v1::SyncRequest>();
  EXPECT_EQ(sync.cursor(), "40");
  Live(9);
  Answer(SyncOf(9, {8, 9}, "50"), sync.request_id());
  EXPECT_THAT(Delivered(), ElementsAre(8, 9));
  EXPECT_EQ(caught_up_, 2);
}

TEST_F(EventStreamTest, ASyncOfSeveralPagesGoesOnAtOnce) {
  Make(Rooms::kAll, Start::kNow);
  v1::SyncReply first = SyncOf(7, {7}, "more-1");
  first.set_more(true);
  Answer(first, Asked<v1::SyncRequest>().request_id());
  EXPECT_EQ(stream_->cursor(), "");
  EXPECT_EQ(caught_up_, 0);
  const auto next = Asked<v1::SyncRequest>();
  EXPECT_EQ(next.cursor(), "more-1");
  v1::SyncReply second;
  second.set_cursor("40");
  Answer(second, next.request_id());
  EXPECT_EQ(stream_->cursor(), "40");
}

TEST_F(EventStreamTest, WhileTheHistoryIsAwayLiveEventsCome) {
  Make(Rooms::kAll, Start::kNow);
  const auto sync = Asked<v1::SyncRequest>();
  Live(6);
  Answer(Refused<v1::SyncReply>(v1::UNAVAILABLE), sync.request_id());
  Live(7);
  EXPECT_THAT(Delivered(), ElementsAre(6, 7));
  EXPECT_EQ(notices_, 1);
  now_ms_ += limits::kRetryFirstMs;
  With([](EventStream::Context&) {});
  Answer(SyncOf(7, {7}, "40"), Asked<v1::SyncRequest>().request_id());
  EXPECT_THAT(Delivered(), IsEmpty());
}

TEST_F(EventStreamTest, WhoeverWantsAllWaitsForTheHistory) {
  Make(Rooms::kAll, Start::kAll);
  const auto sync = Asked<v1::SyncRequest>();
  Answer(Refused<v1::SyncReply>(v1::UNAVAILABLE), sync.request_id());
  Live(2);
  EXPECT_THAT(Delivered(), IsEmpty());
  now_ms_ += limits::kRetryFirstMs;
  With([](EventStream::Context&) {});
  Answer(SyncOf(2, {1, 2}, "40"), Asked<v1::SyncRequest>().request_id());
  EXPECT_THAT(Delivered(), ElementsAre(1, 2));
}

TEST_F(EventStreamTest, ANewRoomStartsWithItsFirstLiveEvent) {
  Make(Rooms::kAll, Start::kNow);
  Answer(SyncOf(7, {7}, "40"), Asked<v1::SyncRequest>().request_id());
  Live(1, "dm:alice:bob");
  Live(50, "team");
  EXPECT_THAT(Delivered(), ElementsAre(1, 50));
}

TEST_F(EventStreamTest, ARoomThatWasMadeAnewStartsOver) {
  Make(Rooms::kAll, Start::kNow);
  Answer(SyncOf(7, {7}, "40"), Asked<v1::SyncRequest>().request_id());
  Live(8, "lobby", 800);
  Live(1, "lobby", 900);
  Live(2, "lobby", 901);
  EXPECT_THAT(Delivered(), ElementsAre(8, 1, 2));
}

TEST_F(EventStreamTest, LiveOnlyEventsPassThrough) {
  Make(Rooms::kAll, Start::kNow);
  Live(0);
  EXPECT_THAT(Delivered(), ElementsAre(0));
}

TEST_F(EventStreamTest, SomeoneWhoWasRemovedStillGetsTheFarewell) {
  Make(Rooms::kAll, Start::kNow);
  Answer(SyncOf(7, {7}, "40"), Asked<v1::SyncRequest>().request_id());
  Live(9);
  Answer(Refused<v1::HistoryPageReply>(v1::PERMISSION_DENIED), Asked<v1::HistoryPageRequest>().request_id());
  EXPECT_THAT(Delivered(), ElementsAre(9));
  EXPECT_THAT(failures_, IsEmpty());
}

TEST_F(EventStreamTest, AHoleThatTheServerDoesNotFillIsPassedOverInTheEnd) {
  Make(Rooms::kAll, Start::kNow);
  Answer(SyncOf(7, {7}, "40"), Asked<v1::SyncRequest>().request_id());
  Live(9);
  for (int attempt = 0; attempt < limits::kFillAttemptsMax; ++attempt) {
    EXPECT_THAT(Delivered(), IsEmpty());
    Answer(PageOf(7, 1, {}), Asked<v1::HistoryPageRequest>().request_id());
    now_ms_ += 60'000;
    With([](EventStream::Context&) {});
  }
  EXPECT_THAT(Delivered(), ElementsAre(9));
  EXPECT_EQ(notices_, 1);
}

// A page that is made a moment before the event is committed shows nothing new; that the history was away
// before says nothing about the hole.
TEST_F(EventStreamTest, RequestsThatFailDoNotCountTowardsGivingAHoleUp) {
  Make(Rooms::kAll, Start::kNow);
  Answer(SyncOf(7, {7}, "40"), Asked<v1::SyncRequest>().request_id());
  Live(9);
  for (int failure = 0; failure < 2 * limits::kFillAttemptsMax; ++failure) {
    Answer(Refused<v1::HistoryPageReply>(v1::UNAVAILABLE), Asked<v1::HistoryPageRequest>().request_id());
    now_ms_ += 60'000;
    With([](EventStream::Context&) {});
  }
  Answer(PageOf(7, 1, {}), Asked<v1::HistoryPageRequest>().request_id());
  EXPECT_THAT(Delivered(), IsEmpty());
  now_ms_ += 60'000;
  With([](EventStream::Context&) {});
  Answer(PageOf(9, 1, {8, 9}), Asked<v1::HistoryPageRequest>().request_id());
  EXPECT_THAT(Delivered(), ElementsAre(8, 9));
}

TEST_F(EventStreamTest, AListedRoomFromNowOn) {
  Make(Rooms::kListed, Start::kNow);
  const auto page = Asked<v1::HistoryPageRequest>();
  EXPECT_EQ(page.limit(), 1u);
  EXPECT_FALSE(page.has_after());
  Answer(PageOf(7, 1, {7}), page.request_id());
  Live(8);
  EXPECT_THAT(Delivered(), ElementsAre(8));
  EXPECT_EQ(caught_up_, 1);
}

TEST_F(EventStreamTest, AListedRoomResumesByPages) {
  Make(Rooms::kListed, Start::kLast, 2);
  Answer(PageOf(7, 1, {6, 7}), Asked<v1::HistoryPageRequest>().request_id());
  EXPECT_THAT(Delivered(), ElementsAre(6, 7));
  With([&](EventStream::Context& context) { stream_->OnDisconnected(context); });
  With([&](EventStream::Context& context) { stream_->OnReady(context); });
  const auto page = Asked<v1::HistoryPageRequest>();
  EXPECT_EQ(page.after(), 7u);
  Answer(PageOf(8, 1, {8}), page.request_id());
  EXPECT_THAT(Delivered(), ElementsAre(8));
}

TEST_F(EventStreamTest, AListedRoomThatIsRefusedEndsTheStream) {
  Make(Rooms::kListed, Start::kAll);
  Answer(Refused<v1::HistoryPageReply>(v1::PERMISSION_DENIED), Asked<v1::HistoryPageRequest>().request_id());
  Delivered();
  ASSERT_EQ(failures_.size(), 1u);
  EXPECT_EQ(failures_[0].code, Code::PERMISSION_DENIED);
}

TEST_F(EventStreamTest, WhatMayNotBeSeenIsNoHole) {
  Make(Rooms::kListed, Start::kAll);
  Answer(PageOf(12, 10, {10, 11, 12}), Asked<v1::HistoryPageRequest>().request_id());
  EXPECT_THAT(Delivered(), ElementsAre(10, 11, 12));
}

TEST_F(EventStreamTest, ResumesAListedRoomBehindWhatAnEarlierSessionDelivered) {
  seen_["lobby"] = {5, 5};
  Make(Rooms::kListed, Start::kLast, 10);
  const auto request = Asked<v1::HistoryPageRequest>();
  EXPECT_EQ(request.after(), 5u);
  Answer(PageOf(8, 1, {6, 7, 8}), request.request_id());
  EXPECT_THAT(Delivered(), ElementsAre(6, 7, 8));
  EXPECT_EQ(caught_up_, 1);
}

TEST_F(EventStreamTest, ResumesAllRoomsWithoutRepeatingWhatCameAfterTheCursor) {
  cursor_ = "40";
  seen_["lobby"] = {7, 7};
  Make(Rooms::kAll, Start::kNow);
  const auto sync = Asked<v1::SyncRequest>();
  EXPECT_EQ(sync.cursor(), "40");
  Answer(SyncOf(9, {6, 7, 8, 9}, "41"), sync.request_id());
  EXPECT_THAT(Delivered(), ElementsAre(8, 9));
  EXPECT_EQ(stream_->cursor(), "41");
}

TEST_F(EventStreamTest, ARoomMadeAnewBetweenTwoSessionsIsShownFromItsStart) {
  seen_["lobby"] = {50, 50};
  Make(Rooms::kListed, Start::kNow);
  auto request = Asked<v1::HistoryPageRequest>();
  EXPECT_EQ(request.after(), 50u);
  Answer(PageOf(2, 1, {}), request.request_id());
  request = Asked<v1::HistoryPageRequest>();
  EXPECT_EQ(request.after(), 0u);
  Answer(PageOf(2, 1, {1, 2}), request.request_id());
  EXPECT_THAT(Delivered(), ElementsAre(1, 2));
}

TEST_F(EventStreamTest, ARoomThatOneMayNoLongerSeeEndsAResumedSession) {
  seen_["lobby"] = {5, 5};
  Make(Rooms::kListed, Start::kNow);
  const auto request = Asked<v1::HistoryPageRequest>();
  Answer(Refused<v1::HistoryPageReply>(v1::PERMISSION_DENIED), request.request_id());
  Delivered();
  ASSERT_EQ(failures_.size(), 1u);
  EXPECT_EQ(failures_[0].code, Code::PERMISSION_DENIED);
}

}  // namespace
}  // namespace parley::client
