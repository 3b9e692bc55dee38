#include <cstdlib>
#include <map>
#include <set>

#include <gtest/gtest.h>

#include "tests/unit/client/simulated_server.h"

namespace parley::client {
namespace {

// PARLEY_TEST_SEED repeats a run.
uint64_t Seed(uint64_t round) {
  const char* given = std::getenv("PARLEY_TEST_SEED");
  if (given != nullptr) return std::strtoull(given, nullptr, 10);
  return std::random_device{}() * 1'000ull + round;
}

v1::Draft TextDraft(std::string id, std::string text) {
  v1::Draft draft;
  draft.set_id(std::move(id));
  draft.mutable_text()->set_text(std::move(text));
  return draft;
}

SessionConfig ConfigOf(StreamConfig stream) {
  SessionConfig config;
  config.user = "alice";
  config.client_id = "phone-1";
  config.stream = std::move(stream);
  config.window = 8;
  config.send_patience_ms = 0;
  return config;
}

// One user on a bad line sends and reads while others write; then the line heals.
class Simulation {
 public:
  Simulation(uint64_t seed, StreamConfig stream)
      : random_(seed),
        session_(ConfigOf(std::move(stream)), [this] { return random_(); }),
        server(session_, random_) {
    for (const char* room : kRooms) server.AddRoom(room);
  }

  void Run() {
    for (int i = 0; i < 30; ++i) server.Say(RandomRoom(), "before");
    server.set_faults({.lose = 5, .repeat = 10, .disconnect = 2, .unavailable = 20});
    for (int step = 0; step < 1'000; ++step) {
      if (random_() % 3 == 0) Send();
      for (uint64_t i = random_() % 3; i > 0; --i) server.Say(RandomRoom(), "during");
      server.Step();
    }
    server.set_faults({});
    server.Break();  // an event that got lost alone shows at the next reconnect
    for (const char* room : kRooms) server.Say(room, "while away");
    // Until the last draft is done, at most 200 s of virtual time, and 10 s more for the events.
    for (int step = 0; step < 10'000 && server.sent.size() < taken.size(); ++step) server.Step();
    for (int step = 0; step < 500; ++step) server.Step();
  }

  // Per room, the seqs in the order they were delivered.
  std::map<std::string, std::vector<uint64_t>> Delivered() const {
    std::map<std::string, std::vector<uint64_t>> seqs;
    for (const v1::Event& event : server.delivered) seqs[event.room()].push_back(event.seq());
    return seqs;
  }

  static constexpr const char* kRooms[] = {"lobby", "team", "news", "dm:alice:bob", "garden"};
  std::mt19937_64 random_;
  Session session_;
  SimulatedServer server;
  std::set<std::pair<std::string, std::string>> taken;  // room and id of what Send() took

 private:
  std::string RandomRoom() { return kRooms[random_() % std::size(kRooms)]; }

  void Send() {
    const std::string id = session_.NewMessageId(static_cast<int64_t>(taken.size()));
    const std::string room = RandomRoom();
    if (session_.Send(room, TextDraft(id, "mine"))) taken.emplace(room, id);
  }
};

void ExpectEachDraftAckedAndStoredOnce(const Simulation& run) {
  std::set<std::pair<std::string, std::string>> done;
  for (const SendDone& sent : run.server.sent) {
    ASSERT_TRUE(sent.outcome) << sent.outcome.error().reason;
    EXPECT_EQ(sent.outcome->code(), v1::OK);
    EXPECT_TRUE(done.emplace(sent.room, sent.id).second) << "two outcomes of " << sent.id;
    const std::vector<v1::Event>& log = run.server.log(sent.room);
    ASSERT_LE(sent.outcome->seq(), log.size());
    EXPECT_EQ(log[sent.outcome->seq() - 1].id(), sent.id);
  }
  EXPECT_EQ(done, run.taken);
  std::set<std::pair<std::string, std::string>> stored;
  for (const auto& [room, log] : run.server.rooms()) {
    for (const v1::Event& event : log) {
      if (event.id().empty()) continue;
      EXPECT_TRUE(stored.emplace(room, event.id()).second) << "stored twice: " << event.id();
    }
  }
}

// Whatever the line does: from `first` (0: from the first that came) to the head, in order, each once.
void ExpectAllInOrder(const Simulation& run, uint64_t first) {
  for (const auto& [room, seqs] : run.Delivered()) {
    uint64_t expected = first > 0 ? first : seqs.front();
    for (const uint64_t seq : seqs) ASSERT_EQ(seq, expected++) << room;
    EXPECT_EQ(seqs.back(), run.server.log(room).size()) << room;
  }
}

TEST(SessionSimulation, EverythingFromTheFirstEventOnArrivesOnceAndInOrder) {
  for (uint64_t round = 0; round < 4; ++round) {
    const uint64_t seed = Seed(round);
    SCOPED_TRACE("PARLEY_TEST_SEED=" + std::to_string(seed));
    StreamConfig stream;
    stream.rooms = StreamConfig::Rooms::kAll;
    stream.start = StreamConfig::Start::kAll;
    Simulation run(seed, stream);
    run.Run();
    ExpectEachDraftAckedAndStoredOnce(run);
    EXPECT_EQ(run.Delivered().size(), std::size(Simulation::kRooms));
    ExpectAllInOrder(run, 1);
    EXPECT_TRUE(run.server.failures.empty());
    EXPECT_GT(run.server.caught_up, 0u);
  }
}

TEST(SessionSimulation, ListedRoomsArriveOnceAndInOrder) {
  for (uint64_t round = 0; round < 4; ++round) {
    const uint64_t seed = Seed(100 + round);
    SCOPED_TRACE("PARLEY_TEST_SEED=" + std::to_string(seed));
    StreamConfig stream;
    stream.rooms = StreamConfig::Rooms::kListed;
    stream.listed = {"lobby", "garden"};
    stream.start = StreamConfig::Start::kAll;
    Simulation run(seed, stream);
    run.Run();
    ExpectEachDraftAckedAndStoredOnce(run);
    EXPECT_EQ(run.Delivered().size(), 2u);
    ExpectAllInOrder(run, 1);
  }
}

TEST(SessionSimulation, FromNowOnNothingIsMissed) {
  for (uint64_t round = 0; round < 4; ++round) {
    const uint64_t seed = Seed(200 + round);
    SCOPED_TRACE("PARLEY_TEST_SEED=" + std::to_string(seed));
    StreamConfig stream;
    stream.rooms = round % 2 == 0 ? StreamConfig::Rooms::kAll : StreamConfig::Rooms::kListed;
    stream.listed = {"lobby", "team", "news"};
    stream.start = round % 4 < 2 ? StreamConfig::Start::kNow : StreamConfig::Start::kLast;
    stream.last = 3;
    Simulation run(seed, stream);
    run.Run();
    ExpectEachDraftAckedAndStoredOnce(run);
    ExpectAllInOrder(run, 0);
  }
}

TEST(SessionSimulation, TheSameSeedGivesTheSameRun) {
  std::vector<std::string> ids[2];
  for (auto& list : ids) {
    StreamConfig stream;
    stream.rooms = StreamConfig::Rooms::kAll;
    Simulation run(7, stream);
    run.Run();
    for (const SendDone& sent : run.server.sent) list.push_back(sent.id);
  }
  EXPECT_EQ(ids[0], ids[1]);
}

}  // namespace
}  // namespace parley::client
