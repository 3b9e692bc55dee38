#include "broker-plugin/gate/gate.h"

#include <utility>

#include <gmock/gmock.h>

#include "broker-plugin/gate/body_hash.h"
#include "parley/internal/v1/envelope.pb.h"
#include "schemas/draft.h"
#include "schemas/json.h"
#include "schemas/limits.h"
#include "tests/unit/plugin/chat_world.h"
#include "tests/unit/plugin/fake_broker.h"
#include "tests/unit/plugin/fake_log.h"
#include "tests/unit/plugin/temporary_folder.h"

namespace parley::plugin {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using Verdict = Gate::Verdict;

// Keeps what the gate hands over.
class KeptRequests final : public MemberRequests {
 public:
  bool Has(std::string_view method) const override { return method == "rooms.join"; }
  void OnRequest(std::string_view method, const IncomingRequest& request) override {
    kept.push_back(std::string(method) + " by " + request.user + " at " + request.client + ": " +
                   std::string(request.payload) + " to " + request.address.topic);
  }
  std::vector<std::string> kept;
};

class GateTest : public testing::Test {
 protected:
  GateTest()
      : sessions_([](const std::string&) { return true; }),
        clock_(0, 0),
        delivery_(broker_, view_, sessions_,
                  {.ring = [] {},
                   .answered = [](const auto&) {},
                   .will_change = [](const auto&) {},
                   .released = [](LogIndex) {},
                   .routed = [] {}},
                  {41}),
        commands_(log_, clock_),
        bridge_requests_(sessions_, delivery_, 1),
        held_(log::HeldSlots::Open(folder_.path() + "/held", {}, left_).value()),
        gate_(view_, commands_, delivery_, member_requests_, bridge_requests_, *held_) {
    for (const char* user : {"alice", "bob", "former", "reader", "banned", "mallory"})
      world_.CreateUser(user);
    world_.CreateRoom("lobby", {{"alice", v1::Member::MEMBER},
                                {"bob", v1::Member::MEMBER},
                                {"former", v1::Member::MEMBER},
                                {"reader", v1::Member::READER},
                                {"banned", v1::Member::BANNED}});
    world_.RemoveMember("lobby", "former");
    view_ = world_.Copy();
  }

  Verdict Publish(const std::string& user, std::string_view topic, std::string_view payload,
                  uint8_t qos = 1) {
    Session session;
    session.client = user + "-1";
    session.user = user;
    session.interest = Interest::Everything();
    const Session& connected = sessions_.Connected(&handles_[user], std::move(session));
    return gate_.OnMessage(connected, {.topic = topic, .payload = payload, .qos = qos});
  }
  // The one ack (or reply) that was published, in JSON topics; removes it.
  template <typename Message = v1::Ack>
  Message Answer(const std::string& topic) {
    Message message;
    for (const FakeBroker::Queued& queued : broker_.queue()) {
      if (queued.message.topic != topic) continue;
      EXPECT_TRUE(FromJson(queued.message.payload, message));
    }
    return message;
  }
  v1::Ack Ack(const std::string& user) { return Answer(AcksTopic(user + "-1", Encoding::kJson)); }

