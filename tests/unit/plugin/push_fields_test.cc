#include "broker-plugin/requests/push_fields.h"

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "tests/unit/plugin/temporary_folder.h"

namespace parley::plugin {
namespace {

v1::QuietHours Hours(const std::string& from, const std::string& to, const std::string& zone = "") {
  v1::QuietHours hours;
  hours.set_from(from);
  hours.set_to(to);
  hours.set_time_zone(zone);
  return hours;
}

class TimeZonesTest : public testing::Test {
 protected:
  void Make(const std::string& name) {
    const std::filesystem::path path = folder_ / ("zoneinfo/" + name);
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path) << "TZif2";
  }
  TemporaryFolder folder_;
};

TEST_F(TimeZonesTest, AreTheFilesOfTheSystem) {
  for (const char* name : {"CET", "Etc/GMT+5", "Europe/Berlin", "America/Argentina/Ushuaia",
                           "posix/Europe/Rome", "zone.tab", "Europe/zone.tab", "A/B/C/D"}) {
    Make(name);
  }
  std::filesystem::create_directory_symlink(folder_ / "zoneinfo", folder_ / "zoneinfo/Loop");
  std::filesystem::create_symlink("Berlin", folder_ / "zoneinfo/Europe/Vienna");
  const TimeZones zones = TimeZones::Read(folder_ / "zoneinfo");
  for (const char* name :
       {"UTC", "CET", "Etc/GMT+5", "Europe/Berlin", "Europe/Vienna", "America/Argentina/Ushuaia"}) {
    EXPECT_TRUE(zones.Has(name)) << name;
  }
  for (const char* name : {"", "Europe", "posix/Europe/Rome", "zone.tab", "Europe/zone.tab", "A/B/C/D",
                           "Loop/Europe/Berlin", "../zoneinfo/CET", "/etc/passwd", "europe/berlin"}) {
    EXPECT_FALSE(zones.Has(name)) << name;
  }
}

TEST_F(TimeZonesTest, AreUtcAloneWithoutTheDatabase) {
  const TimeZones zones = TimeZones::Read(folder_ / "nothing");
  EXPECT_TRUE(zones.Has("UTC"));
  EXPECT_FALSE(zones.Has("Europe/Berlin"));
  EXPECT_TRUE(CheckQuietHours(Hours("22:00", "07:00"), zones)) << "none: UTC";
  EXPECT_FALSE(CheckQuietHours(Hours("22:00", "07:00", "Europe/Berlin"), zones));
}

TEST(QuietHours, AreTwoTimesOfDayOrNone) {
  const TimeZones zones = TimeZones::Read("");
  for (const v1::QuietHours& hours :
       {Hours("", ""), Hours("00:00", "23:59"), Hours("23:59", "00:00", "UTC")}) {
    EXPECT_TRUE(CheckQuietHours(hours, zones)) << hours.ShortDebugString();
  }
  for (const v1::QuietHours& hours :
       {Hours("22:00", ""), Hours("", "07:00"), Hours("", "", "UTC"), Hours("7:00", "08:00"),
        Hours("24:00", "07:00"), Hours("22:60", "07:00"), Hours("22-00", "07:00"), Hours("2a:00", "07:00"),
        Hours("22:00", "22:00"), Hours("22:00 ", "07:00"), Hours("99:00", "07:00")}) {
    EXPECT_FALSE(CheckQuietHours(hours, zones)) << hours.ShortDebugString();
  }
}

}  // namespace
}  // namespace parley::plugin
