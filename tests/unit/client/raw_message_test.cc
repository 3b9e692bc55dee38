#include "client/cli/raw_message.h"

#include <gtest/gtest.h>

#include "parley/v1/request.pb.h"
#include "schemas/json.h"

namespace parley::client {
namespace {

MqttMessage Message(std::string topic, std::string payload, bool retained = false) {
  return {std::move(topic), std::move(payload), 1, retained, false};
}

v1::Event Hello() {
  v1::Event event;
  event.set_room("lobby");
  event.set_seq(7);
  event.set_sender("alice");
  event.mutable_text()->set_text("hello\x1b[2J");
  return event;
}

TEST(RawMessage, EventsAreDecodedInBothEncodings) {
  const std::string pb = RenderMessage(Message("chat/v1/rooms/lobby/events/pb", Hello().SerializeAsString()));
  EXPECT_EQ(pb, "chat/v1/rooms/lobby/events/pb - lobby #7 alice: hello?[2J");
  const std::string json = RenderMessage(Message("chat/v1/users/bob/events/json", ToJson(Hello())));
  EXPECT_EQ(json, "chat/v1/users/bob/events/json - lobby #7 alice: hello?[2J");
  const std::string object =
      MessageJson(Message("chat/v1/rooms/lobby/events/pb", Hello().SerializeAsString()));
  EXPECT_NE(object.find(R"("message":{"room":"lobby","seq":"7")"), std::string::npos) << object;
}

TEST(RawMessage, AcksAndReplies) {
  v1::Ack ack;
  ack.set_room("lobby");
  ack.set_id("m1");
  ack.set_code(v1::NOT_FOUND);
  ack.set_reason("no such room");
  const MqttMessage message = Message("chat/v1/clients/c/acks/pb", ack.SerializeAsString());
  EXPECT_EQ(RenderMessage(message), "chat/v1/clients/c/acks/pb lobby NOT_FOUND: no such room (id m1)");
  EXPECT_EQ(AnswerCode(message), Code::NOT_FOUND);
  v1::Reply reply;
  reply.set_request_id("r1");
  const MqttMessage pb = Message("chat/v1/clients/c/replies/pb", reply.SerializeAsString());
  EXPECT_NE(RenderMessage(pb).find("\"requestId\":\"r1\""), std::string::npos);
  EXPECT_EQ(AnswerCode(pb), Code::OK);
  EXPECT_EQ(AnswerCode(Message("chat/v1/clients/c/replies/json", R"({"code":"UNIMPLEMENTED"})")),
            Code::UNIMPLEMENTED);
  EXPECT_EQ(AnswerCode(Message("$CONTROL/parley/v1/response",
                               R"({"responses":[{"command":"x"},{"error":"e","code":"NOT_FOUND"}]})")),
            Code::NOT_FOUND);
  EXPECT_EQ(AnswerCode(Message("chat/v1/clients/c/acks/json", "{")), Code::INTERNAL);
}

TEST(RawMessage, OtherPayloadsAreShownSafely) {
  EXPECT_EQ(RenderMessage(Message("a/\x1b[2J", "21.5", true)), "a/?[2J (retained) 21.5");
  EXPECT_EQ(RenderMessage(Message("a", "one\ntwo\x07")), "a one?two?");
  EXPECT_EQ(RenderMessage(Message("a", std::string("\xFF\x00\x1B", 3))), "a [3 bytes] ff 00 1b");
  EXPECT_EQ(RenderMessage(Message("a", std::string(40, '\xFF'))).size(), 2 + 10 + 32 * 3 + 4u);
  EXPECT_EQ(RenderMessage(Message("a", "")), "a ");
  EXPECT_EQ(MessageJson(Message("a", std::string("\xFF\x00", 2))),
            R"({"topic":"a","qos":1,"retained":false,"payloadBase64":"/wA="})");
  EXPECT_EQ(MessageJson(Message("a", "x")), R"({"topic":"a","qos":1,"retained":false,"payload":"x"})");
  // What is not what its topic says is shown as it is.
  EXPECT_EQ(RenderMessage(Message("chat/v1/rooms/lobby/events/json", "{nonsense")),
            "chat/v1/rooms/lobby/events/json {nonsense");
}

TEST(RawMessage, WhereTheAnswerToAPublishComes) {
  EXPECT_EQ(AnswerFilter("sensors/1", "c"), "");
  EXPECT_EQ(AnswerFilter("chat/v1/rooms/lobby/send/text/m1", "c"), "chat/v1/clients/c/acks/json");
  EXPECT_EQ(AnswerFilter("chat/v1/rooms/lobby/send/pb", "c"), "chat/v1/clients/c/acks/pb");
  EXPECT_EQ(AnswerFilter("chat/v1/requests/sync/pb", "c"), "chat/v1/clients/c/replies/pb");
  EXPECT_EQ(AnswerFilter("chat/v1/rooms/lobby/cursor/json", "c"), "");
  EXPECT_EQ(AnswerFilter("chat/v1/nonsense", "c"), "chat/v1/clients/c/acks/json");
  EXPECT_EQ(AnswerFilter("$CONTROL/parley/v1", "c"), "$CONTROL/parley/v1/response");
}

}  // namespace
}  // namespace parley::client