  ChatWorld world_;
  FakeBroker broker_;
  domain::Directory view_;
  Sessions sessions_;
  LogClock clock_;
  FakeLog log_;
  Delivery delivery_;
  CommandSender commands_;
  KeptRequests member_requests_;
  BridgeRequests bridge_requests_;
  const TemporaryFolder folder_;
  std::vector<std::string> left_;
  const std::unique_ptr<log::HeldSlots> held_;
  Gate gate_;
  std::map<std::string, int> handles_;
};

TEST_F(GateTest, CorrelationDataComesBackWithTheAckOfARefusal) {
  Session session;
  session.client = "mallory-1";
  session.user = "mallory";
  session.interest = Interest::Everything();
  const Session& connected = sessions_.Connected(&handles_["mallory"], std::move(session));
  EXPECT_EQ(gate_.OnMessage(connected, {.topic = "chat/v1/rooms/lobby/send/text/i",
                                        .payload = "hello",
                                        .qos = 1,
                                        .correlation_data = "c-1"}),
            Verdict::kRefuse);
  ASSERT_EQ(broker_.queue().size(), 1U);
  EXPECT_EQ(broker_.queue().front().message.correlation_data, "c-1");
}

TEST_F(GateTest, AReplyGoesToTheResponseTopicInTheClientsOwnSpaceOnly) {
  const struct {
    std::string_view asked;
    std::string_view used;
  } cases[] = {{"chat/v1/clients/alice-1/replies/r7", "chat/v1/clients/alice-1/replies/r7"},
               {"chat/v1/clients/alice-1/mine", "chat/v1/clients/alice-1/mine"},
               {"chat/v1/clients/bob-1/replies/json", "chat/v1/clients/alice-1/replies/json"},
               {"chat/v1/rooms/lobby/events/json", "chat/v1/clients/alice-1/replies/json"},
               {"elsewhere", "chat/v1/clients/alice-1/replies/json"}};
  Session session;
  session.client = "alice-1";
  session.user = "alice";
  const Session& connected = sessions_.Connected(&handles_["alice"], std::move(session));
  for (const auto& [asked, used] : cases) {
    EXPECT_EQ(gate_.OnMessage(connected, {.topic = "chat/v1/requests/no.such/json",
                                          .payload = R"({"requestId":"r"})",
                                          .qos = 1,
                                          .response_topic = asked,
                                          .correlation_data = "c-2"}),
              Verdict::kTaken);
    EXPECT_EQ(broker_.queue().back().message.topic, used);
    EXPECT_EQ(broker_.queue().back().message.correlation_data, "c-2");
  }
}

TEST_F(GateTest, ADraftOfEachEncodingIsTaken) {
  v1::Draft draft;
  draft.set_id("i");
  draft.mutable_text()->set_text("hello");
  const std::string pb = draft.SerializeAsString();
  for (const auto& [topic, payload] :
       {std::pair<std::string, std::string>{"chat/v1/rooms/lobby/send/pb", pb},
        {"chat/v1/rooms/lobby/send/pb/i", pb},
        {"chat/v1/rooms/lobby/send/json", R"({"id":"i","text":{"text":"hello"}})"},
        {"chat/v1/rooms/lobby/send/json/i", R"({"text":{"text":"hello"}})"},
        {"chat/v1/rooms/lobby/send/text/i", "hello"}}) {
    EXPECT_EQ(Publish("alice", topic, payload), Verdict::kTaken) << topic;
  }
  ASSERT_THAT(log_.commands, SizeIs(5));
  for (const domain::Command& command : log_.commands) {
    EXPECT_EQ(command.origin().user(), "alice");
    EXPECT_EQ(command.origin().client(), "alice-1");
    EXPECT_EQ(command.send().room(), "lobby");
    EXPECT_EQ(command.send().draft().id(), "i");
    EXPECT_EQ(command.send().draft().text().text(), "hello");
    EXPECT_EQ(command.send().body_hash(), log_.commands[0].send().body_hash())
        << "in every encoding the same";
    EXPECT_GT(command.wall_ms(), 0U);
  }
  EXPECT_THAT(broker_.queue(), IsEmpty()) << "acked once stored";
}

TEST_F(GateTest, TheIdIsNoPartOfTheBody) {
  v1::Draft one;
  one.mutable_text()->set_text("x");
  v1::Draft other = one;
  one.set_id("1");
  other.set_id("2");
  EXPECT_EQ(BodyHash(one), BodyHash(other));
  other.mutable_text()->set_text("y");
  EXPECT_NE(BodyHash(one), BodyHash(other));
}

struct Refusal {
  const char* name;
  std::string user;
  std::string topic;
  std::string payload;
  Code code;
  std::string id;
  std::string room;
};
class GateRefusalTest : public GateTest, public testing::WithParamInterface<Refusal> {};

TEST_P(GateRefusalTest, IsAnsweredAndLeavesNoTrace) {
  const Refusal& refusal = GetParam();
  for (const uint8_t qos : {uint8_t{0}, uint8_t{1}, uint8_t{2}}) {
    EXPECT_EQ(Publish(refusal.user, refusal.topic, refusal.payload, qos), Verdict::kRefuse);
  }
  const v1::Ack ack = Ack(refusal.user);
  EXPECT_EQ(ack.code(), refusal.code) << ack.reason();
  EXPECT_EQ(ack.id(), refusal.id);
  EXPECT_EQ(ack.room(), refusal.room);
  EXPECT_FALSE(ack.reason().empty());
  EXPECT_EQ(ack.seq(), 0U);
  EXPECT_EQ(ack.durability(), v1::Ack::NONE);
  EXPECT_THAT(broker_.queue(), SizeIs(3)) << "an ack each, and no event";
  EXPECT_THAT(log_.commands, IsEmpty());
}

const std::string kText = R"({"id":"i","text":{"text":"x"}})";
const std::string kCursor = "chat/v1/rooms/lobby/cursor/json";
const std::string kRead = R"({"read":"7"})";
const std::string kSend = "chat/v1/rooms/lobby/send/json";
const std::string kTyping = R"({"kind":"TYPING_START"})";

std::string SignalToMany(int users) {
  v1::Signal signal;
  signal.set_kind(v1::Signal::CALL);
  for (int i = 0; i < users; ++i) signal.add_to("u" + std::to_string(i));
  return ToJson(signal);
}

INSTANTIATE_TEST_SUITE_P(
    Drafts, GateRefusalTest,
    testing::Values(
        Refusal{"NeverAMember", "mallory", kSend, kText, Code::PERMISSION_DENIED, "i", "lobby"},
        Refusal{"NoRoom", "alice", "chat/v1/rooms/none/send/json", kText, Code::NOT_FOUND, "i", "none"},
        Refusal{"BadRoom", "alice", "chat/v1/rooms/Lobby/send/json", kText, Code::INVALID_ARGUMENT, "i", ""},
        Refusal{"EmptyRoom", "alice", "chat/v1/rooms//send/json", kText, Code::INVALID_ARGUMENT, "i", ""},
        Refusal{"DirectOfOthers", "mallory", "chat/v1/rooms/dm:alice:bob/send/json", kText,
                Code::PERMISSION_DENIED, "i", "dm:alice:bob"},
        Refusal{"DirectOfOthersThatIsNot", "mallory", "chat/v1/rooms/dm:nobody:noone/send/json", kText,
                Code::PERMISSION_DENIED, "i", "dm:nobody:noone"},
        Refusal{"DirectToNobody", "alice", "chat/v1/rooms/dm:alice:nobody/send/json", kText, Code::NOT_FOUND,
                "i", "dm:alice:nobody"},
        Refusal{"DirectInWrongOrder", "alice", "chat/v1/rooms/dm:bob:alice/send/json", kText,
                Code::INVALID_ARGUMENT, "i", ""},
        Refusal{"DirectToOneself", "alice", "chat/v1/rooms/dm:alice:alice/send/json", kText,
                Code::INVALID_ARGUMENT, "i", ""},
        Refusal{"NotJson", "alice", kSend + "/i", "{", Code::INVALID_ARGUMENT, "i", "lobby"},
        Refusal{"UnknownField", "alice", kSend, R"({"id":"i","text":{"text":"x"},"seq":7})",
                Code::INVALID_ARGUMENT, "i", "lobby"},
        Refusal{"NumberOutOfRange", "alice", kSend,
                R"({"id":"i","text":{"text":"x"},"replyTo":99999999999999999999})", Code::INVALID_ARGUMENT,
                "i", "lobby"},
        Refusal{"NegativeNumber", "alice", kSend, R"({"id":"i","text":{"text":"x"},"thread":-1})",
                Code::INVALID_ARGUMENT, "i", "lobby"},
        Refusal{"TwoBodies", "alice", kSend,
                R"({"id":"i","text":{"text":"x"},"custom":{"contentType":"a/b"}})", Code::INVALID_ARGUMENT,
                "i", "lobby"},
        Refusal{"NoBody", "alice", kSend, R"({"id":"i"})", Code::INVALID_ARGUMENT, "i", "lobby"},
        Refusal{"EmptyText", "alice", "chat/v1/rooms/lobby/send/text/i", "", Code::INVALID_ARGUMENT, "i",
                "lobby"},
        Refusal{"NotUtf8", "alice", "chat/v1/rooms/lobby/send/text/i", "\xff\xfe", Code::INVALID_ARGUMENT,
                "i", "lobby"},
        Refusal{"ZeroCharacter", "alice", "chat/v1/rooms/lobby/send/text/i", std::string("a\0b", 3),
                Code::INVALID_ARGUMENT, "i", "lobby"},
        Refusal{"IdsDiffer", "alice", kSend + "/j", kText, Code::INVALID_ARGUMENT, "i", "lobby"},
        Refusal{"BadIdInTopic", "alice", kSend + "/a b", R"({"text":{"text":"x"}})", Code::INVALID_ARGUMENT,
                "", "lobby"},
        Refusal{"BadIdInPayload", "alice", kSend, R"({"id":"a b","text":{"text":"x"}})",
                Code::INVALID_ARGUMENT, "", "lobby"},
        Refusal{"LongId", "alice", kSend, R"({"id":")" + std::string(65, 'i') + R"(","text":{"text":"x"}})",
                Code::INVALID_ARGUMENT, "", "lobby"},
        Refusal{"UnknownBody", "alice", kSend, R"({"id":"i","edit":{"targetSeq":"1","text":"x"}})",
                Code::UNIMPLEMENTED, "i", "lobby"},
        Refusal{"TooLarge", "alice", "chat/v1/rooms/lobby/send/text/i", std::string(65'537, 'x'),
                Code::RESOURCE_EXHAUSTED, "i", "lobby"},
        Refusal{"TooLargeWithItsIdInside", "alice", kSend,
                R"({"id":"i","text":{"text":")" + std::string(65'537, 'x') + "\"}}", Code::RESOURCE_EXHAUSTED,
                "", "lobby"},
        Refusal{"CursorOfNothing", "alice", kCursor, "{}", Code::INVALID_ARGUMENT, "", "lobby"},
        Refusal{"CursorBack", "alice", kCursor, R"({"read":-1})", Code::INVALID_ARGUMENT, "", "lobby"},
        Refusal{"CursorOfAnother", "alice", kCursor, R"({"read":1,"user":"bob"})", Code::INVALID_ARGUMENT, "",
                "lobby"},
        Refusal{"CursorTooLarge", "alice", kCursor, std::string(1025, ' '), Code::RESOURCE_EXHAUSTED, "",
                "lobby"},
        Refusal{"CursorOfAStranger", "mallory", kCursor, kRead, Code::PERMISSION_DENIED, "", "lobby"},
        Refusal{"CursorOfAFormerMember", "former", kCursor, kRead, Code::PERMISSION_DENIED, "", "lobby"},
        Refusal{"CursorOfTheBanned", "banned", kCursor, kRead, Code::PERMISSION_DENIED, "", "lobby"},
        Refusal{"CursorNowhere", "alice", "chat/v1/rooms/nowhere/cursor/json", kRead, Code::NOT_FOUND, "",
                "nowhere"},
        Refusal{"CursorInNoRoom", "alice", "chat/v1/rooms/No Room/cursor/json", kRead, Code::INVALID_ARGUMENT,
                "", ""},
        Refusal{"CursorInAForeignDirectRoom", "mallory", "chat/v1/rooms/dm:alice:bob/cursor/json", kRead,
                Code::PERMISSION_DENIED, "", "dm:alice:bob"},
        Refusal{"SignalWithoutAKind", "alice", "chat/v1/rooms/lobby/signals/json", "{}",
                Code::INVALID_ARGUMENT, "", "lobby"},
        Refusal{"SignalThatIsNoJson", "alice", "chat/v1/rooms/lobby/signals/json", "typing",
                Code::INVALID_ARGUMENT, "", "lobby"},
        Refusal{"SignalToNoUsersName", "alice", "chat/v1/rooms/lobby/signals/json",
                R"({"kind":"CALL","to":["Not A User"]})", Code::INVALID_ARGUMENT, "", "lobby"},
        Refusal{"SignalToTooMany", "alice", "chat/v1/rooms/lobby/signals/json", SignalToMany(51),
                Code::INVALID_ARGUMENT, "", "lobby"},
        Refusal{"SignalTooLarge", "alice", "chat/v1/rooms/lobby/signals/json",
                R"({"kind":"CUSTOM","data":")" + std::string(limits::kSignalBytesMax, 'A') + "\"}",
                Code::RESOURCE_EXHAUSTED, "", "lobby"},
        Refusal{"SignalOfAStranger", "mallory", "chat/v1/rooms/lobby/signals/json", kTyping,
                Code::PERMISSION_DENIED, "", "lobby"},
        Refusal{"SignalOfAFormerMember", "former", "chat/v1/rooms/lobby/signals/json", kTyping,
                Code::PERMISSION_DENIED, "", "lobby"},
        Refusal{"SignalOfTheBanned", "banned", "chat/v1/rooms/lobby/signals/json", kTyping,
                Code::PERMISSION_DENIED, "", "lobby"},
        Refusal{"SignalOfWhoOnlyReads", "reader", "chat/v1/rooms/lobby/signals/json", kTyping,
                Code::PERMISSION_DENIED, "", "lobby"},
        Refusal{"SignalToNoRoom", "alice", "chat/v1/rooms/none/signals/json", kTyping, Code::NOT_FOUND, "",
                "none"},
        Refusal{"SignalToABadRoom", "alice", "chat/v1/rooms/A/signals/json", kTyping, Code::INVALID_ARGUMENT,
                "", ""},
        Refusal{"SignalToNobody", "alice", "chat/v1/rooms/dm:alice:nobody/signals/json", kTyping,
                Code::NOT_FOUND, "", "dm:alice:nobody"},
        Refusal{"Events", "alice", "chat/v1/rooms/lobby/events/json", "{}", Code::PERMISSION_DENIED, "", ""},
        Refusal{"Rewind", "alice", "chat/v1/rooms/lobby/rewind/5/json", "{}", Code::PERMISSION_DENIED, "",
                ""},
        Refusal{"UsersSpace", "alice", "chat/v1/users/alice/events/json", "{}", Code::PERMISSION_DENIED, "",
                ""},
        Refusal{"ClientsSpace", "alice", "chat/v1/clients/alice-1/acks/json", "{}", Code::PERMISSION_DENIED,
                "", ""},
        Refusal{"Root", "alice", "chat/v1", "{}", Code::INVALID_ARGUMENT, "", ""},
        Refusal{"Nonsense", "alice", "chat/v1/rooms/lobby/send", "{}", Code::INVALID_ARGUMENT, "", ""},
        Refusal{"TooManyLevels", "alice", "chat/v1/rooms/lobby/send/json/i/j", kText, Code::INVALID_ARGUMENT,
                "", ""}),
    [](const auto& refusal) { return refusal.param.name; });

