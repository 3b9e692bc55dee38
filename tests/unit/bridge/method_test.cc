#include "bridge/service/method.h"

#include <thread>

#include <gtest/gtest.h>

#include "bridge/app/methods.h"
#include "bridge/service/parked_replies.h"
#include "bridge/service/query_worker.h"
#include "parley/v1/request.pb.h"
#include "schemas/json.h"
#include "tests/unit/core_reader/tiny_store.h"

namespace parley::bridge {
namespace {

constexpr auto kMember = v1::Member::MEMBER;

// The writer's own view, as a reader.
class DirectReader final : public store::StoreReader {
 public:
  explicit DirectReader(testing::TinyStore& store) : store_(store) {}
  Result<std::unique_ptr<store::StoreView>> View(LogIndex at_least) override {
    asked = at_least;
    if (unavailable > 0) {
      --unavailable;
      return Error{Code::UNAVAILABLE, "not yet"};
    }
    return store_.View();
  }
  LogIndex asked;
  int unavailable = 0;

 private:
  testing::TinyStore& store_;
};

class MethodTest : public ::testing::Test {
 protected:
  void SetUp() override {
    for (const char* user : {"alice", "bob"}) store_.CreateUser(user);
    store_.CreateRoom("lobby", {{"alice", kMember}, {"bob", kMember}});
  }

  internal::v1::RequestEnvelope Envelope(const std::string& method, const std::string& payload,
                                         Encoding encoding = Encoding::kJson) {
    internal::v1::RequestEnvelope envelope;
    envelope.set_user("alice");
    envelope.set_client("phone-1");
    envelope.set_number(41);
    envelope.set_committed(store_.applied().value);
    envelope.set_method(method);
    envelope.set_encoding(static_cast<uint32_t>(encoding));
    envelope.set_payload(payload);
    return envelope;
  }

  OutgoingReply Run(const internal::v1::RequestEnvelope& envelope) {
    return AnswerRequest(registry_, envelope, reader_);
  }

  template <typename Reply>
  Reply RunJson(const std::string& method, const std::string& payload) {
    Reply reply;
    const OutgoingReply answer = Run(Envelope(method, payload));
    const Status parsed = FromJson(answer.payload, reply);
    EXPECT_TRUE(parsed) << answer.payload;
    return reply;
  }

