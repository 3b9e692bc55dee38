// Outgoing webhooks: names, rooms, limits, and that a room takes its own with it.

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "schemas/limits.h"
#include "tests/support/commands.h"
#include "tests/support/machine.h"

namespace parley::testing {
namespace {

using domain::Applied;
using ::testing::ElementsAre;
using ::testing::SizeIs;

Command Update(std::string_view webhook) {
  Command command = By("admin");
  command.mutable_update_webhook()->set_webhook(std::string(webhook));
  return command;
}

class WebhooksTest : public ::testing::Test {
 protected:
  void SetUp() override {
    machine_.Do(CreateUser("alice"));
    machine_.Do(CreateUser("bob"));
    machine_.Do(CreateRoom("lobby", {{"alice", v1::Member::OWNER}}));
    machine_.Do(CreateRoom("den", {}));
  }
  Code Do(const Command& command) { return machine_.Do(command).code; }
  const domain::Directory::Webhooks& all() const { return machine_.directory().webhooks(); }

  Machine machine_;
};

TEST_F(WebhooksTest, AreOfOneRoomOrOfAll) {
  const Applied made = machine_.Do(CreateWebhook("hook", "lobby"));
  ASSERT_EQ(made.code, Code::OK) << made.reason;
  EXPECT_EQ(Do(CreateWebhook("everything")), Code::OK);
  EXPECT_EQ(Do(CreateWebhook("hook", "den")), Code::ALREADY_EXISTS);
  EXPECT_EQ(Do(CreateWebhook("other", "nowhere")), Code::NOT_FOUND);
  EXPECT_EQ(Do(CreateWebhook("other", "dm:alice:bob")), Code::FAILED_PRECONDITION);
  ASSERT_THAT(all(), SizeIs(2));
  const domain::WebhookRecord& hook = all().at("hook");
  EXPECT_EQ(hook.rid(), machine_.directory().FindRoom("lobby")->record.rid());
  EXPECT_EQ(hook.created_feed(), made.index.value);
  EXPECT_EQ(hook.changed_feed(), made.index.value);
  EXPECT_EQ(all().at("everything").rid(), 0u);
}

TEST_F(WebhooksTest, ARoomsNumberCannotBePlanted) {
  Command planted = CreateWebhook("hook");
  planted.mutable_create_webhook()->mutable_webhook()->set_rid(3);
  planted.mutable_create_webhook()->mutable_webhook()->set_created_feed(1);
  const Applied made = machine_.Do(planted);
  EXPECT_EQ(all().at("hook").rid(), 0u);
  EXPECT_EQ(all().at("hook").created_feed(), made.index.value);
}

TEST_F(WebhooksTest, OnlyWhatIsGivenChanges) {
  machine_.Do(CreateWebhook("hook", "lobby"));
  const domain::WebhookRecord before = all().at("hook");
  Command update = Update("hook");
  update.mutable_update_webhook()->set_disabled(true);
  const Applied disabled = machine_.Do(update);
  EXPECT_EQ(all().at("hook").changed_feed(), disabled.index.value);
  EXPECT_EQ(Do(update), Code::ALREADY_EXISTS);
  domain::WebhookRecord expected = before;
  expected.set_disabled(true);
  expected.set_changed_feed(disabled.index.value);
  EXPECT_EQ(all().at("hook").ShortDebugString(), expected.ShortDebugString());

  Command more = Update("hook");
  more.mutable_update_webhook()->set_url("https://example.org/new");
  more.mutable_update_webhook()->set_with_events(true);
  more.mutable_update_webhook()->add_events("text");
  more.mutable_update_webhook()->set_secret("whsec_bmV3");
  EXPECT_EQ(Do(more), Code::OK);
  EXPECT_EQ(all().at("hook").url(), "https://example.org/new");
  EXPECT_EQ(all().at("hook").secret(), "whsec_bmV3");
  EXPECT_THAT(all().at("hook").events(), ElementsAre("text"));
  Command all_events = Update("hook");
  all_events.mutable_update_webhook()->set_with_events(true);
  EXPECT_EQ(Do(all_events), Code::OK);
  EXPECT_THAT(all().at("hook").events(), SizeIs(0));
  EXPECT_EQ(all().at("hook").created_feed(), before.created_feed());
  EXPECT_EQ(Do(Update("nothing")), Code::NOT_FOUND);
}

TEST_F(WebhooksTest, AreDeletedByNameAndWithTheirRoom) {
  for (const char* name : {"a", "b", "c"}) machine_.Do(CreateWebhook(name, name[0] == 'c' ? "" : "lobby"));
  EXPECT_EQ(Do(DeleteWebhook("b")), Code::OK);
  EXPECT_EQ(Do(DeleteWebhook("b")), Code::NOT_FOUND);
  Command room = By("admin");
  room.mutable_delete_room()->set_room("lobby");
  EXPECT_EQ(Do(room), Code::OK);
  ASSERT_THAT(all(), SizeIs(1));
  EXPECT_EQ(all().begin()->first, "c");
}

TEST_F(WebhooksTest, ThereAreAtMostAHundred) {
  for (size_t i = 0; i < limits::kWebhooksMax; ++i) {
    EXPECT_EQ(Do(CreateWebhook("w" + std::to_string(i))), Code::OK);
  }
  EXPECT_EQ(Do(CreateWebhook("more")), Code::RESOURCE_EXHAUSTED);
  EXPECT_EQ(Do(DeleteWebhook("w7")), Code::OK);
  EXPECT_EQ(Do(CreateWebhook("more")), Code::OK);
}

}  // namespace
}  // namespace parley::testing