TEST_F(GateTest, WhatIsNoProtobufIsAnsweredInProtobuf) {
  EXPECT_EQ(Publish("alice", "chat/v1/rooms/lobby/send/pb/i", "\xff\xff\xff"), Verdict::kRefuse);
  ASSERT_THAT(broker_.queue(), SizeIs(1));
  EXPECT_EQ(broker_.queue()[0].message.topic, AcksTopic("alice-1", Encoding::kPb));
  v1::Ack ack;
  ASSERT_TRUE(ack.ParseFromString(broker_.queue()[0].message.payload));
  EXPECT_EQ(ack.code(), Code::INVALID_ARGUMENT);
  EXPECT_EQ(ack.id(), "i");
}

TEST_F(GateTest, CursorsOfMembersEnterTheLogWithoutAnAck) {
  EXPECT_EQ(Publish("reader", kCursor, kRead), Verdict::kTaken);
  v1::Cursor cursor;
  cursor.set_delivered(9);
  EXPECT_EQ(Publish("alice", "chat/v1/rooms/dm:alice:bob/cursor/pb", cursor.SerializeAsString()),
            Verdict::kTaken);
  ASSERT_THAT(log_.commands, SizeIs(2));
  EXPECT_EQ(log_.commands[0].move_cursor().room(), "lobby");
  EXPECT_EQ(log_.commands[0].move_cursor().read(), 7u);
  EXPECT_EQ(log_.commands[0].origin().user(), "reader");
  EXPECT_EQ(log_.commands[1].move_cursor().room(), "dm:alice:bob");
  EXPECT_EQ(log_.commands[1].move_cursor().delivered(), 9u);
  EXPECT_EQ(log_.commands[1].origin().encoding(), static_cast<uint32_t>(Encoding::kPb));
  EXPECT_THAT(broker_.queue(), IsEmpty());

  log_.failure = Error{Code::RESOURCE_EXHAUSTED, "full"};
  EXPECT_EQ(Publish("bob", kCursor, kRead), Verdict::kClose);
}

