#include "broker-plugin/gate/bridge_requests.h"

#include <utility>

#include <gmock/gmock.h>

#include "parley/internal/v1/envelope.pb.h"
#include "schemas/json.h"
#include "tests/unit/plugin/chat_world.h"
#include "tests/unit/plugin/fake_broker.h"

namespace parley::plugin {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

class BridgeRequestsTest : public testing::Test {
 protected:
  BridgeRequestsTest()
      : sessions_([](const std::string&) { return true; }),
        delivery_(broker_, view_, sessions_,
                  {.ring = [] {},
                   .answered = [](const auto&) {},
                   .will_change = [](const auto&) {},
                   .released = [](LogIndex) {},
                   .routed = [] {}},
                  {41}),
        requests_(sessions_, delivery_, 100) {
    delivery_.SetBridge(true);
    Connect("alice", "phone-1");
  }

  void Connect(const std::string& user, const std::string& client) {
    Session session;
    session.client = client;
    session.user = user;
    sessions_.Connected(&handles_[client], std::move(session));
  }
  // Asks, and gives the number that the bridge is told.
  uint64_t Ask(const std::string& user, const std::string& client, const std::string& request_id = "r1") {
    const IncomingRequest request{.user = user,
                                  .client = client,
                                  .encoding = Encoding::kJson,
                                  .payload = payload_ = R"({"requestId":")" + request_id + R"("})",
                                  .address = {"chat/v1/clients/" + client + "/mine", "corr"}};
    const Status sent = requests_.Forward("sync", request, now_);
    EXPECT_TRUE(sent) << sent.error().reason;
    internal::v1::RequestEnvelope envelope;
    envelope.ParseFromString(broker_.queue().back().message.payload);
    return envelope.number();
  }
  void Reply(uint64_t number, const std::string& payload) {
    internal::v1::ReplyEnvelope envelope;
    envelope.set_number(number);
    envelope.set_payload(payload);
    requests_.OnReply(envelope.SerializeAsString());
  }
  // What went to clients, not to the bridge.
  std::vector<Delivered> Replies() const {
    std::vector<Delivered> replies;
    for (const FakeBroker::Queued& queued : broker_.queue()) {
      if (IsChat(queued.message.topic)) replies.push_back(queued.message);
    }
    return replies;
  }
  v1::Reply Only() const {
    v1::Reply reply;
    EXPECT_THAT(Replies(), SizeIs(1));
    if (!Replies().empty()) {
      EXPECT_TRUE(FromJson(Replies()[0].payload, reply));
    }
    return reply;
  }