  testing::TinyStore store_;
  DirectReader reader_{store_};
  const Registry registry_ = BridgeMethods();
};

TEST_F(MethodTest, JsonAndPbSayTheSame) {
  const auto json = RunJson<v1::HistoryPageReply>("history.page", R"({"requestId":"r1","room":"lobby"})");
  v1::HistoryPageRequest request;
  request.set_request_id("r1");
  request.set_room("lobby");
  const OutgoingReply pb = Run(Envelope("history.page", request.SerializeAsString(), Encoding::kPb));
  EXPECT_EQ(pb.payload, json.SerializeAsString());
  EXPECT_EQ(json.request_id(), "r1");
  EXPECT_EQ(json.code(), Code::OK);
  EXPECT_EQ(json.events_size(), 1);
  EXPECT_EQ(pb.number, 41u);
}

TEST_F(MethodTest, TheReplyOfSyncIsWhatTheProtocolShows) {
  const OutgoingReply reply = Run(Envelope("sync", R"({"requestId":"r2","cursor":"3","eventsPerRoom":100})"));
  EXPECT_EQ(
      reply.payload,
      R"({"requestId":"r2","code":"OK","reason":"","rooms":[],"inbox":[],"cursor":"3","more":false,"reset":false})");
  EXPECT_EQ(reply.number, 41u);
  EXPECT_EQ(reply.seen, store_.applied());
  EXPECT_EQ(reader_.asked, store_.applied());
}

TEST_F(MethodTest, WhatCannotBeReadIsNamedAndKeepsItsId) {
  const std::string nested = R"({"room":)" + std::string(60'000, '[');
  const char* const deep = nested.c_str();
  for (const auto& [payload, id, word] : {
           std::tuple{R"({"requestId":"r1","room":"lobby","bogus":1})", "r1", "bogus"},
           {R"({"requestId":"r1","room":"lobby","before":"-5"})", "r1", "before"},
           {R"({"requestId":"r1","room":"lobby","before":"99999999999999999999999"})", "r1", "before"},
           {R"({"requestId":"r1","room":"lobby","limit":"many"})", "r1", "limit"},
           {R"({"request_id":"r1","room":7,"bogus":1})", "r1", ""},
           {R"({"requestId":"r1")", "", ""},
           {R"([1])", "", ""},
           {"", "", ""},
           {"\xff", "", ""},
           {deep, "", ""},
           {R"({"requestId":"r1","before":"1","after":"1","room":"lobby"})", "r1", "before"},
           {R"({"requestId":"r1"})", "r1", "room"},
       }) {
    const auto reply = RunJson<v1::HistoryPageReply>("history.page", payload);
    EXPECT_EQ(reply.code(), Code::INVALID_ARGUMENT) << payload;
    EXPECT_EQ(reply.request_id(), id) << payload;
    EXPECT_NE(reply.reason().find(word), std::string::npos) << payload << " " << reply.reason();
  }
}

TEST_F(MethodTest, SoIsPb) {
  v1::HistoryPageRequest request;
  request.set_request_id("r1");
  request.set_room("lobby");
  const std::string whole = request.SerializeAsString();
  v1::HistoryPageReply reply;
  ASSERT_TRUE(reply.ParseFromString(
      Run(Envelope("history.page", whole.substr(0, whole.size() - 1), Encoding::kPb)).payload));
  EXPECT_EQ(reply.code(), Code::INVALID_ARGUMENT);
  EXPECT_EQ(reply.request_id(), "r1");
}

TEST_F(MethodTest, AnIdThatIsTooLongIsRefused) {
  const std::string id(65, 'x');
  const auto reply = RunJson<v1::SyncReply>("sync", R"({"requestId":")" + id + "\"}");
  EXPECT_EQ(reply.code(), Code::INVALID_ARGUMENT);
  EXPECT_EQ(reply.request_id(), "");
}

TEST_F(MethodTest, AMethodThatIsNotHereIsUnimplemented) {
  const OutgoingReply reply = Run(Envelope("presence.get", R"({"requestId":"r1","user":"bob"})"));
  EXPECT_EQ(
      reply.payload,
      R"({"requestId":"r1","code":"UNIMPLEMENTED","reason":"this version does not have presence.get"})");
  EXPECT_EQ(reply.seen.value, 0u);
}

TEST_F(MethodTest, WithoutAViewTheReplySaysSo) {
  reader_.unavailable = 1;
  const auto reply = RunJson<v1::SyncReply>("sync", R"({"requestId":"r1"})");
  EXPECT_EQ(reply.code(), Code::UNAVAILABLE);
  EXPECT_EQ(reply.request_id(), "r1");
}

// A refusal tells something of the store, too.
TEST_F(MethodTest, ARefusalReadFromTheStoreIsHeldBackLikeAnAnswer) {
  EXPECT_EQ(Run(Envelope("history.page", R"({"room":"nowhere"})")).seen, store_.applied());
  EXPECT_EQ(Run(Envelope("history.page", "x")).seen.value, 0u);
}

TEST_F(MethodTest, TheRefusalOfALateReplyIsUnavailable) {
  v1::HistoryPageReply late;
  ASSERT_TRUE(FromJson(Run(Envelope("history.page", R"({"requestId":"r1","room":"lobby"})")).refusal, late));
  EXPECT_EQ(late.code(), Code::UNAVAILABLE);
  EXPECT_EQ(late.request_id(), "r1");
}

// In JSON a control character takes six bytes, an empty field its name: what is sent counts.
TEST_F(MethodTest, NoReplyIsLargerThanItMayBe) {
  store_.BeginBatch();
  for (int i = 0; i < 1500; ++i) store_.Say("lobby", "alice", "hi");
  store_.CreateRoom("wild", {{"alice", kMember}});
  for (int i = 0; i < 12; ++i) store_.Say("wild", "alice", std::string(30'000, '\x01'));
  store_.CreateRoom("wide", {{"alice", kMember}});
  for (int i = 0; i < 12; ++i) store_.Say("wide", "alice", std::string(60'000, 'x'));
  store_.EndBatch();
  for (const char* room : {"lobby", "wild", "wide"}) {
    for (const char* position : {"", R"(,"after":"0")", R"(,"around":"5")"}) {
      const std::string request =
          R"({"requestId":"r1","limit":1000,"room":")" + std::string(room) + "\"" + position + "}";
      const OutgoingReply reply = Run(Envelope("history.page", request));
      EXPECT_LE(reply.payload.size(), parley::limits::kReplyBytesMax) << request;
      v1::HistoryPageReply page;
      ASSERT_TRUE(FromJson(reply.payload, page));
      EXPECT_EQ(page.code(), Code::OK);
      EXPECT_GE(page.events_size(), 1) << request;
      EXPECT_TRUE(page.more()) << request;
      v1::HistoryPageRequest pb;
      ASSERT_TRUE(FromJson(request, pb));
      EXPECT_LE(Run(Envelope("history.page", pb.SerializeAsString(), Encoding::kPb)).payload.size(),
                parley::limits::kReplyBytesMax);
    }
  }
  std::string cursor = "0";
  std::vector<std::string> rooms;
  for (bool more = true; more;) {
    const OutgoingReply reply =
        Run(Envelope("sync", R"({"limit":1000,"eventsPerRoom":1000,"cursor":")" + cursor + "\"}"));
    ASSERT_LE(reply.payload.size(), parley::limits::kReplyBytesMax);
    v1::SyncReply page;
    ASSERT_TRUE(FromJson(reply.payload, page));
    ASSERT_EQ(page.code(), Code::OK);
    ASSERT_GE(page.rooms_size(), 1);
    for (const v1::RoomState& room : page.rooms()) {
      rooms.push_back(room.room());
      EXPECT_TRUE(room.truncated());
    }
    cursor = page.cursor();
    more = page.more();
  }
  EXPECT_EQ(rooms, (std::vector<std::string>{"lobby", "wild", "wide"}));
}

// What one reply came to is a guess at the next one, never a bound of it.
TEST_F(MethodTest, AReplyIsFullWhateverTheOneBeforeHeld) {
  store_.BeginBatch();
  store_.CreateRoom("wild", {{"alice", kMember}});
  for (int i = 0; i < 100; ++i) store_.Say("wild", "alice", std::string(3'000, '\x01'));
  store_.CreateRoom("plain", {{"alice", kMember}});
  for (int i = 0; i < 100; ++i) store_.Say("plain", "alice", std::string(3'000, 'x'));
  store_.EndBatch();
  for (const char* room : {"wild", "plain", "wild", "plain", "plain"}) {
    const OutgoingReply reply =
        Run(Envelope("history.page", R"({"limit":1000,"room":")" + std::string(room) + "\"}"));
    EXPECT_LE(reply.payload.size(), parley::limits::kReplyBytesMax) << room;
    EXPECT_GT(reply.payload.size(), parley::limits::kReplyBytesMax * 3 / 4) << room;
  }
}

// One event that is too large by itself is given alone: a client that pages gets past it.
TEST_F(MethodTest, AnEventThatIsTooLargeByItselfIsGivenAlone) {
  for (int i = 0; i < 3; ++i) store_.Say("lobby", "alice", std::string(60'000, '\x01'));
  uint64_t after = 1;
  for (uint64_t seq = 2; seq <= 4; ++seq) {
    const auto page = RunJson<v1::HistoryPageReply>(
        "history.page", R"({"room":"lobby","after":")" + std::to_string(after) + "\"}");
    ASSERT_EQ(page.events_size(), 1);
    EXPECT_EQ(page.events(0).seq(), seq);
    EXPECT_EQ(page.more(), seq < 4);
    after = seq;
  }
  const OutgoingReply sync = Run(Envelope("sync", R"({"cursor":"0"})"));
  EXPECT_LE(sync.payload.size(), parley::limits::kReplyBytesMax);
}

// The worker, the held-back replies, and a store that is ahead of the disk, together.
TEST_F(MethodTest, NothingReadFromTheViewLeavesBeforeItsIndexIsCommitted) {
  std::mutex mutex;
  std::condition_variable arrived;
  std::vector<OutgoingReply> replies;
  reader_.unavailable = 2;  // also: a store that is behind is asked again
  QueryWorker worker(registry_, reader_, [&](OutgoingReply reply) {
    const std::lock_guard lock(mutex);
    replies.push_back(std::move(reply));
    arrived.notify_all();
  });
  ParkedReplies parked;
  auto envelope = Envelope("history.page", R"({"requestId":"r1","room":"lobby"})");
  const LogIndex asked = store_.applied();
  store_.Say("lobby", "bob", "written, not yet known to be on disk");
  parked.Heard(asked);
  ASSERT_TRUE(worker.Submit(envelope));
  {
    std::unique_lock lock(mutex);
    ASSERT_TRUE(arrived.wait_for(lock, std::chrono::seconds(10), [&] { return !replies.empty(); }));
  }
  EXPECT_EQ(replies[0].seen.value, asked.value + 1);
  EXPECT_TRUE(parked.Admit(replies[0], 0).empty());
  const auto released = parked.Heard({asked.value + 1});
  ASSERT_EQ(released.size(), 1u);
  EXPECT_NE(released[0].payload.find("written, not yet known"), std::string::npos);
}

}  // namespace
}  // namespace parley::bridge