TEST_F(GateTest, TheLargestDraftIsTaken) {
  EXPECT_EQ(Publish("alice", "chat/v1/rooms/lobby/send/text/i", std::string(limits::kDraftBytesMax, 'x')),
            Verdict::kTaken);
}

// Dedupe comes before authorisation: who was a member once is for the sequencer to answer.
TEST_F(GateTest, FormerBannedAndReadingMembersAreLeftToTheSequencer) {
  for (const char* user : {"former", "banned", "reader"}) {
    EXPECT_EQ(Publish(user, kSend, kText), Verdict::kTaken) << user;
  }
  EXPECT_THAT(log_.commands, SizeIs(3));
}

TEST_F(GateTest, LiveMessagesAreDecidedAtOnce) {
  for (const char* user : {"former", "banned", "reader"}) {
    EXPECT_EQ(Publish(user, kSend, kText, 0), Verdict::kRefuse) << user;
    EXPECT_EQ(Ack(user).code(), Code::PERMISSION_DENIED);
  }
  EXPECT_EQ(Publish("alice", kSend, kText, 0), Verdict::kTaken);
  const v1::Ack ack = Ack("alice");
  EXPECT_EQ(ack.code(), Code::OK);
  EXPECT_EQ(ack.seq(), 0U);
  EXPECT_EQ(ack.durability(), v1::Ack::NONE);
  EXPECT_EQ(ack.reason(), "QoS 0 is not stored; publish with QoS 1");
  const v1::Event event = Answer<v1::Event>(RoomEventsTopic("lobby", Encoding::kJson));
  EXPECT_EQ(event.sender(), "alice");
  EXPECT_EQ(event.seq(), 0U);
  EXPECT_EQ(event.text().text(), "x");
  EXPECT_THAT(log_.commands, IsEmpty());
  EXPECT_EQ(Publish("alice", "chat/v1/rooms/dm:alice:bob/send/json", kText, 0), Verdict::kTaken);
}

