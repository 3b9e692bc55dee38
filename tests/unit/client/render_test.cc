#include "client/cli/render.h"

#include <cstdlib>
#include <ctime>

#include <gtest/gtest.h>

#include "client/cli/report.h"
#include "schemas/code.h"

namespace parley::client {
namespace {

class RenderTest : public testing::Test {
 protected:
  RenderTest() {
    setenv("TZ", "UTC", 1);
    tzset();
    event_.set_room("lobby");
    event_.set_seq(7);
    event_.set_ts_ms(1'795'595'415'123);
    event_.set_sender("alice");
  }

  v1::Event event_;
};

TEST_F(RenderTest, AText) {
  event_.mutable_text()->set_text("hello 👋");
  EXPECT_EQ(RenderEvent(event_), "2026-11-25 08:30:15 lobby #7 alice: hello 👋");
  event_.set_reply_to(3);
  EXPECT_EQ(RenderEvent(event_), "2026-11-25 08:30:15 lobby #7 alice: (to #3) hello 👋");
}

TEST_F(RenderTest, NoControlSequenceReachesTheTerminal) {
  event_.mutable_text()->set_text("\x1b[2Jgone\a\r\xc2\x9bx\nbob: forged");
  const std::string line = RenderEvent(event_);
  EXPECT_EQ(line.find('\x1b'), std::string::npos);
  EXPECT_EQ(line.find('\a'), std::string::npos);
  EXPECT_EQ(line.find('\r'), std::string::npos);
  EXPECT_NE(line.find("\n    bob: forged"), std::string::npos);
}

TEST_F(RenderTest, OtherBodies) {
  event_.mutable_custom()->set_content_type("image/\x1bpng");
  event_.mutable_custom()->set_data("abc");
  EXPECT_EQ(RenderEvent(event_), "2026-11-25 08:30:15 lobby #7 alice: [image/?png, 3 bytes]");
  event_.mutable_custom()->set_content_type("application/json");
  event_.mutable_custom()->set_data("{}");
  EXPECT_EQ(RenderEvent(event_), "2026-11-25 08:30:15 lobby #7 alice: [application/json, 2 bytes] {}");
  v1::MembershipChange& change = *event_.mutable_membership()->add_changes();
  change.set_user("carol");
  change.set_change(v1::MembershipChange::ADDED);
  change.set_role(v1::Member::MEMBER);
  change.set_by("alice");
  EXPECT_EQ(RenderEvent(event_), "2026-11-25 08:30:15 lobby #7 alice: * carol added as member by alice");
  event_.mutable_edit()->set_target_seq(2);
  event_.mutable_edit()->set_text("better");
  EXPECT_EQ(RenderEvent(event_), "2026-11-25 08:30:15 lobby #7 alice: edits #2: better");
  event_.clear_body();
  EXPECT_EQ(RenderEvent(event_), "2026-11-25 08:30:15 lobby #7 alice: [empty]");
}

TEST_F(RenderTest, ALiveEventHasNoSeq) {
  event_.set_seq(0);
  event_.mutable_text()->set_text("now");
  EXPECT_EQ(RenderEvent(event_), "2026-11-25 08:30:15 lobby (live) alice: now");
}

TEST_F(RenderTest, AnAckIsHonest) {
  v1::Ack ack;
  ack.set_room("lobby");
  ack.set_seq(7);
  ack.set_durability(v1::Ack::FSYNCED);
  EXPECT_EQ(RenderAck(ack), "lobby seq 7 fsynced");
  ack.set_duplicate(true);
  EXPECT_EQ(RenderAck(ack), "lobby seq 7 fsynced (duplicate)");
  ack.set_code(v1::ALREADY_EXISTS);
  ack.set_reason("another body");
  EXPECT_EQ(RenderAck(ack), "lobby ALREADY_EXISTS: another body (first sent as seq 7)");
  v1::Ack live;
  live.set_room("lobby");
  EXPECT_EQ(RenderAck(live), "lobby live only, not stored");
}

TEST_F(RenderTest, ARoom) {
  v1::RoomState room;
  room.set_room("lobby");
  room.set_kind(v1::Room::GROUP);
  room.set_role(v1::Member::OWNER);
  room.set_head(7);
  room.set_unread(2);
  room.set_mentions(1);
  room.set_title("The Lobby");
  EXPECT_EQ(RenderRoom(room), "lobby group owner head 7 unread 2 mentions 1 \"The Lobby\"");
}

TEST_F(RenderTest, Errors) {
  EXPECT_EQ(RenderError({Code::NOT_FOUND, "no \x1b"}), "NOT_FOUND: no ?");
  EXPECT_EQ(ErrorJson({Code::NOT_FOUND, "no \"x\""}), R"({"code":"NOT_FOUND","reason":"no \"x\""})");
}

TEST_F(RenderTest, AnUnknownOutcomeIsAnAckWithItsCode) {
  const v1::Ack ack = AckOf("lobby", "a1", Error{Code::UNAVAILABLE, "no ack"});
  EXPECT_EQ(ack.code(), v1::UNAVAILABLE);
  EXPECT_EQ(ack.id(), "a1");
  EXPECT_EQ(RenderAck(ack), "lobby UNAVAILABLE: no ack");
}

TEST(ExitCode, EveryCodeHasItsOwn) {
  const std::atomic<bool> interrupted{false};
  const CommandContext context{{}, {}, interrupted};
  for (const CodeEntry& entry : CodeTable()) {
    EXPECT_EQ(ExitCode({entry.code, ""}, context), entry.exit_code);
    EXPECT_NE(entry.exit_code, kExitUsage);
  }
}

TEST(ExitCode, AnInterruptionIs130) {
  const std::atomic<bool> interrupted{true};
  const CommandContext context{{}, {}, interrupted};
  EXPECT_EQ(ExitCode({Code::UNAVAILABLE, "interrupted"}, context), 130);
}

}  // namespace
}  // namespace parley::client
