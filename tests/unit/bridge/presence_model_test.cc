#include "bridge/presence/presence_model.h"

#include <gmock/gmock.h>

#include "bridge/presence/limits.h"

namespace parley::bridge {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using State = v1::Presence::State;

constexpr int64_t kGraceMs = 5'000;
constexpr PresenceModel::Counts kAll{.persons = 1'000, .rooms = 1'000, .swept = 1'000};

class PresenceModelTest : public testing::Test {
 protected:
  void Connect(const std::string& user) { model_.Hear({{user, true, 0, false}}, time_); }
  void Disconnect(const std::string& user) { model_.Hear({{user, false, time_.wall_ms, false}}, time_); }
  // Without a word: the last sign of life is so long ago.
  void Die(const std::string& user, uint64_t quiet_ms, bool silent = false) {
    model_.Hear({{user, false, time_.wall_ms, silent, time_.wall_ms - quiet_ms}}, time_);
  }
  // "bob@5": who was lost, and when they were heard last; since the last call.
  std::vector<std::string> Lost() {
    std::vector<std::string> lost;
    for (const LostPerson& person : model_.LostAfter(lost_seen_)) {
      EXPECT_EQ(person.number, ++lost_seen_);
      lost.push_back(person.user + "@" + std::to_string(person.heard_ms - kStartMs));
    }
    EXPECT_EQ(model_.newest_lost(), lost_seen_);
    return lost;
  }
  void Pass(int64_t ms) {
    time_.now_ms += ms;
    time_.wall_ms += static_cast<uint64_t>(ms);
    model_.Tick(time_);
  }
  // What the store says of who is here. `rooms`: by number.
  void ReadRooms(const std::string& user, const std::vector<uint64_t>& rooms, uint64_t uid = 0) {
    std::vector<RoomOfPerson> in;
    for (const uint64_t rid : rooms) in.push_back({Rid{rid}, "room" + std::to_string(rid)});
    model_.SetRooms(user, uid == 0 ? std::hash<std::string>()(user) : uid, in, time_);
  }
  void Arrive(const std::string& user, const std::vector<uint64_t>& rooms) {
    Connect(user);
    ReadRooms(user, rooms);
  }

  static std::string Text(const v1::Presence& person) {
    std::string text = person.user() + "=" + v1::Presence::State_Name(person.state());
    if (person.devices() > 1) text += "*" + std::to_string(person.devices());
    if (!person.status_text().empty()) text += "'" + person.status_text() + "'";
    if (person.last_seen_ms() != 0) text += "@" + std::to_string(person.last_seen_ms() - kStartMs);
    return text;
  }
  static std::string Text(const PresencePublication& said) {
    if (said.clear) return "clear " + said.name;
    if (!said.of_room) return Text(said.person);
    std::string text = said.room.room() + ":" + std::to_string(said.room.online());
    if (said.room.counts_only()) text += " in all";
    for (const v1::Presence& member : said.room.members()) text += " " + Text(member);
    return text;
  }
  // What is published now; all of it arrives.
  std::vector<std::string> Told(bool ok = true) {
    for (const RoomOfPerson& room : model_.ToMeasure(time_, 1'000)) model_.SetBig(room.rid, big_);
    std::vector<std::string> told;
    for (const PresencePublication& publication : model_.TakeDue(time_, kAll)) {
      told.push_back(Text(publication));
      model_.Published(publication, ok, time_);
    }
    return told;
  }
  // The rows that are to be kept: "alice on", "bob -".
  std::vector<std::string> Rows() {
    std::vector<std::string> kept;
    const PresenceModel::Rows rows = model_.TakeRows();
    for (const auto& [user, record] : rows.persons) {
      kept.push_back(user + (!record ? " -" : record->online() ? " on" : " off"));
    }
    for (const auto& [rid, room] : rows.rooms)
      kept.push_back(room ? *room : std::to_string(rid.value) + " -");
    return kept;
  }

  static constexpr uint64_t kStartMs = 1'790'000'000'000;
  PresenceModel model_{kGraceMs};
  PresenceTime time_{.now_ms = 1'000'000, .wall_ms = kStartMs};
  bool big_ = false;
  uint64_t lost_seen_ = 0;  // numbers of losses
};

TEST_F(PresenceModelTest, WhoConnectsIsOnlineAndSeenInTheirRooms) {
  Connect("alice");
  EXPECT_THAT(Told(), ElementsAre("alice=ONLINE"));
  EXPECT_EQ(model_.NextToRead(), "alice");
  EXPECT_EQ(model_.NextToRead(), std::nullopt);
  ReadRooms("alice", {1, 2});
  EXPECT_THAT(Told(), ElementsAre("room1:1 alice=ONLINE", "room2:1 alice=ONLINE"));
  EXPECT_THAT(Told(), IsEmpty());
}

TEST_F(PresenceModelTest, OfflineIsToldAfterTheGraceWithTheMomentOfLeaving) {
  Arrive("alice", {1});
  Told();
  Pass(2'000);
  Disconnect("alice");
  Pass(kGraceMs - 1);
  EXPECT_THAT(Told(), IsEmpty());
  Pass(1);
  EXPECT_THAT(Told(), ElementsAre("alice=OFFLINE@2000", "room1:0"));
  EXPECT_EQ(model_.here_count(), 0U);
}

TEST_F(PresenceModelTest, TheSilentHaveNoGrace) {
  Arrive("alice", {1});
  Told();
  Pass(2'000);
  model_.Hear({{"alice", false, time_.wall_ms, true}}, time_);
  Pass(0);
  EXPECT_THAT(Told(), ElementsAre("alice=OFFLINE@2000", "room1:0"));
}

TEST_F(PresenceModelTest, AReconnectWithinTheGraceIsNotSeen) {
  Arrive("alice", {1});
  Told();
  for (int i = 0; i < 20; ++i) {
    Disconnect("alice");
    Pass(kGraceMs - 1);
    Connect("alice");
    Pass(kGraceMs);
    EXPECT_THAT(Told(), IsEmpty());
  }
  EXPECT_EQ(model_.NextToRead(), "alice");  // of the beginning
  EXPECT_EQ(model_.NextToRead(), std::nullopt);
}

TEST_F(PresenceModelTest, DevicesCountAsOnePerson) {
  Arrive("alice", {1});
  Connect("alice");
  EXPECT_THAT(Told(), ElementsAre("alice=ONLINE*2", "room1:1 alice=ONLINE*2"));
  Pass(limits::kPresenceIntervalMs);
  Disconnect("alice");
  EXPECT_THAT(Told(), ElementsAre("alice=ONLINE", "room1:1 alice=ONLINE"));
  Pass(kGraceMs * 2);
  EXPECT_THAT(Told(), IsEmpty());
}

TEST_F(PresenceModelTest, AFlappingPersonIsToldOnceASecondAndTheLastIsTrue) {
  Arrive("alice", {1});
  Told();
  size_t told = 0;
  for (int i = 0; i < 95; ++i) {  // nearly ten seconds
    Connect("alice");
    Connect("alice");
    Disconnect("alice");
    Pass(100);
    told += Told().size();
  }
  EXPECT_LE(told, 2U * 10);
  Pass(limits::kPresenceIntervalMs);
  EXPECT_THAT(Told(), ElementsAre("alice=ONLINE*96", "room1:1 alice=ONLINE*96"));
}

TEST_F(PresenceModelTest, ARoomIsToldOnceASecondHoweverManyCome) {
  size_t told = 0;
  big_ = true;
  for (int i = 0; i < 1'000; ++i) {
    Arrive("user" + std::to_string(i), {1});
    Pass(10);
    for (const std::string& said : Told()) told += said.rfind("room1", 0) == 0 ? 1U : 0U;
  }
  EXPECT_LE(told, 11U);
  Pass(limits::kPresenceIntervalMs);
  EXPECT_THAT(Told(), ElementsAre("room1:1000 in all"));
}

TEST_F(PresenceModelTest, ABigRoomIsToldOnlyWhenTheNumberChanges) {
  big_ = true;
  Arrive("alice", {1});
  EXPECT_THAT(Told(), ElementsAre("alice=ONLINE", "room1:1 in all"));
  Pass(2'000);
  model_.Set("alice", State::Presence_State_AWAY, std::nullopt, time_);
  EXPECT_THAT(Told(), ElementsAre("alice=AWAY"));
}

TEST_F(PresenceModelTest, WhatPeopleChooseStaysAndIsSeenWhileTheyAreHere) {
  Arrive("alice", {1});
  Told();
  Pass(1'000);
  EXPECT_EQ(Text(model_.Set("alice", State::Presence_State_DND, "busy", time_)), "alice=DND'busy'");
  EXPECT_THAT(Told(), ElementsAre("alice=DND'busy'", "room1:1 alice=DND'busy'"));
  Disconnect("alice");
  Pass(kGraceMs);
  EXPECT_THAT(Told(), ElementsAre("alice=OFFLINE'busy'@1000", "room1:0"));
  Pass(1'000);
  Arrive("alice", {1});
  EXPECT_THAT(Told(), ElementsAre("alice=DND'busy'", "room1:1 alice=DND'busy'"));
  Pass(1'000);
  model_.Set("alice", std::nullopt, "", time_);
  EXPECT_THAT(Told(), ElementsAre("alice=DND", "room1:1 alice=DND"));
}

TEST_F(PresenceModelTest, TheInvisibleLookAsIfTheyHadLeft) {
  Arrive("alice", {1});
  model_.Set("alice", std::nullopt, "here", time_);
  Told();
  Pass(3'000);
  EXPECT_EQ(Text(model_.Set("alice", State::Presence_State_INVISIBLE, std::nullopt, time_)),
            "alice=INVISIBLE'here'");
  EXPECT_THAT(Told(), ElementsAre("alice=OFFLINE'here'@3000", "room1:0"));
  Pass(2'000);
  Connect("alice");
  model_.Set("alice", std::nullopt, "secret", time_);
  EXPECT_THAT(Told(), IsEmpty());
  EXPECT_EQ(model_.Describe(Rid{1}, "room1", false).online(), 0U);
  EXPECT_EQ(Text(OwnPresence(*model_.Find("alice"))), "alice=INVISIBLE*2'secret'");
  Disconnect("alice");
  Disconnect("alice");
  Pass(kGraceMs);
  EXPECT_THAT(Told(), IsEmpty());
  Pass(1'000);
  Arrive("alice", {1});
  EXPECT_THAT(Told(), IsEmpty());
  model_.Set("alice", State::Presence_State_ONLINE, std::nullopt, time_);
  EXPECT_THAT(Told(), ElementsAre("alice=ONLINE'secret'", "room1:1 alice=ONLINE'secret'"));
}

TEST_F(PresenceModelTest, ARoomOfTheInvisibleAloneIsNotTold) {
  Arrive("alice", {});
  model_.Set("alice", State::Presence_State_INVISIBLE, std::nullopt, time_);
  Told();
  ReadRooms("alice", {1});
  EXPECT_THAT(Told(), IsEmpty());
}

TEST_F(PresenceModelTest, MembershipsComeAndGo) {
  Arrive("alice", {1});
  Arrive("bob", {1});
  Told();
  Pass(1'000);
  model_.SetMember("bob", {Rid{2}, "room2"}, true, time_);
  model_.SetMember("bob", {Rid{1}, "room1"}, false, time_);
  EXPECT_THAT(Told(), ElementsAre("room1:1 alice=ONLINE", "room2:1 bob=ONLINE"));
  Pass(1'000);
  model_.SetMember("bob", {Rid{2}, "room2"}, true, time_);    // as it is
  model_.SetMember("carol", {Rid{2}, "room2"}, true, time_);  // not here
  EXPECT_THAT(Told(), IsEmpty());
  ReadRooms("bob", {1, 3});  // all anew
  EXPECT_THAT(Told(), ElementsAre("room1:2 alice=ONLINE bob=ONLINE", "room2:0", "room3:1 bob=ONLINE"));
}

TEST_F(PresenceModelTest, ARoomThatGrowsIsMeasuredAgain) {
  Arrive("alice", {1});
  Told();
  Pass(1'000);
  big_ = true;
  model_.RoomChanged(Rid{1}, time_);
  EXPECT_THAT(Told(), ElementsAre("room1:1 in all"));
}

TEST_F(PresenceModelTest, ADeletedRoomIsTakenBackAndForgotten) {
  Arrive("alice", {1});
  Told();
  EXPECT_THAT(Rows(), ElementsAre("alice on", "room1"));
  Pass(1'000);
  model_.RoomDeleted(Rid{1}, "room1", time_);
  EXPECT_THAT(Told(/*ok=*/false), ElementsAre("clear room1"));
  Pass(1'000);
  EXPECT_THAT(Told(), ElementsAre("clear room1"));
  EXPECT_EQ(model_.room_count(), 0U);
  EXPECT_THAT(Rows(), ElementsAre("1 -"));
  Disconnect("alice");
  Pass(kGraceMs);
  EXPECT_THAT(Told(), ElementsAre("alice=OFFLINE@2000"));
}

TEST_F(PresenceModelTest, ARoomMadeAnewUnderAnOldNameIsToldAfterTheOldOneIsTakenBack) {
  Arrive("alice", {1});
  Told();
  Pass(1'000);
  model_.SetMember("alice", {Rid{2}, "room1"}, true, time_);
  EXPECT_THAT(Told(), ElementsAre("room1:1 alice=ONLINE"));
  model_.RoomDeleted(Rid{1}, "room1", time_);
  EXPECT_THAT(Told(), ElementsAre("clear room1"));
  Pass(1'000);
  EXPECT_THAT(Told(), ElementsAre("room1:1 alice=ONLINE"));
}

TEST_F(PresenceModelTest, ADeletedUserIsTakenBackAndForgotten) {
  Arrive("alice", {1});
  Arrive("bob", {1});
  Told();
  Rows();
  Pass(1'000);
  model_.UserDeleted("bob", time_);
  EXPECT_THAT(Told(), ElementsAre("clear bob", "room1:1 alice=ONLINE"));
  EXPECT_EQ(model_.Find("bob"), nullptr);
  EXPECT_EQ(model_.person_count(), 2U);  // its session is still there
  Disconnect("bob");
  EXPECT_EQ(model_.person_count(), 1U);
  EXPECT_THAT(Rows(), ElementsAre("bob -"));
}

TEST_F(PresenceModelTest, ANewUserOfAnOldNameInheritsNothing) {
  Connect("bob");
  ReadRooms("bob", {1}, 5);
  model_.Set("bob", State::Presence_State_DND, "old", time_);
  Told();
  Pass(1'000);
  model_.UserDeleted("bob", time_);
  Connect("bob");
  EXPECT_THAT(Told(), ElementsAre("bob=ONLINE*2", "room1:0"));
  // Deleted and made anew while nobody looked.
  Pass(1'000);
  ReadRooms("bob", {}, 6);
  model_.Set("bob", State::Presence_State_AWAY, "old", time_);
  Told();
  Pass(1'000);
  ReadRooms("bob", {}, 7);
  EXPECT_THAT(Told(), ElementsAre("bob=ONLINE*2"));
}

TEST_F(PresenceModelTest, WhatDidNotArriveIsToldAgainAsItIsThen) {
  Arrive("alice", {1});
  EXPECT_THAT(Told(/*ok=*/false), ElementsAre("alice=ONLINE", "room1:1 alice=ONLINE"));
  model_.Set("alice", State::Presence_State_AWAY, std::nullopt, time_);
  Pass(1'000);
  EXPECT_THAT(Told(), ElementsAre("alice=AWAY", "room1:1 alice=AWAY"));
}

TEST_F(PresenceModelTest, WhoWasOnlineWhenTheBridgeDiedLeavesUnlessTheyAreHere) {
  internal::v1::PresenceRecord record;
  record.set_online(true);
  model_.Load("alice", record);
  model_.Load("bob", record);
  record.set_online(false);
  record.set_last_seen_ms(kStartMs + 5);
  model_.Load("carol", record);
  model_.LoadRoom(Rid{1}, "room1");
  Connect("alice");
  model_.SessionsComplete(kStartMs + 77, time_);
  model_.TellAll();
  ReadRooms("alice", {1});
  EXPECT_THAT(Told(), ElementsAre("alice=ONLINE", "bob=ONLINE", "carol=OFFLINE@5", "room1:1 alice=ONLINE"));
  Pass(kGraceMs);
  EXPECT_THAT(Told(), ElementsAre("bob=OFFLINE@77"));
  EXPECT_THAT(Rows(), ElementsAre("alice on", "bob off"));
}

TEST_F(PresenceModelTest, WhoseLastSessionDiesIsLostWhenTheGraceIsOver) {
  Connect("alice");
  Connect("bob");
  Connect("bob");
  Pass(1'000);
  Die("alice", 300);
  Die("bob", 300);
  Pass(kGraceMs - 1);
  EXPECT_THAT(Lost(), IsEmpty());
  Pass(1);
  EXPECT_THAT(Lost(), ElementsAre("alice@700")) << "bob has another session";
  Disconnect("bob");
  Pass(kGraceMs);
  EXPECT_THAT(Lost(), IsEmpty()) << "it took its leave";
  Connect("bob");
  Die("bob", 900, /*silent=*/true);
  Pass(0);
  EXPECT_THAT(Lost(), ElementsAre("bob@10100"));
  Connect("bob");
  Die("bob", 900);
  Connect("bob");
  Pass(kGraceMs);
  Disconnect("bob");
  Pass(kGraceMs);
  EXPECT_THAT(Lost(), IsEmpty()) << "they came back";
}

TEST_F(PresenceModelTest, ALossIsKeptUntilTheyAreBackAndComesAgainAfterARestart) {
  Connect("alice");
  Rows();
  Die("alice", 300);
  Pass(kGraceMs);
  const PresenceModel::Rows rows = model_.TakeRows();
  ASSERT_EQ(rows.persons.size(), 1U);
  EXPECT_EQ(rows.persons[0].second->heard_ms(), kStartMs - 300);
  PresenceModel next(kGraceMs);
  next.Load("alice", *rows.persons[0].second);
  next.LoadLost(kStartMs + 100'000);
  EXPECT_EQ(next.LostAfter(0).size(), 1U);
  PresenceModel late(kGraceMs);
  late.Load("alice", *rows.persons[0].second);
  late.LoadLost(kStartMs + 200'000);
  EXPECT_EQ(late.LostAfter(0).size(), 0U) << "it has been dealt with long since";
  Connect("alice");
  EXPECT_EQ(model_.TakeRows().persons.at(0).second->heard_ms(), 0U);
}

TEST_F(PresenceModelTest, TheNewestLossesAreRemembered) {
  for (int i = 0; i < 5'000; ++i) {
    Connect("bob");
    Die("bob", 900, /*silent=*/true);
    Pass(0);
  }
  EXPECT_EQ(model_.newest_lost(), 5'000U);
  EXPECT_EQ(model_.LostAfter(0).size(), 4'096U);
  EXPECT_EQ(model_.LostAfter(4'990).size(), 10U);
}

TEST_F(PresenceModelTest, WorkIsTakenInPieces) {
  for (int i = 0; i < 50; ++i) Arrive("user" + std::to_string(i), {static_cast<uint64_t>(100 + i)});
  for (const RoomOfPerson& room : model_.ToMeasure(time_, 7)) model_.SetBig(room.rid, false);
  const auto taken = model_.TakeDue(time_, {.persons = 10, .rooms = 20, .swept = 5});
  EXPECT_EQ(taken.size(), 10U + 7);
  EXPECT_EQ(model_.NextToCheck(3).size(), 3U);
  EXPECT_EQ(model_.NextToCheck(100).size(), 50U);
}

TEST_F(PresenceModelTest, TellingAllAgainTellsEverybodyOnce) {
  Arrive("alice", {1});
  Told();
  Pass(1'000);
  model_.TellAll();
  EXPECT_THAT(Told(), ElementsAre("alice=ONLINE", "room1:1 alice=ONLINE"));
  Pass(1'000);
  EXPECT_THAT(Told(), IsEmpty());
}

}  // namespace
}  // namespace parley::bridge