TEST_F(GateTest, WhatTheLogCannotTakeClosesTheConnection) {
  log_.failure = Error{Code::RESOURCE_EXHAUSTED, "the journal is full"};
  EXPECT_EQ(Publish("alice", kSend, kText), Verdict::kClose);
  EXPECT_EQ(Publish("alice", kSend, kText, 2), Verdict::kClose);
  EXPECT_THAT(broker_.queue(), IsEmpty()) << "neither acked nor refused: it is still the client's";
  EXPECT_EQ(gate_.closed_count(), 2U);
  EXPECT_EQ(Publish("mallory", kSend, kText), Verdict::kRefuse) << "a refusal needs no log";
}

TEST_F(GateTest, OtherTopicsPass) {
  for (const char* topic : {"a", "chat", "chat/v2/rooms/lobby/send/json", "chat/v10", "", "/chat/v1/x"}) {
    EXPECT_EQ(Publish("alice", topic, "x"), Verdict::kPass) << topic;
  }
}

TEST_F(GateTest, RequestsAreHandedToTheBridgeWithTheirSender) {
  delivery_.SetBridge(true);
  EXPECT_EQ(Publish("alice", "chat/v1/requests/history.page/pb", "\xff"), Verdict::kTaken);
  ASSERT_THAT(broker_.queue(), SizeIs(1));
  internal::v1::RequestEnvelope envelope;
  ASSERT_TRUE(envelope.ParseFromString(broker_.queue()[0].message.payload));
  EXPECT_EQ(broker_.queue()[0].message.topic, kBridgeRequestTopic);
  EXPECT_EQ(envelope.user(), "alice");
  EXPECT_EQ(envelope.client(), "alice-1");
  EXPECT_EQ(envelope.method(), "history.page");
  EXPECT_EQ(envelope.committed(), 41U);
  EXPECT_EQ(envelope.payload(), "\xff") << "a malformed body is the bridge's to answer";
}

