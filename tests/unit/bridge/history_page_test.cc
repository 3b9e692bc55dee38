#include "bridge/history/history_page.h"

#include <numeric>
#include <optional>

#include <gtest/gtest.h>

#include "tests/unit/core_reader/tiny_store.h"

namespace parley::bridge {
namespace {

constexpr auto kMember = v1::Member::MEMBER;
using Seqs = std::vector<uint64_t>;

Seqs From(uint64_t first, uint64_t last) {
  Seqs seqs(last - first + 1);
  std::iota(seqs.begin(), seqs.end(), first);
  return seqs;
}

struct Ask {
  std::optional<uint64_t> before = {}, after = {}, around = {}, at_ms = {};
  uint32_t limit = 0;
  bool fold = false;
};

class HistoryPageTest : public ::testing::Test {
 protected:
  // lobby: 1 made, 2…20 messages a second apart, from 2000 s; the time stands still between 10 and 12.
  // since: bob was added at seq 6 and sees from there.
  void SetUp() override {
    store_.BeginBatch();
    for (const char* user : {"alice", "bob", "carol", "dave"}) store_.CreateUser(user);
    store_.CreateRoom("lobby", {{"alice", v1::Member::OWNER}, {"bob", kMember}, {"carol", kMember}});
    for (uint64_t seq = 2; seq <= 20; ++seq) {
      store_.now_ms = 2'000'000 + 1'000 * (seq == 11 || seq == 12 ? 10 : seq);
      store_.Say("lobby", "alice", "m" + std::to_string(seq));
    }
    store_.Remove("lobby", "carol");  // 21
    store_.CreateRoom("since", {{"alice", v1::Member::OWNER}}, v1::Room::SINCE_JOIN);
    for (int i = 0; i < 4; ++i) store_.Say("since", "alice");
    store_.Add("since", "bob");
    for (int i = 0; i < 4; ++i) store_.Say("since", "alice");
    store_.CreateRoom("empty", {});
    store_.CreateRoom("barred", {{"alice", kMember}, {"bob", kMember}});
    store_.SetRole("barred", "bob", v1::Member::BANNED);
    store_.EndBatch();
  }

  Result<v1::HistoryPageReply> Page(const std::string& user, const std::string& room, const Ask& ask = {},
                                    Budget budget = {}) {
    v1::HistoryPageRequest request;
    request.set_room(room);
    if (ask.before) request.set_before(*ask.before);
    if (ask.after) request.set_after(*ask.after);
    if (ask.around) request.set_around(*ask.around);
    if (ask.at_ms) request.set_at_ms(*ask.at_ms);
    request.set_limit(ask.limit);
    request.set_fold(ask.fold);
    return HistoryPage(request, *store_.View(), {UserId::Trusted(user)}, budget);
  }

  static Seqs SeqsOf(const v1::HistoryPageReply& reply) {
    Seqs seqs;
    for (const v1::Event& event : reply.events()) seqs.push_back(event.seq());
    return seqs;
  }

  void ExpectPage(const std::string& user, const std::string& room, const Ask& ask, const Seqs& seqs,
                  bool more, uint64_t head, uint64_t first) {
    const auto reply = Page(user, room, ask);
    ASSERT_TRUE(reply) << reply.error().reason;
    EXPECT_EQ(SeqsOf(*reply), seqs);
    EXPECT_EQ(reply->more(), more);
    EXPECT_EQ(reply->head(), head);
    EXPECT_EQ(reply->first(), first);
  }

