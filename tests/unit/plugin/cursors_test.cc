#include "broker-plugin/gate/cursors.h"

#include <gmock/gmock.h>

#include "schemas/json.h"
#include "tests/unit/plugin/fake_log.h"
#include "tests/unit/plugin/temporary_folder.h"

namespace parley::plugin {
namespace {

using std::chrono::milliseconds;
using testing::IsEmpty;
using testing::SizeIs;

class CursorsTest : public testing::Test {
 protected:
  CursorsTest() { session_.client = "phone", session_.user = "bob"; }

  bool Take(uint64_t read, uint64_t delivered, milliseconds at, const char* room = "lobby") {
    v1::Cursor cursor;
    cursor.set_read(read);
    cursor.set_delivered(delivered);
    return cursors_.Take(
        {.session = session_, .room = room, .encoding = Encoding::kJson, .correlation_data = "c"}, cursor,
        start_ + at);
  }
  void Tick(milliseconds at) { cursors_.OnTick(start_ + at); }
  // What a start after kill -9 would find.
  std::vector<domain::Command> Left() {
    std::vector<std::string> records;
    log::HeldSlots::Open(folder_ / "held", {}, records).value();
    std::vector<domain::Command> commands;
    for (const std::string& record : records) EXPECT_TRUE(commands.emplace_back().ParseFromString(record));
    return commands;
  }

  const TemporaryFolder folder_;
  const Cursors::Clock::time_point start_ = Cursors::Clock::now();
  Session session_;
  FakeLog log_;
  LogClock clock_{0, 0};
  CommandSender commands_{log_, clock_};
  std::vector<std::string> left_;
  const std::unique_ptr<log::HeldSlots> slots_ = log::HeldSlots::Open(folder_ / "held", {}, left_).value();
  Cursors cursors_{commands_, *slots_};
};

TEST_F(CursorsTest, TheFirstGoesAtOnceAndWhatFollowsIsMerged) {
  EXPECT_TRUE(Take(3, 0, milliseconds(0)));
  ASSERT_THAT(log_.commands, SizeIs(1));
  EXPECT_EQ(log_.commands[0].move_cursor().read(), 3u);
  EXPECT_EQ(log_.commands[0].origin().correlation_data(), "c");
  EXPECT_THAT(Left(), IsEmpty());

  session_.client = "laptop";
  EXPECT_TRUE(Take(5, 0, milliseconds(1)));
  EXPECT_TRUE(Take(4, 7, milliseconds(2)));
  EXPECT_THAT(log_.commands, SizeIs(1));
  const std::vector<domain::Command> left = Left();
  ASSERT_THAT(left, SizeIs(1));
  EXPECT_EQ(left[0].move_cursor().room(), "lobby");
  EXPECT_EQ(left[0].move_cursor().read(), 5u);
  EXPECT_EQ(left[0].move_cursor().delivered(), 7u);
  EXPECT_EQ(left[0].origin().user(), "bob");

  Tick(milliseconds(249));
  EXPECT_THAT(log_.commands, SizeIs(1));
  Tick(milliseconds(250));
  ASSERT_THAT(log_.commands, SizeIs(2));
  EXPECT_EQ(log_.commands[1].move_cursor().read(), 5u);
  EXPECT_EQ(log_.commands[1].move_cursor().delivered(), 7u);
  EXPECT_EQ(log_.commands[1].origin().client(), "laptop");
  EXPECT_GT(log_.commands[1].wall_ms(), 0u);
  EXPECT_THAT(Left(), IsEmpty());
}

TEST_F(CursorsTest, EachIntervalHasOneCommandOfAUserAndRoom) {
  for (int i = 0; i < 2000; ++i) {
    EXPECT_TRUE(Take(static_cast<uint64_t>(i + 1), 0, milliseconds(i)));
    Tick(milliseconds(i));
  }
  Tick(milliseconds(3000));
  EXPECT_THAT(log_.commands, SizeIs(1 + 2000 / 250));
  EXPECT_EQ(log_.commands.back().move_cursor().read(), 2000u);
}

TEST_F(CursorsTest, RoomsAndUsersDoNotWaitForEachOther) {
  EXPECT_TRUE(Take(1, 0, milliseconds(0), "lobby"));
  EXPECT_TRUE(Take(1, 0, milliseconds(0), "den"));
  session_.user = "alice";
  EXPECT_TRUE(Take(1, 0, milliseconds(0), "lobby"));
  EXPECT_THAT(log_.commands, SizeIs(3));
}

TEST_F(CursorsTest, AfterAPauseACursorGoesAtOnceAgain) {
  EXPECT_TRUE(Take(1, 0, milliseconds(0)));
  Tick(milliseconds(300));
  EXPECT_TRUE(Take(2, 0, milliseconds(301)));
  EXPECT_THAT(log_.commands, SizeIs(2));
}

TEST_F(CursorsTest, AFullLogTakesNoNewOneAndKeepsWhatIsHeld) {
  EXPECT_TRUE(Take(1, 0, milliseconds(0)));
  EXPECT_TRUE(Take(2, 0, milliseconds(1)));
  log_.failure = Error{Code::RESOURCE_EXHAUSTED, "full"};
  EXPECT_FALSE(Take(1, 0, milliseconds(1), "den")) << "the connection closes: the cursor stays the client's";
  Tick(milliseconds(300));
  EXPECT_THAT(Left(), SizeIs(1));
  EXPECT_TRUE(Take(3, 0, milliseconds(301)));
  log_.failure.reset();
  Tick(milliseconds(302));
  ASSERT_THAT(log_.commands, SizeIs(2));
  EXPECT_EQ(log_.commands[1].move_cursor().read(), 3u);
}

TEST_F(CursorsTest, WithoutAFreeSlotEachIsAppendedAsItComes) {
  while (slots_->Take("taken")) continue;
  EXPECT_TRUE(Take(1, 0, milliseconds(0)));
  EXPECT_TRUE(Take(2, 0, milliseconds(1)));
  ASSERT_THAT(log_.commands, SizeIs(2));
  EXPECT_EQ(log_.commands[1].move_cursor().read(), 2u);
}

TEST_F(CursorsTest, AllThatIsHeldIsAppendedBeforeTheEnd) {
  for (const char* room : {"lobby", "den"}) {
    EXPECT_TRUE(Take(1, 0, milliseconds(0), room));
    EXPECT_TRUE(Take(2, 0, milliseconds(1), room));
  }
  cursors_.AppendHeld();
  EXPECT_THAT(log_.commands, SizeIs(4));
  EXPECT_THAT(Left(), IsEmpty());
  EXPECT_EQ(cursors_.held_count(), 0u);
}

}  // namespace
}  // namespace parley::plugin