TEST_F(GateTest, WhatThePluginAnswersIsHandedOver) {
  EXPECT_EQ(Publish("alice", "chat/v1/requests/rooms.join/json", R"({"room":"square"})"), Verdict::kTaken);
  EXPECT_THAT(member_requests_.kept,
              testing::ElementsAre("rooms.join by alice at alice-1: {\"room\":\"square\"} to "
                                   "chat/v1/clients/alice-1/replies/json"));
  EXPECT_THAT(broker_.queue(), IsEmpty());
}

TEST_F(GateTest, MoreThanMayBePublishedInASecondIsRefused) {
  domain::ConfigRecord config;
  config.set_publishes_per_second(3);
  view_.Apply(config);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(Publish("alice", "chat/v1/rooms/lobby/send/text/i", "x"), Verdict::kTaken);
  }
  EXPECT_EQ(Publish("alice", "chat/v1/rooms/lobby/send/text/i4", "x"), Verdict::kRefuse);
  EXPECT_EQ(Ack("alice").code(), Code::RESOURCE_EXHAUSTED);
  EXPECT_EQ(Ack("alice").id(), "i4");
  EXPECT_EQ(Publish("alice", "chat/v1/requests/rooms.join/json", R"({"requestId":"r"})"), Verdict::kTaken);
  EXPECT_EQ(Answer<v1::Reply>(RepliesTopic("alice-1", Encoding::kJson)).code(), Code::RESOURCE_EXHAUSTED);
  EXPECT_THAT(member_requests_.kept, IsEmpty());
  EXPECT_THAT(log_.commands, SizeIs(3));
  EXPECT_EQ(Publish("bob", "chat/v1/rooms/lobby/send/text/i", "x"), Verdict::kTaken) << "another user";
}

