#include <functional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "bridge/push/policy.h"
#include "bridge/push/time_zone.h"

namespace parley::bridge {
namespace {

using At = Whereabouts::At;
using Kind = PushDecision::Kind;

constexpr int64_t kNow = 1'000'000;

PushFacts Plain() {
  return {.now_ms = kNow, .expires_ms = kNow + 1};
}

struct Row {
  const char* name;
  std::function<void(PushFacts&)> change;
  Kind kind;
  v1::Push::Reason reason = v1::Push::NO_REASON;
  int64_t not_before_ms = 0;
};

TEST(PushPolicy, DecidesByTheTable) {
  const std::vector<Row> rows = {
      {"plain", [](PushFacts&) {}, Kind::kPush},
      {"no member", [](PushFacts& f) { f.visible = false; }, Kind::kSuppress, v1::Push::NOT_VISIBLE},
      {"deleted", [](PushFacts& f) { f.deleted = true; }, Kind::kSuppress, v1::Push::DELETED},
      {"expired", [](PushFacts& f) { f.expires_ms = kNow; }, Kind::kSuppress, v1::Push::EXPIRED},
      {"read", [](PushFacts& f) { f.read = true; }, Kind::kSuppress, v1::Push::READ},
      {"unregistered", [](PushFacts& f) { f.registered = false; }, Kind::kSuppress, v1::Push::UNREGISTERED},
      {"not configured", [](PushFacts& f) { f.configured = false; }, Kind::kSuppress,
       v1::Push::NOT_CONFIGURED},
      {"muted", [](PushFacts& f) { f.muted_until_ms = kNow + 1; }, Kind::kSuppress, v1::Push::MUTED},
      {"muted for ever", [](PushFacts& f) { f.muted_until_ms = UINT64_MAX; }, Kind::kSuppress,
       v1::Push::MUTED},
      {"muted until now", [](PushFacts& f) { f.muted_until_ms = kNow; }, Kind::kPush},
      {"received, and the session has died", [](PushFacts& f) { f.received = true; }, Kind::kSuppress,
       v1::Push::ONLINE},
      {"none",
       [](PushFacts& f) {
         f.level = v1::Push::NONE;
         f.mention = true;
       },
       Kind::kSuppress, v1::Push::LEVEL},
      {"mentions", [](PushFacts& f) { f.level = v1::Push::MENTIONS; }, Kind::kSuppress, v1::Push::LEVEL},
      {"mentioned",
       [](PushFacts& f) {
         f.level = v1::Push::MENTIONS;
         f.mention = true;
       },
       Kind::kPush},
      {"mentions, direct",
       [](PushFacts& f) {
         f.level = v1::Push::MENTIONS;
         f.direct = true;
       },
       Kind::kPush},
      {"default is all", [](PushFacts& f) { f.level = v1::Push::DEFAULT; }, Kind::kPush},
      {"online", [](PushFacts& f) { f.user.at = At::kConnected; }, Kind::kSuppress, v1::Push::ONLINE},
      {"online, mention",
       [](PushFacts& f) {
         f.user.at = At::kConnected;
         f.mention = true;
       },
       Kind::kSuppress, v1::Push::ONLINE},
      {"away", [](PushFacts& f) { f.user = {.at = At::kConnected, .away = true}; }, Kind::kPush},
      {"leaving", [](PushFacts& f) { f.user = {.at = At::kLeaving, .leaving_ms = 700}; }, Kind::kDefer,
       v1::Push::NO_REASON, kNow + 700},
      {"not known", [](PushFacts& f) { f.user.at = At::kUnknown; }, Kind::kWait},
      {"not known, muted",
       [](PushFacts& f) {
         f.user.at = At::kUnknown;
         f.muted_until_ms = UINT64_MAX;
       },
       Kind::kSuppress, v1::Push::MUTED},
      {"do not disturb", [](PushFacts& f) { f.user.do_not_disturb = true; }, Kind::kSuppress,
       v1::Push::DO_NOT_DISTURB},
      {"quiet", [](PushFacts& f) { f.quiet_until_ms = kNow + 5; }, Kind::kDefer, v1::Push::QUIET_HOURS,
       kNow + 5},
      {"quiet, direct",
       [](PushFacts& f) {
         f.quiet_until_ms = kNow + 5;
         f.direct = true;
       },
       Kind::kDefer, v1::Push::QUIET_HOURS, kNow + 5},
      {"quiet, call",
       [](PushFacts& f) {
         f.quiet_until_ms = kNow + 5;
         f.call = true;
       },
       Kind::kPush},
      {"quiet, online",
       [](PushFacts& f) {
         f.quiet_until_ms = kNow + 5;
         f.user.at = At::kConnected;
       },
       Kind::kSuppress, v1::Push::ONLINE},
      {"all at once",
       [](PushFacts& f) {
         f.read = f.deleted = true;
         f.registered = f.visible = false;
       },
       Kind::kSuppress, v1::Push::NOT_VISIBLE},
  };
  for (const Row& row : rows) {
    PushFacts facts = Plain();
    row.change(facts);
    const PushDecision decision = DecidePush(facts);
    EXPECT_EQ(decision.kind, row.kind) << row.name;
    EXPECT_EQ(decision.reason, row.reason) << row.name;
    EXPECT_EQ(decision.not_before_ms, row.not_before_ms) << row.name;
  }
}

v1::QuietHours Quiet(const std::string& from, const std::string& to, const std::string& zone) {
  v1::QuietHours hours;
  hours.set_from(from);
  hours.set_to(to);
  hours.set_time_zone(zone);
  return hours;
}

// 2026-03-28T00:00Z and 2026-10-24T00:00Z: the days before the clock of Berlin is changed at 01:00Z.
constexpr int64_t kHour = 3'600'000;
constexpr int64_t kSpring = 1'774'656'000'000;
constexpr int64_t kAutumn = 1'792'800'000'000;

TEST(TimeZones, QuietHoursEndWhenTheClockOfThePlaceSaysSo) {
  struct Night {
    const char* from;
    const char* to;
    const char* zone;
    int64_t now_ms;
    std::optional<int64_t> until_ms;
  };
  const std::vector<Night> nights = {
      {"22:00", "07:00", "", kSpring + 23 * kHour, kSpring + 31 * kHour},
      {"22:00", "07:00", "", kSpring + 6 * kHour, kSpring + 7 * kHour},
      {"22:00", "07:00", "", kSpring + 7 * kHour, std::nullopt},
      {"22:00", "07:00", "", kSpring + 22 * kHour - 1, std::nullopt},
      {"13:00", "14:30", "UTC", kSpring + 13 * kHour, kSpring + 14 * kHour + kHour / 2},
      {"10:00", "10:00", "UTC", kSpring + 10 * kHour, std::nullopt},
      {"22:00", "07:00", "Europe/Berlin", kSpring + 2 * kHour, kSpring + 6 * kHour},
      // The clock goes forward: the night is an hour shorter. 07:00 is 05:00Z.
      {"22:00", "07:00", "Europe/Berlin", kSpring + 22 * kHour, kSpring + 29 * kHour},
      // It goes back: an hour longer. From 22:00 (20:00Z) to 07:00 (06:00Z).
      {"22:00", "07:00", "Europe/Berlin", kAutumn + 20 * kHour, kAutumn + 30 * kHour},
      // The end is skipped: over when the clock jumps from 02:00 to 03:00.
      {"22:00", "02:30", "Europe/Berlin", kSpring + 22 * kHour, kSpring + 25 * kHour},
      // The end comes twice: over the first time.
      {"22:00", "02:30", "Europe/Berlin", kAutumn + 22 * kHour, kAutumn + 24 * kHour + kHour / 2},
      {"22:00", "07:00", "Asia/Kolkata", kSpring + 17 * kHour, kSpring + 25 * kHour + kHour / 2},
      {"22:00", "07:00", "No/Where", kSpring + 23 * kHour, kSpring + 31 * kHour},
      {"22:00", "25:00", "UTC", kSpring + 23 * kHour, std::nullopt},
  };
  TimeZones zones;
  for (const Night& night : nights) {
    const auto until = zones.QuietUntil(Quiet(night.from, night.to, night.zone), night.now_ms);
    EXPECT_EQ(until.value_or(0) - kSpring, night.until_ms.value_or(0) - kSpring)
        << night.from << " " << night.to << " " << night.zone << " " << night.now_ms;
  }
}

TEST(TimeZones, AnEndIsNeverQuietAndNeverPast) {
  TimeZones zones;
  for (const char* zone : {"Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"}) {
    for (const char* to : {"07:00", "02:30", "02:00", "01:15"}) {
      const v1::QuietHours hours = Quiet("21:30", to, zone);
      for (int64_t now_ms = kSpring - 400 * kHour; now_ms < kSpring + 8'000 * kHour;
           now_ms += 37 * kHour / 10) {
        auto until = zones.QuietUntil(hours, now_ms);
        if (!until) continue;
        ASSERT_GT(*until, now_ms);
        ASSERT_LE(*until, now_ms + 12 * kHour);
        EXPECT_FALSE(zones.QuietUntil(hours, *until)) << zone << " " << to << " " << now_ms;
      }
    }
  }
}

TEST(TimeZones, TimesOfDayHaveTwoDigitsEach) {
  EXPECT_EQ(ParseTimeOfDay("00:00"), 0);
  EXPECT_EQ(ParseTimeOfDay("23:59"), 23 * 60 + 59);
  for (const char* bad : {"", "24:00", "12:60", "1:00", "01:0", "01-00", "aa:00", "012:0"}) {
    EXPECT_FALSE(ParseTimeOfDay(bad)) << bad;
  }
}

}  // namespace
}  // namespace parley::bridge
