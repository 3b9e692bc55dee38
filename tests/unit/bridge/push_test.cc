// Push put together: the feed decides, the sender sends, the ledger says what became of it.

#include <random>
#include <set>

#include <gmock/gmock.h>

#include "bridge/push/limits.h"
#include "bridge/push/push_list.h"
#include "bridge/push/sweep.h"
#include "tests/unit/bridge/push_world.h"

namespace parley::bridge {
namespace {

using Kind = PushVerdict::Kind;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr auto kOwner = v1::Member::OWNER;
constexpr auto kMember = v1::Member::MEMBER;

class PushTest : public ::testing::Test {
 protected:
  PushTest() {
    world_.now.wall_ms = static_cast<int64_t>(world_.tiny.now_ms);
    for (const char* user : {"alice", "bob", "carol"}) world_.tiny.CreateUser(user);
    world_.tiny.CreateRoom("lobby", {{"alice", kOwner}, {"bob", kMember}, {"carol", kMember}});
    world_.Register("bob", "phone");
    world_.Follow();
  }
  // Events of the lobby so far.
  uint64_t Head() {
    const auto view = world_.tiny.View();
    return view->Head(Rid{view->Room("lobby").value()->rid()}).value().value;
  }
  uint64_t Say(const std::string& text = "hi") {
    world_.tiny.Say("lobby", "alice", text);
    return Head();
  }