  FakeBroker broker_;
  domain::Directory view_;
  Sessions sessions_;
  Delivery delivery_;
  BridgeRequests requests_;
  BridgeRequests::Clock::time_point now_{};
  std::map<std::string, int> handles_;
  std::string payload_;
};

TEST_F(BridgeRequestsTest, AReplyGoesWhereItWasAskedForWithItsCorrelationData) {
  const uint64_t number = Ask("alice", "phone-1");
  EXPECT_EQ(number, 100u);
  Reply(number, "answer");
  ASSERT_THAT(Replies(), SizeIs(1));
  EXPECT_EQ(Replies()[0].topic, "chat/v1/clients/phone-1/mine");
  EXPECT_EQ(Replies()[0].payload, "answer");
  EXPECT_EQ(Replies()[0].correlation_data, "corr");
  Reply(number, "again");
  Reply(99, "of an earlier process");
  requests_.OnReply("\xff");
  EXPECT_THAT(Replies(), SizeIs(1)) << "each is answered once";
}

TEST_F(BridgeRequestsTest, NobodyElseGetsTheReplyOfAClientIdThatHasChangedHands) {
  const uint64_t number = Ask("alice", "phone-1");
  Connect("mallory", "phone-1");
  Reply(number, "alice's");
  EXPECT_THAT(Replies(), IsEmpty());
  EXPECT_EQ(requests_.under_way(), 0u);
}

TEST_F(BridgeRequestsTest, ABridgeThatGoesLeavesNoRequestUnanswered) {
  Ask("alice", "phone-1", "r1");
  delivery_.SetBridge(false);
  requests_.OnBridgeGone();
  EXPECT_EQ(Only().code(), Code::UNAVAILABLE);
  EXPECT_EQ(Only().request_id(), "r1");
  Reply(100, "late");
  EXPECT_THAT(Replies(), SizeIs(1));
  const std::string user = "alice";
  EXPECT_EQ(
      requests_
          .Forward("sync",
                   {.user = user, .client = user, .encoding = Encoding::kJson, .payload = "", .address = {}},
                   now_)
          .error()
          .code,
      Code::UNAVAILABLE);
}

TEST_F(BridgeRequestsTest, OneThatIsNotAnsweredInTimeIsUnavailable) {
  Ask("alice", "phone-1", "r1");
  now_ += BridgeRequests::kAnswerTimeout / 2;
  Ask("alice", "phone-1", "r2");
  requests_.Expire(now_ + BridgeRequests::kAnswerTimeout / 2 - std::chrono::milliseconds(1));
  EXPECT_THAT(Replies(), IsEmpty());
  requests_.Expire(now_ + BridgeRequests::kAnswerTimeout / 2);
  EXPECT_EQ(Only().request_id(), "r1");
  EXPECT_EQ(Only().code(), Code::UNAVAILABLE);
}

TEST_F(BridgeRequestsTest, AnAdminCommandIsAnsweredToWhoeverForwardedIt) {
  std::vector<std::string> answers;
  const auto ask = [&](BridgeRequests::Clock::time_point now) {
    return requests_.ForwardAdmin(
        "admin.stats", {.user = "admin", .client = "a1", .payload = R"({"command":"stats"})"},
        [&answers](const Result<std::string_view>& payload) {
          answers.push_back(payload ? std::string(*payload) : std::string(CodeName(payload.error().code)));
        },
        now);
  };
  ASSERT_TRUE(ask(now_));
  internal::v1::RequestEnvelope envelope;
  ASSERT_TRUE(envelope.ParseFromString(broker_.queue().back().message.payload));
  EXPECT_EQ(envelope.method(), "admin.stats");
  EXPECT_EQ(envelope.user(), "admin");
  EXPECT_EQ(envelope.payload(), R"({"command":"stats"})");
  EXPECT_EQ(envelope.committed(), 41u);
  Reply(envelope.number(), R"({"data":{}})");
  EXPECT_THAT(answers, testing::ElementsAre(R"({"data":{}})"));
  ASSERT_TRUE(ask(now_));
  requests_.Expire(now_ + BridgeRequests::kAnswerTimeout);
  ASSERT_TRUE(ask(now_));
  delivery_.SetBridge(false);
  requests_.OnBridgeGone();
  EXPECT_THAT(answers, testing::ElementsAre(R"({"data":{}})", "UNAVAILABLE", "UNAVAILABLE"));
  EXPECT_EQ(ask(now_).error().code, Code::UNAVAILABLE);
  EXPECT_THAT(answers, SizeIs(3)) << "what was not forwarded is not answered";
  EXPECT_THAT(Replies(), IsEmpty());
  EXPECT_FALSE(BridgeRequests::Has("admin.stats")) << "no client can ask for it";
}

TEST_F(BridgeRequestsTest, ThereIsABoundOnThoseUnderWay) {
  for (size_t i = 0; i < BridgeRequests::kUnderWayMax; ++i) Ask("alice", "phone-1");
  const std::string user = "alice";
  EXPECT_EQ(
      requests_
          .Forward("sync",
                   {.user = user, .client = user, .encoding = Encoding::kJson, .payload = "", .address = {}},
                   now_)
          .error()
          .code,
      Code::RESOURCE_EXHAUSTED);
  Reply(100, "answer");
  Ask("alice", "phone-1");
}

}  // namespace
}  // namespace parley::plugin