  testing::TinyStore store_;
};

TEST_F(HistoryPageTest, EveryPosition) {
  struct Case {
    const char* name;
    Ask ask;
    Seqs seqs;
    bool more;
  };
  const uint64_t kMax = UINT64_MAX;
  for (const Case& c : {
           Case{"the newest", {}, From(1, 21), false},
           {"the newest 3", {.limit = 3}, From(19, 21), true},
           {"a large limit", {.limit = UINT32_MAX}, From(1, 21), false},
           {"before the middle", {.before = 11, .limit = 5}, From(6, 10), true},
           {"before, down to the first", {.before = 6, .limit = 5}, From(1, 5), false},
           {"before 2", {.before = 2}, {1}, false},
           {"before 1", {.before = 1}, {}, false},
           {"before 0", {.before = 0}, {}, false},
           {"before the end of numbers", {.before = kMax, .limit = 2}, {20, 21}, true},
           {"after the middle", {.after = 10, .limit = 5}, From(11, 15), true},
           {"after, up to the head", {.after = 16, .limit = 5}, From(17, 21), false},
           {"after 0", {.after = 0, .limit = 2}, {1, 2}, true},
           {"after the head", {.after = 21}, {}, false},
           {"after more than the head", {.after = 22}, {}, false},
           {"after the end of numbers", {.after = kMax}, {}, false},
           {"around the middle", {.around = 10, .limit = 4}, From(8, 11), true},
           {"around, an odd limit", {.around = 10, .limit = 5}, From(8, 12), true},
           {"around, one", {.around = 10, .limit = 1}, {10}, true},
           {"around, all", {.around = 10, .limit = 1000}, From(1, 21), false},
           {"around the first", {.around = 1, .limit = 4}, {1, 2}, true},
           {"around 0", {.around = 0, .limit = 4}, {1, 2}, true},
           {"around the head", {.around = 21, .limit = 4}, {19, 20, 21}, true},
           {"around more than the head", {.around = 1000, .limit = 4}, {20, 21}, true},
           {"around the end of numbers", {.around = kMax, .limit = 4}, {20, 21}, true},
           {"at the beginning of time", {.at_ms = 0, .limit = 2}, {1, 2}, true},
           {"at an event's time", {.at_ms = 2'005'000, .limit = 2}, {5, 6}, true},
           {"between two events", {.at_ms = 2'004'001, .limit = 2}, {5, 6}, true},
           {"the first of several of one time", {.at_ms = 2'010'000, .limit = 4}, From(10, 13), true},
           {"at the last one's time", {.at_ms = 2'020'000}, {20, 21}, false},
           {"after all", {.at_ms = 2'020'001}, {}, false},
           {"at the end of time", {.at_ms = kMax}, {}, false},
       }) {
    SCOPED_TRACE(c.name);
    ExpectPage("alice", "lobby", c.ask, c.seqs, c.more, 21, 1);
  }
}

TEST_F(HistoryPageTest, OnlyWhatIsVisible) {
  for (const auto& [ask, seqs, more] : {
           std::tuple<Ask, Seqs, bool>{{}, From(6, 10), false},
           {{.before = 8}, {6, 7}, false},
           {{.before = 6}, {}, false},
           {{.before = 3}, {}, false},
           {{.after = 0}, From(6, 10), false},
           {{.after = 3, .limit = 2}, {6, 7}, true},
           {{.around = 1, .limit = 4}, {6, 7}, true},
           {{.around = 7, .limit = 10}, From(6, 10), false},
           {{.at_ms = 0, .limit = 1}, {6}, true},
       }) {
    ExpectPage("bob", "since", ask, seqs, more, 10, 6);
  }
}

TEST_F(HistoryPageTest, AddedAgainSeesByThePresentMembership) {
  store_.Remove("since", "bob");  // 11
  EXPECT_EQ(Page("bob", "since").error().code, Code::PERMISSION_DENIED);
  store_.Say("since", "alice");  // 12
  store_.Add("since", "bob");    // 13
  ExpectPage("bob", "since", {}, {13}, false, 13, 13);
  store_.Add("lobby", "carol");  // 22: all of it
  ExpectPage("carol", "lobby", {.limit = 1000}, From(1, 22), false, 22, 1);
}

TEST_F(HistoryPageTest, EventsAreWhatWasDelivered) {
  const auto reply = Page("bob", "lobby", {.after = 1, .limit = 1});
  ASSERT_TRUE(reply);
  const auto stored = store_.View()->EventAt(Rid{5}, Seq{2});
  ASSERT_TRUE(stored && *stored);
  EXPECT_EQ(reply->events(0).SerializeAsString(), (*stored)->bytes);
  EXPECT_EQ(reply->events(0).text().text(), "m2");
}

TEST_F(HistoryPageTest, ARoomWithoutEventsIsEmpty) {
  store_.Say("dm:alice:bob", "alice");
  const testing::TinyStore empty;
  ExpectPage("bob", "dm:bob:carol", {}, {}, false, 0, 0);
  for (const Ask& ask : {Ask{.before = 5}, {.after = 0}, {.around = 3}, {.at_ms = 0}}) {
    ExpectPage("bob", "dm:bob:carol", ask, {}, false, 0, 0);
  }
}

TEST_F(HistoryPageTest, DirectRooms) {
  ExpectPage("alice", "dm:alice:bob", {}, {}, false, 0, 0);
  EXPECT_EQ(Page("carol", "dm:alice:bob").error().code, Code::PERMISSION_DENIED);
  EXPECT_EQ(Page("carol", "dm:alice:nobody").error().code, Code::PERMISSION_DENIED);
  EXPECT_EQ(Page("alice", "dm:alice:nobody").error().code, Code::NOT_FOUND);
  EXPECT_EQ(Page("alice", "dm:alice:nobody").error().reason, "no user nobody");
  store_.Say("dm:alice:bob", "alice", "psst");
  ExpectPage("bob", "dm:alice:bob", {}, {1}, false, 1, 1);
  EXPECT_EQ(Page("carol", "dm:alice:bob").error().code, Code::PERMISSION_DENIED);
}

// A new user of an old name inherits nothing.
TEST_F(HistoryPageTest, ADirectRoomOfAUserWhoWasMadeAnew) {
  store_.Say("dm:alice:bob", "alice", "old");
  store_.DeleteUser("bob");
  EXPECT_EQ(Page("alice", "dm:alice:bob").error().code, Code::NOT_FOUND);
  store_.CreateUser("bob");
  ExpectPage("bob", "dm:alice:bob", {}, {}, false, 1, 0);
  store_.Say("dm:alice:bob", "bob", "new");
  ExpectPage("bob", "dm:alice:bob", {}, {2}, false, 2, 2);
  ExpectPage("alice", "dm:alice:bob", {}, {1, 2}, false, 2, 1);
}

TEST_F(HistoryPageTest, WhoMayNot) {
  for (const auto& [user, room, code] : {
           std::tuple{"dave", "lobby", Code::PERMISSION_DENIED},   // never a member
           std::tuple{"carol", "lobby", Code::PERMISSION_DENIED},  // removed
           std::tuple{"bob", "barred", Code::PERMISSION_DENIED},
           std::tuple{"alice", "empty", Code::PERMISSION_DENIED},
           std::tuple{"alice", "nowhere", Code::NOT_FOUND},
           std::tuple{"nobody", "lobby", Code::PERMISSION_DENIED},
           std::tuple{"nobody", "nowhere", Code::PERMISSION_DENIED},
       }) {
    const auto reply = Page(user, room);
    ASSERT_FALSE(reply) << user << " " << room;
    EXPECT_EQ(reply.error().code, code) << user << " " << room;
  }
  EXPECT_EQ(Page("dave", "lobby").error().reason, "dave is not a member of lobby");
}

TEST_F(HistoryPageTest, ABadRequestNamesTheField) {
  for (const char* room : {"", "../x", "Lobby", "a/b", "+", "dm:bob:alice", "dm:alice:alice", "dm:alice",
                           "dm:alice:bob:carol", "\xff"}) {
    const auto reply = Page("alice", room);
    ASSERT_FALSE(reply) << room;
    EXPECT_EQ(reply.error().code, Code::INVALID_ARGUMENT) << room;
    EXPECT_EQ(reply.error().reason.find("room"), 0u) << reply.error().reason;
  }
  for (const Ask& ask : {Ask{.before = 1, .after = 1},
                         {.before = 0, .at_ms = 0},
                         {.after = 1, .around = 1},
                         {.before = 1, .after = 1, .around = 1, .at_ms = 1}}) {
    EXPECT_EQ(Page("alice", "lobby", ask).error().code, Code::INVALID_ARGUMENT);
  }
  EXPECT_EQ(Page("alice", "lobby", {.fold = true}).error().code, Code::UNIMPLEMENTED);
}

TEST_F(HistoryPageTest, ASmallBudgetGivesFewerEventsAndSaysSo) {
  store_.CreateRoom("large", {{"alice", kMember}});
  for (int i = 0; i < 8; ++i) store_.Say("large", "alice", std::string(10'000, 'x'));
  for (const auto& [ask, seqs] : {
           std::pair<Ask, Seqs>{{}, {7, 8, 9}},
           {{.before = 6}, {3, 4, 5}},
           {{.after = 1}, {2, 3, 4}},
           {{.at_ms = 0}, {1, 2, 3, 4}},
       }) {
    const auto reply = Page("alice", "large", ask, Budget{35'000});
    ASSERT_TRUE(reply);
    EXPECT_EQ(SeqsOf(*reply), seqs);
    EXPECT_TRUE(reply->more());
    EXPECT_LE(reply->ByteSizeLong(), 35'000u);
  }
  const auto one = Page("alice", "large", {.after = 1}, Budget{0});
  EXPECT_EQ(SeqsOf(*one), Seqs{2});
  EXPECT_TRUE(one->more());
}

TEST_F(HistoryPageTest, PagesJoinedAreOneRead) {
  store_.BeginBatch();
  for (int i = 0; i < 300; ++i)
    store_.Say("lobby", "alice", std::string(static_cast<size_t>(i) % 97 + 1, 'x'));
  store_.EndBatch();
  const Seqs whole = SeqsOf(*Page("alice", "lobby", {.limit = 1000}));
  ASSERT_EQ(whole.size(), 321u);
  for (const uint32_t limit : {1u, 7u, 100u, 321u, 1000u}) {
    Seqs up, down;
    for (bool more = true; more;) {
      const auto reply = Page("alice", "lobby", {.after = up.empty() ? 0 : up.back(), .limit = limit});
      for (const uint64_t seq : SeqsOf(*reply)) up.push_back(seq);
      more = reply->more();
    }
    for (bool more = true; more;) {
      const auto reply =
          Page("alice", "lobby", {.before = down.empty() ? UINT64_MAX : down.front(), .limit = limit});
      const Seqs seqs = SeqsOf(*reply);
      down.insert(down.begin(), seqs.begin(), seqs.end());
      more = reply->more();
    }
    EXPECT_EQ(up, whole) << limit;
    EXPECT_EQ(down, whole) << limit;
  }
}

}  // namespace
}  // namespace parley::bridge
