#include "client/cli/positions.h"

#include <gtest/gtest.h>

#include "client/cli/files.h"
#include "tests/support/temp_folder.h"

namespace parley::client {
namespace {

v1::Event EventOf(const std::string& room, uint64_t seq, uint64_t ts_ms) {
  v1::Event event;
  event.set_room(room);
  event.set_seq(seq);
  event.set_ts_ms(ts_ms);
  return event;
}

TEST(Positions, ComeBackAsTheyWereWritten) {
  Positions positions;
  positions.cursor = "912";
  positions.rooms["lobby"] = {7, 1'790'000'000'123};
  positions.rooms["dm:alice:bob"] = {UINT64_MAX, 1};
  const Result<Positions> read = ParsePositions(PrintPositions(positions));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->cursor, "912");
  EXPECT_EQ(read->rooms.at("lobby").seq, 7u);
  EXPECT_EQ(read->rooms.at("lobby").ts_ms, 1'790'000'000'123u);
  EXPECT_EQ(read->rooms.at("dm:alice:bob").seq, UINT64_MAX);
}

TEST(Positions, AnythingElseIsRefused) {
  for (const char* text :
       {"", "{", "7", "{}", R"({"version":2})", R"({"version":1,"cursor":7})", R"({"version":1,"rooms":[]})",
        R"({"version":1,"rooms":{"a":7}})", R"({"version":1,"rooms":{"a":{"seq":-1,"ts_ms":0}}})"}) {
    EXPECT_FALSE(ParsePositions(text)) << text;
  }
}

TEST(Positions, TheFileIsOfOneProgramUserAndBroker) {
  MqttOptions connection;
  connection.user = "alice";
  connection.host = "::1/../x";
  connection.port = 1884;
  const Environment home = [](const std::string& name) {
    return name == "HOME" ? std::optional<std::string>("/h") : std::nullopt;
  };
  EXPECT_EQ(PositionsPath("tail", connection, home),
            "/h/.local/state/parley/tail@alice@%3A%3A1%2F..%2Fx@1884.json");
  const Environment state = [](const std::string& name) {
    return name == "XDG_STATE_HOME" ? std::optional<std::string>("/s") : std::optional<std::string>("/h");
  };
  EXPECT_EQ(PositionsPath("chat", connection, state), "/s/parley/chat@alice@%3A%3A1%2F..%2Fx@1884.json");
}

TEST(PositionKeeper, KeepsWhatWasShownAndNothingThatWasNot) {
  const parley::testing::TempFolder folder;
  const std::string path = folder / "state/tail.json";
  {
    PositionKeeper keeper(path);
    ASSERT_TRUE(keeper.Load());  // none yet
    ASSERT_TRUE(keeper.Save(true));
    EXPECT_FALSE(ReadSmallFile(path));  // nothing to keep
    keeper.Shown(EventOf("lobby", 7, 70));
    keeper.Shown(EventOf("lobby", 0, 99));  // live only
    keeper.CaughtUp("40");
    keeper.CaughtUp("");  // of listed rooms
    ASSERT_TRUE(keeper.Save(true));
  }
  PositionKeeper keeper(path);
  ASSERT_TRUE(keeper.Load());
  EXPECT_EQ(keeper.positions().cursor, "40");
  EXPECT_EQ(keeper.positions().rooms.at("lobby").seq, 7u);
  EXPECT_EQ(keeper.positions().rooms.at("lobby").ts_ms, 70u);
  ASSERT_TRUE(WritePrivateFile(path, "{"));
  const Status broken = keeper.Load();
  ASSERT_FALSE(broken);
  EXPECT_NE(broken.error().reason.find(path), std::string::npos);
}

}  // namespace
}  // namespace parley::client
