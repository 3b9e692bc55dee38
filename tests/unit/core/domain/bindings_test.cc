// Bindings of plain topics to rooms, and the messages that come by them.
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/domain/binding_table.h"
#include "tests/support/commands.h"
#include "tests/support/machine.h"

namespace parley::testing {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

Command Bind(const std::string& filter, const std::string& room) {
  Command command = By("admin");
  command.mutable_bind_topic()->set_filter(filter);
  command.mutable_bind_topic()->set_room(room);
  command.mutable_bind_topic()->set_content_type("text/plain");
  return command;
}
Command Unbind(const std::string& filter, const std::string& room) {
  Command command = By("admin");
  command.mutable_unbind_topic()->set_filter(filter);
  command.mutable_unbind_topic()->set_room(room);
  return command;
}

class Bindings : public ::testing::Test {
 protected:
  Bindings() {
    machine_.Do(CreateUser("sensor"));
    machine_.Do(CreateUser("bob"));
    machine_.Do(CreateRoom("garden", {{"bob", v1::Member::OWNER}}));
    machine_.Do(CreateRoom("attic", {}));
  }
  Code Do(const Command& command) { return machine_.Do(command).code; }
  // A message of a plain topic, as the gate makes it.
  domain::Applied Publish(const std::string& user, const std::string& topic, const std::string& payload) {
    Command command = By(user);
    command.mutable_bound_message()->set_topic(topic);
    command.mutable_bound_message()->set_payload(payload);
    for (const domain::BindingRecord* binding : machine_.directory().bindings().Match(topic)) {
      auto& target = *command.mutable_bound_message()->add_targets();
      target.set_rid(binding->rid());
      target.set_room(binding->room());
      target.set_content_type(binding->content_type());
    }
    return machine_.Do(command);
  }

  Machine machine_;
};

TEST_F(Bindings, AreMadeOnceForAFilterAndRoom) {
  EXPECT_EQ(Do(Bind("s/+/t", "garden")), Code::OK);
  EXPECT_EQ(Do(Bind("s/+/t", "garden")), Code::ALREADY_EXISTS);
  EXPECT_EQ(Do(Bind("s/+/t", "attic")), Code::OK);
  EXPECT_EQ(Do(Bind("s", "nowhere")), Code::NOT_FOUND);
  EXPECT_EQ(Do(Bind("s", "dm:bob:sensor")), Code::FAILED_PRECONDITION);
  EXPECT_EQ(Do(Unbind("s/+/t", "attic")), Code::OK);
  EXPECT_EQ(Do(Unbind("s/+/t", "attic")), Code::NOT_FOUND);
}

TEST_F(Bindings, NeverReachIntoChatOrDollarTopics) {
  for (const char* filter :
       {"#", "+/#", "chat/#", "chat/v1", "chat/+/rooms", "+/v1/#", "$SYS/#", "$share/g/a", "a#"}) {
    EXPECT_EQ(Do(Bind(filter, "garden")), Code::INVALID_ARGUMENT) << filter;
  }
  for (const char* filter : {"chat/v2/#", "+/x", "a/#", "%u"})
    EXPECT_EQ(Do(Bind(filter, "garden")), Code::OK) << filter;
}

TEST_F(Bindings, AMessageBecomesAnEventOfTheRoomWithItsTopicAndSender) {
  Do(Bind("s/+/t", "garden"));
  const domain::Applied applied = Publish("sensor", "s/1/t", std::string("21\0", 3));
  ASSERT_THAT(applied.events, SizeIs(1));
  EXPECT_FALSE(applied.ack);
  v1::Event event;
  ASSERT_TRUE(event.ParseFromString(applied.events[0].bytes));
  EXPECT_EQ(event.room(), "garden");
  EXPECT_EQ(event.topic(), "s/1/t");
  EXPECT_EQ(event.sender(), "sensor");
  EXPECT_EQ(event.custom().content_type(), "text/plain");
  EXPECT_EQ(event.custom().data(), std::string("21\0", 3));
  EXPECT_EQ(event.id(), "");
  EXPECT_EQ(applied.events[0].own_ordinal, 1U);
  EXPECT_EQ(Publish("sensor", "s/1/t", "22").events[0].own_ordinal, 2U) << "each sender's are counted";
}

TEST_F(Bindings, TheBindingIsTheRightAndMakesNoMember) {
  Do(Bind("s/#", "garden"));
  Publish("sensor", "s/1", "x");
  const domain::Membership* membership = machine_.directory().FindMembership("garden", "sensor");
  ASSERT_NE(membership, nullptr);
  EXPECT_EQ(membership->role, v1::Member::UNSPECIFIED);
  EXPECT_EQ(machine_.Do(Send("sensor", "garden", "1")).ack->code(), Code::PERMISSION_DENIED);
  EXPECT_EQ(Do(RemoveMember("garden", "sensor")), Code::NOT_FOUND);
  EXPECT_EQ(Do(AddMember("garden", "sensor")), Code::OK);
  EXPECT_EQ(machine_.Do(Send("sensor", "garden", "2")).events[0].own_ordinal, 2U);
}

TEST_F(Bindings, TwoBindingsMakeOneEventForEachRoom) {
  Do(Bind("s/#", "garden"));
  Do(Bind("s/+", "garden"));
  Do(Bind("s/1", "attic"));
  EXPECT_THAT(Publish("sensor", "s/1", "x").events, SizeIs(2));
  EXPECT_THAT(Publish("sensor", "s/2", "x").events, SizeIs(1));
  EXPECT_THAT(Publish("sensor", "other", "x").events, IsEmpty());
}

TEST_F(Bindings, OfAStrangerNothingIsStored) {
  Do(Bind("s/#", "garden"));
  const domain::Applied applied = Publish("stranger", "s/1", "x");
  EXPECT_EQ(applied.code, Code::NOT_FOUND);
  EXPECT_THAT(applied.events, IsEmpty());
}

}  // namespace
}  // namespace parley::testing