TEST_F(GateTest, TheConfiguredLimitOfADraftHoldsAtOnce) {
  domain::ConfigRecord config;
  config.set_max_draft_bytes(5);
  view_.Apply(config);
  EXPECT_EQ(Publish("alice", "chat/v1/rooms/lobby/send/text/i", "12345"), Verdict::kTaken);
  EXPECT_EQ(Publish("alice", "chat/v1/rooms/lobby/send/text/i", "123456"), Verdict::kRefuse);
  EXPECT_THAT(Ack("alice").reason(), HasSubstr("at most 5 bytes"));
}

TEST_F(GateTest, RequestsThatCannotBeAnsweredGetAReply) {
  const std::string replies = RepliesTopic("alice-1", Encoding::kJson);
  EXPECT_EQ(Publish("alice", "chat/v1/requests/sync/json", R"({"requestId":"r1"})"), Verdict::kTaken);
  EXPECT_EQ(Answer<v1::Reply>(replies).code(), Code::UNAVAILABLE);
  EXPECT_EQ(Answer<v1::Reply>(replies).request_id(), "r1");
  delivery_.SetBridge(true);
  for (const char* method : {"rooms.create", "nonsense", "", "Sync", "a b"}) {
    EXPECT_EQ(Publish("alice", RequestTopicOf(method, Encoding::kJson), R"({"request_id":"r2","x":[}")"),
              Verdict::kTaken);
    EXPECT_EQ(Answer<v1::Reply>(replies).code(), Code::UNIMPLEMENTED) << method;
  }
  EXPECT_EQ(Publish("alice", "chat/v1/requests/sync/json", std::string(65'537, ' ')), Verdict::kTaken);
  EXPECT_EQ(Answer<v1::Reply>(replies).code(), Code::RESOURCE_EXHAUSTED);
  EXPECT_EQ(Publish("alice", "chat/v1/requests/sync/xml", "{}"), Verdict::kRefuse);
}

// Recursive parsers, copies and destructors would overflow the stack of the broker's thread.
TEST_F(GateTest, DeepNestingIsRefusedAndHarmless) {
  const size_t depth = limits::kDraftBytesMax / 2;
  const std::string closed = std::string(depth, '[') + std::string(depth, ']');
  std::string objects;
  while (objects.size() + 6 < limits::kDraftBytesMax) objects += R"({"a":)";
  std::string groups(limits::kDraftBytesMax, '\x0b');  // protobuf: start of group 1, again and again
  for (const std::string& payload : {std::string(2 * depth, '['), closed, objects}) {
    EXPECT_EQ(Publish("alice", kSend, payload), Verdict::kRefuse);
    EXPECT_EQ(Ack("alice").code(), Code::INVALID_ARGUMENT);
    EXPECT_EQ(Publish("alice", "chat/v1/requests/none/json", payload), Verdict::kTaken);
  }
  EXPECT_EQ(Publish("alice", "chat/v1/rooms/lobby/send/pb/i", groups), Verdict::kRefuse);
}

TEST_F(GateTest, DuplicateKeysAreOneFieldAndTheLastIsNotSmuggledPast) {
  const Verdict verdict = Publish("alice", kSend, R"({"id":"a","id":"b","text":{"text":"x"}})");
  if (verdict == Verdict::kTaken) {
    EXPECT_EQ(log_.commands[0].send().draft().id(), "b");
  } else {
    EXPECT_EQ(Ack("alice").code(), Code::INVALID_ARGUMENT);
  }
}

}  // namespace
}  // namespace parley::plugin