  parley::testing::PushWorld world_;
};

TEST_F(PushTest, WhatOnlyWaitedForAConnectionAtACrashIsSentAgain) {
  world_.goes_out_at_once = false;
  const uint64_t seq = Say("hello bob");
  world_.Follow();
  ASSERT_THAT(world_.Devices(), ElementsAre("phone"));
  world_.StartPush();
  world_.Follow();
  ASSERT_THAT(world_.Devices(), ElementsAre("phone"));
  world_.Answer(Kind::kAccepted);
  EXPECT_EQ(world_.Fate("lobby", seq, "phone"), "ACCEPTED/NO_REASON");
  EXPECT_THAT(world_.outbox->Scan("b", {}, 10).value(), IsEmpty());
}

TEST_F(PushTest, WhatHadBegunToGoOutAtACrashIsNotSentAgain) {
  const uint64_t seq = Say("hello bob");
  world_.Follow();
  world_.StartPush();
  world_.Follow();
  EXPECT_THAT(world_.Devices(), IsEmpty());
  EXPECT_EQ(world_.Fate("lobby", seq, "phone"), "UNKNOWN/NO_ANSWER");
}

TEST_F(PushTest, AfterARestartOfTheMachineNobodyKnowsWhatHadBegun) {
  world_.goes_out_at_once = false;
  const uint64_t seq = Say("hello bob");
  world_.Follow();
  world_.boot = "the next one";
  world_.StartPush();
  world_.Follow();
  EXPECT_THAT(world_.Devices(), IsEmpty());
  EXPECT_EQ(world_.Fate("lobby", seq, "phone"), "UNKNOWN/NO_ANSWER");
}

TEST_F(PushTest, AMessageIsSentOnceAndItsFateIsKnown) {
  const uint64_t seq = Say("hello bob");
  world_.Follow();
  ASSERT_THAT(world_.Devices(), ElementsAre("phone"));
  EXPECT_EQ(world_.Fate("lobby", seq, "phone"), "SENDING/NO_REASON");
  const PushNotification& told = world_.provider.built.back();
  EXPECT_EQ(told.text, "hello bob");
  EXPECT_EQ(told.sender, "alice");
  EXPECT_EQ(told.badge, 1U);
  EXPECT_EQ(told.unread, 1U);
  world_.Answer(Kind::kAccepted);
  EXPECT_EQ(world_.Fate("lobby", seq, "phone"), "ACCEPTED/NO_REASON");
  world_.Pass(60'000);
  EXPECT_THAT(world_.Devices(), IsEmpty());
}

TEST_F(PushTest, WhoIsConnectedIsNotTold) {
  world_.connectedness.users["bob"] = {.at = Whereabouts::At::kConnected};
  const uint64_t seq = Say();
  world_.Follow();
  EXPECT_THAT(world_.Devices(), IsEmpty());
  EXPECT_EQ(world_.Fate("lobby", seq, "phone"), "SUPPRESSED/ONLINE");
}

TEST_F(PushTest, WhoLeavesIsToldWhenTheGraceIsOver) {
  world_.connectedness.users["bob"] = {.at = Whereabouts::At::kLeaving, .leaving_ms = 3'000};
  const uint64_t seq = Say();
  world_.Follow();
  EXPECT_EQ(world_.Fate("lobby", seq, "phone"), "WAITING/NO_REASON");
  world_.connectedness.users["bob"] = {.at = Whereabouts::At::kGone};
  world_.Pass(2'900);
  EXPECT_THAT(world_.Devices(), IsEmpty());
  world_.Pass(200);
  EXPECT_THAT(world_.Devices(), ElementsAre("phone"));
}

TEST_F(PushTest, NothingIsDecidedBeforeItIsKnownWhoIsConnected) {
  world_.connectedness.users["bob"] = {.at = Whereabouts::At::kUnknown};
  const uint64_t seq = Say();
  world_.HearAll();
  for (int i = 0; i < 20; ++i) {
    world_.runner->Step();
    world_.now.steady_ms += 200;
  }
  EXPECT_EQ(world_.Fate("lobby", seq, "phone"), "");
  world_.connectedness.users.clear();
  world_.now.steady_ms += 6'000;  // the feed's longest pause
  world_.Follow();
  EXPECT_THAT(world_.Devices(), ElementsAre("phone"));
}

TEST_F(PushTest, WhatIsReadMeanwhileIsNotSentAndWhatWasShownIsWithdrawn) {
  world_.connectedness.users["bob"] = {.at = Whereabouts::At::kLeaving, .leaving_ms = 3'000};
  const uint64_t first = Say();
  world_.Follow();
  world_.tiny.Read("lobby", "bob", first);
  world_.connectedness.users.clear();
  world_.Follow();
  world_.Pass(4'000);
  EXPECT_THAT(world_.Devices(), IsEmpty());
  EXPECT_EQ(world_.Fate("lobby", first, "phone"), "SUPPRESSED/READ");

  const uint64_t second = Say();
  const uint64_t third = Say();
  world_.Follow();
  world_.Answer(Kind::kAccepted);
  world_.tiny.Read("lobby", "bob", third);
  world_.Follow();
  ASSERT_EQ(world_.under_way.size(), 1U);  // one for the device and room
  EXPECT_EQ(world_.provider.built.back().kind, PushNotification::Kind::kWithdraw);
  EXPECT_EQ(world_.provider.built.back().seq, third);
  world_.Answer(Kind::kAccepted);
  EXPECT_EQ(world_.Fate("lobby", second, "phone"), "WITHDRAWN/NO_REASON");
  EXPECT_EQ(world_.Fate("lobby", third, "phone"), "WITHDRAWN/NO_REASON");
}

TEST_F(PushTest, WhatIsReadWhileItIsUnderWayIsWithdrawnWhenItIsAccepted) {
  const uint64_t seq = Say();
  world_.Follow();
  world_.tiny.Read("lobby", "bob", seq);
  world_.Follow();
  world_.Answer(Kind::kAccepted);
  ASSERT_EQ(world_.under_way.size(), 1U);
  EXPECT_EQ(world_.provider.built.back().kind, PushNotification::Kind::kWithdraw);
  world_.Answer(Kind::kAccepted);
  EXPECT_EQ(world_.Fate("lobby", seq, "phone"), "WITHDRAWN/NO_REASON");
}

TEST_F(PushTest, ADeletedMessageIsNotSentAndWithdrawn) {
  const uint64_t shown = Say();
  world_.Follow();
  world_.Answer(Kind::kAccepted);
  world_.Delete("lobby", "alice", shown);
  world_.Follow();
  ASSERT_EQ(world_.under_way.size(), 1U);
  world_.Answer(Kind::kAccepted);
  EXPECT_EQ(world_.Fate("lobby", shown, "phone"), "WITHDRAWN/NO_REASON");
  const uint64_t waiting = Say();
  world_.Delete("lobby", "alice", waiting);
  world_.Follow();
  EXPECT_THAT(world_.Devices(), IsEmpty());
  EXPECT_EQ(world_.Fate("lobby", waiting, "phone"), "SUPPRESSED/DELETED");
}

TEST_F(PushTest, SomebodyElsesMessageIsNotDeletedByAMember) {
  const uint64_t seq = Say();
  world_.Delete("lobby", "carol", seq);
  world_.Follow();
  EXPECT_THAT(world_.Devices(), ElementsAre("phone"));
}

TEST_F(PushTest, ARetryWaitsAndIsGivenUpInTheEnd) {
  const uint64_t seq = Say();
  world_.Follow();
  for (uint32_t attempt = 1; attempt < limits::kPushAttemptsMax; ++attempt) {
    ASSERT_THAT(world_.Devices(), ElementsAre("phone")) << attempt;
    world_.Answer(Kind::kRetry);
    EXPECT_EQ(world_.Fate("lobby", seq, "phone"), "WAITING/NO_REASON");
    EXPECT_THAT(world_.Devices(), IsEmpty());
    world_.Pass(limits::kPushRetryLastMs * 2);
  }
  world_.Answer(Kind::kRetry);
  EXPECT_EQ(world_.Fate("lobby", seq, "phone"), "FAILED/GAVE_UP");
}

TEST_F(PushTest, ADeadRegistrationIsRemovedAndToldNothingMore) {
  const uint64_t seq = Say();
  world_.Follow();
  world_.Answer(Kind::kDead);
  EXPECT_EQ(world_.Fate("lobby", seq, "phone"), "FAILED/DEAD");
  EXPECT_THAT(world_.removed, ElementsAre("bob/phone"));
  const uint64_t next = Say();
  world_.Follow();
  EXPECT_THAT(world_.Devices(), IsEmpty());
  EXPECT_EQ(world_.Fate("lobby", next, "phone"), "SUPPRESSED/DEAD");
}

TEST_F(PushTest, ABlockedProviderIsProbedAndOlderOnesCollapse) {
  const uint64_t first = Say();
  world_.Follow();
  world_.Answer(Kind::kBlocked);
  const uint64_t second = Say();
  world_.tiny.Mention("lobby", "alice", {"bob"});
  const uint64_t mention = Head();
  const uint64_t last = Say();
  world_.Follow();
  EXPECT_THAT(world_.Devices(), IsEmpty());
  EXPECT_EQ(world_.Fate("lobby", first, "phone"), "SUPPRESSED/COLLAPSED");
  EXPECT_EQ(world_.Fate("lobby", second, "phone"), "SUPPRESSED/COLLAPSED");
  world_.Pass(limits::kPushBlockedMs + 1);
  ASSERT_EQ(world_.under_way.size(), 1U);
  world_.Answer(Kind::kAccepted);
  world_.Pass(1);
  world_.Answer(Kind::kAccepted);
  EXPECT_EQ(world_.Fate("lobby", mention, "phone"), "ACCEPTED/NO_REASON");
  EXPECT_EQ(world_.Fate("lobby", last, "phone"), "ACCEPTED/NO_REASON");
}

TEST_F(PushTest, SignsInBeforeItSends) {
  world_.provider.sign_in = true;
  Say();
  world_.Follow();
  ASSERT_THAT(world_.Devices(), ElementsAre("sign in"));
  world_.Answer(Kind::kAccepted);
  EXPECT_THAT(world_.Devices(), ElementsAre("phone"));
}

TEST_F(PushTest, NothingLeavesBeforeWhatWasReadIsOnDisk) {
  world_.committed = false;
  const uint64_t seq = Say();
  world_.Follow();
  EXPECT_THAT(world_.Devices(), IsEmpty());
  EXPECT_EQ(world_.Fate("lobby", seq, "phone"), "WAITING/NO_REASON");
  world_.committed = true;
  world_.Pass(1'000);
  EXPECT_THAT(world_.Devices(), ElementsAre("phone"));
}

TEST_F(PushTest, HiddenPreviewsSayNothing) {
  world_.Register("bob", "phone", [](PushDeviceRecord& device) { device.set_preview(v1::Push::HIDDEN); });
  Say("a secret");
  world_.Follow();
  ASSERT_EQ(world_.under_way.size(), 1U);
  EXPECT_EQ(world_.provider.built.back().text, "");
  EXPECT_EQ(world_.provider.built.back().sender, "");
  EXPECT_EQ(world_.provider.built.back().unread, 1U);
}

TEST_F(PushTest, AnUnregisteredDeviceIsToldNothing) {
  world_.connectedness.users["bob"] = {.at = Whereabouts::At::kLeaving, .leaving_ms = 1'000};
  const uint64_t seq = Say();
  world_.Follow();
  world_.Unregister("bob", "phone");
  world_.Follow();
  world_.connectedness.users.clear();
  world_.Pass(2'000);
  EXPECT_THAT(world_.Devices(), IsEmpty());
  EXPECT_EQ(world_.Fate("lobby", seq, "phone"), "SUPPRESSED/UNREGISTERED");
}

TEST_F(PushTest, NothingIsReadWhenNobodyHasRegistered) {
  world_.Unregister("bob", "phone");
  world_.Follow();
  const uint64_t handled = world_.runner->status(0).handled;
  for (int i = 0; i < 50; ++i) Say();
  world_.Follow();
  EXPECT_EQ(world_.runner->status(0).handled, handled);
  EXPECT_EQ(world_.runner->status(0).offset, world_.tiny.applied());
}

TEST_F(PushTest, ExplainShowsOthersTheirOwnDevicesOnly) {
  world_.Register("carol", "tablet");
  const uint64_t seq = Say();
  world_.Follow();
  world_.Answer(Kind::kAccepted);
  const auto seen_by = [&](const char* user) {
    v1::MessageExplainRequest request;
    request.set_room("lobby");
    request.set_seq(seq);
    std::set<std::string> devices;
    const auto reply = MessageExplain(request, *world_.tiny.View(), {UserId::Trusted(user)},
                                      {*world_.outbox, world_.timeline});
    for (const v1::PushExplanation& each : reply.value().devices()) devices.insert(each.device());
    return devices;
  };
  EXPECT_EQ(seen_by("alice"), (std::set<std::string>{"phone", "tablet"}));
  EXPECT_EQ(seen_by("bob"), (std::set<std::string>{"phone"}));
  EXPECT_EQ(seen_by("carol"), (std::set<std::string>{"tablet"}));
}

TEST_F(PushTest, TheSweepFreesWhatIsOldOrTooMuch) {
  std::vector<uint64_t> seqs;
  for (int i = 0; i < 5; ++i) {
    seqs.push_back(Say());
    world_.Follow();
    world_.Answer(Kind::kAccepted);
    world_.now.wall_ms += 10;
  }
  PushSweep sweep(*world_.outbox, {.keep_ms = 1'000, .messages_max = 3, .commits_max = 10});
  ASSERT_TRUE(sweep.Step(world_.now.wall_ms));
  EXPECT_EQ(world_.Fate("lobby", seqs[1], "phone"), "");
  EXPECT_EQ(world_.Fate("lobby", seqs[2], "phone"), "ACCEPTED/NO_REASON");
  ASSERT_TRUE(sweep.Step(world_.now.wall_ms + 2'000));
  EXPECT_THAT(world_.outbox->Scan("l", {}, 10).value(), IsEmpty());
  EXPECT_THAT(world_.outbox->Scan("a", {}, 10).value(), IsEmpty());
}

// Messages, answers of every kind, and ends of the process between any two steps: nothing is sent twice
// unless the provider said that it had not taken it, nothing is forgotten, and everything has its fate.
TEST(PushProperty, EachDeviceIsToldAtMostOnceAndNothingIsForgotten) {
  for (uint64_t seed = 1; seed <= 40; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937_64 random(seed);
    parley::testing::PushWorld world;
    world.now.wall_ms = static_cast<int64_t>(world.tiny.now_ms);
    for (const char* user : {"alice", "bob", "carol"}) world.tiny.CreateUser(user);
    world.goes_out_at_once = false;
    world.tiny.CreateRoom("lobby", {{"alice", kOwner}, {"bob", kMember}, {"carol", kMember}});
    world.Register("bob", "phone");
    world.Register("carol", "tablet");
    world.Follow();
    const std::vector<std::string> devices = {"phone", "tablet"};
    std::map<std::string, int> taken;  // perhaps, by notification and device
    std::map<std::string, int> attempted;
    std::vector<uint64_t> seqs;
    auto hear_attempts = [&, seen = size_t{0}]() mutable {
      for (; seen < world.provider.built.size(); ++seen) {
        ++attempted[world.provider.built[seen].device + " " + std::to_string(world.provider.built[seen].seq)];
      }
    };
    for (int step = 0; step < 120; ++step) {
      switch (random() % 6) {
        case 0:
        case 1:
          world.tiny.Say("lobby", "alice");
          seqs.push_back(seqs.empty() ? 2 : seqs.back() + 1);
          break;
        case 2:
          world.HearAll();
          for (uint64_t i = random() % 4; i > 0; --i) {
            world.runner->Step();
            world.now.steady_ms += 20;
          }
          break;
        case 3:
          world.now.wall_ms += 700;
          world.now.steady_ms += 700;
          world.sender->Step();
          break;
        case 4:
          for (auto& [request, done] : std::exchange(world.under_way, {})) {
            constexpr std::array<Kind, 4> kKinds = {Kind::kAccepted, Kind::kRetry, Kind::kNoAnswer,
                                                    Kind::kRefused};
            const Kind kind = kKinds[random() % kKinds.size()];
            world.GoOut(request);
            if (kind == Kind::kAccepted || kind == Kind::kNoAnswer) ++taken[request.url + " " + request.body];
            done(parley::testing::ScriptedProvider::AnswerOf(kind));
          }
          break;
        default:
          if (random() % 3 == 0) {
            for (auto& [request, done] : world.under_way) {
              if (random() % 2 == 0) world.GoOut(request);
              if (!request.on_start) ++taken[request.url + " " + request.body];
            }
            world.StartPush();
          }
      }
      hear_attempts();
    }
    for (int i = 0; i < 30; ++i) {
      world.Follow();
      for (const auto& [request, done] : world.under_way) ++taken[request.url + " " + request.body];
      world.Answer(Kind::kAccepted);
      world.Pass(limits::kPushRetryLastMs * 2);
    }
    hear_attempts();
    for (const auto& [what, count] : taken) EXPECT_LE(count, 1) << what;
    static const std::set<std::string> kEnds = {"ACCEPTED/NO_REASON", "UNKNOWN/NO_ANSWER", "FAILED/REFUSED",
                                                "FAILED/GAVE_UP", "SUPPRESSED/COLLAPSED"};
    for (const uint64_t seq : seqs) {
      for (const std::string& device : devices) {
        const std::string fate = world.Fate("lobby", seq, device);
        EXPECT_TRUE(kEnds.contains(fate)) << device << " " << seq << ": " << fate;
        if (fate == "ACCEPTED/NO_REASON") {
          EXPECT_GE(attempted[device + " " + std::to_string(seq)], 1);
        }
      }
    }
    EXPECT_THAT(world.outbox->Scan("q", {}, 10).value(), IsEmpty());
    EXPECT_THAT(world.outbox->Scan("w", {}, 10).value(), IsEmpty());
    EXPECT_THAT(world.outbox->Scan("s", {}, 10).value(), IsEmpty());
    EXPECT_THAT(world.outbox->Scan("b", {}, 10).value(), IsEmpty());
  }
}

TEST(PushList, ShowsNoSecretPartOfAnAddress) {
  PushDeviceRecord device;
  device.mutable_web_push()->set_endpoint("https://push.example.org/secret");
  EXPECT_EQ(ShownAddressOf(device), "https://push.example.org/…");
  device.mutable_fcm()->set_token("abcdefghijkl");
  EXPECT_EQ(ShownAddressOf(device), "abcdef…");
}

}  // namespace
}  // namespace parley::bridge
