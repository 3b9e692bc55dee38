#include <gtest/gtest.h>

#include "client/cli/configuration_checks.h"
#include "client/cli/files.h"
#include "client/cli/server_checks.h"
#include "tests/support/temp_folder.h"

namespace parley::client {
namespace {

using Level = Finding::Level;

constexpr const char* kGood =
    "per_listener_settings false\nallow_anonymous false\nlistener 1883 127.0.0.1\nset_tcp_nodelay true\n"
    "plugin /usr/lib/parley_plugin.so\nplugin_opt_parley_data /var/lib/parley\npersistence true\n"
    "autosave_interval 0\nmax_packet_size 1048576\nmax_queued_messages 2000\n";

Findings Check(const std::string& text) {
  return CheckConfiguration(BrokerConfiguration(ParseConfiguration(text, "/etc/m.conf")));
}

// The worst finding of a subject.
Level LevelOf(const Findings& findings, const std::string& subject) {
  Level level = Level::kOk;
  bool found = false;
  for (const Finding& finding : findings) {
    if (finding.subject != subject) continue;
    found = true;
    level = std::max(level, finding.level);
  }
  EXPECT_TRUE(found) << subject;
  return level;
}

TEST(BrokerConfiguration, ListenersPluginsAndTheLastLineCount) {
  const BrokerConfiguration configuration(
      ParseConfiguration("# comment\n\nlistener 1883\n  listener 8083 127.0.0.1 \r\nprotocol websockets\n"
                         "socket_domain ipv4\n"
                         "listener 8883 ::1\ncertfile /c\nlistener 0 /run/socket\nplugin /other.so\n"
                         "plugin_opt_key v\nauth_plugin /a b/parley_plugin.so\nauth_opt_parley_data /d\n"
                         "max_packet_size 1\nmax_packet_size 2\n",
                         "/etc/mosquitto/m.conf"));
  ASSERT_EQ(configuration.listeners().size(), 4u);
  EXPECT_EQ(configuration.listeners()[0].port, 1883);
  EXPECT_TRUE(configuration.listeners()[1].websockets);
  EXPECT_EQ(configuration.listeners()[1].address, "127.0.0.1");
  EXPECT_EQ(configuration.listeners()[1].domain, "ipv4");
  EXPECT_TRUE(configuration.listeners()[2].tls);
  EXPECT_EQ(configuration.listeners()[3].port, 0);
  EXPECT_EQ(configuration.Value("max_packet_size", ""), "2");
  EXPECT_EQ(configuration.Last("max_packet_size")->where, "m.conf:15");
  ASSERT_NE(configuration.Parley(), nullptr);
  EXPECT_EQ(configuration.Option("parley_data"), "/d");
  EXPECT_FALSE(configuration.Option("key"));
}

TEST(BrokerConfiguration, IncludedFoldersAreReadInOrder) {
  const parley::testing::TempFolder folder;
  const std::string conf_d = folder / "conf.d";
  ASSERT_TRUE(WritePrivateFile(conf_d + "/b.conf", "max_packet_size 2\n"));
  ASSERT_TRUE(WritePrivateFile(conf_d + "/a.conf", "max_packet_size 1\n"));
  ASSERT_TRUE(WritePrivateFile(conf_d + "/c.txt", "max_packet_size 3\n"));
  const std::string path = folder / "m.conf";
  ASSERT_TRUE(WritePrivateFile(path, "include_dir " + conf_d + "\n"));
  const Result<BrokerConfiguration> configuration = ReadConfiguration(path);
  ASSERT_TRUE(configuration) << configuration.error().reason;
  EXPECT_EQ(configuration->Value("max_packet_size", ""), "2");
  ASSERT_TRUE(WritePrivateFile(path, "include_dir /no/such/folder\n"));
  EXPECT_FALSE(ReadConfiguration(path));
}

TEST(CheckConfiguration, AGoodOneIsWell) {
  for (const Finding& finding : Check(kGood)) {
    EXPECT_EQ(finding.level, Level::kOk) << finding.subject << ": " << finding.text;
  }
}

TEST(CheckConfiguration, EachFaultIsFound) {
  struct Case {
    const char* subject;
    std::string added;
    Level level;
  };
  const std::vector<Case> cases = {
      {"per_listener_settings", "per_listener_settings true", Level::kProblem},
      {"max_queued_messages", "max_queued_messages 0", Level::kProblem},
      {"message_size_limit", "message_size_limit 100", Level::kProblem},
      {"max_packet_size", "max_packet_size 1000", Level::kProblem},
      {"max_packet_size", "max_packet_size 0", Level::kWarning},
      {"allow_anonymous", "allow_anonymous true", Level::kWarning},
      {"set_tcp_nodelay", "set_tcp_nodelay false", Level::kWarning},
      {"allow_duplicate_messages", "allow_duplicate_messages false", Level::kWarning},
      {"autosave_interval", "autosave_interval 60", Level::kWarning},
      {"autosave_interval", "autosave_on_changes true", Level::kWarning},
      {"persistence", "persistence false", Level::kWarning},
      {"max_inflight_messages", "max_inflight_messages 1", Level::kWarning},
      {"memory_limit", "memory_limit 1000000", Level::kWarning},
      {"listener", "listener 8083 127.0.0.1\nprotocol websockets", Level::kWarning},
      {"listener", "listener 8083 127.0.0.1\nprotocol websockets\nsocket_domain ipv4", Level::kOk},
      {"listener", "listener 8083 ::1\nprotocol websockets", Level::kOk},
      {"listener", "listener 8083\nprotocol websockets", Level::kOk},
      {"acl_file", "acl_file /a", Level::kWarning},
      {"acl_file", "plugin_opt_parley_other_topics defer\nacl_file /a", Level::kOk},
      {"password_file", "password_file /p", Level::kWarning},
      {"password_file", "plugin_opt_parley_unknown_users defer\npassword_file /p", Level::kOk},
      {"plugin_opt_parley_data", "plugin_opt_parley_data relative", Level::kProblem},
      {"plugin_opt_parley_journal_mib", "plugin_opt_parley_journal_mib 7", Level::kProblem},
      {"plugin_opt_parley_other_topics", "plugin_opt_parley_other_topics allow", Level::kProblem},
      {"plugin_opt_parley_doorbell", "plugin_opt_parley_doorbell 1883", Level::kOk},
      {"plugin_opt_parley_doorbell", "plugin_opt_parley_doorbell loud", Level::kProblem},
      {"plugin_opt_parley_typo", "plugin_opt_parley_typo 1", Level::kProblem},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(LevelOf(Check(kGood + c.added + "\n"), c.subject), c.level) << c.added;
  }
}

TEST(CheckConfiguration, ThePluginMustBeThereAndFirst) {
  EXPECT_EQ(LevelOf(Check("listener 1883\n"), "plugin"), Level::kProblem);
  EXPECT_EQ(LevelOf(Check("plugin /x/other.so\n" + std::string(kGood)), "plugin"), Level::kWarning);
  EXPECT_EQ(LevelOf(Check("plugin /x/parley_plugin.so\n"), "plugin_opt_parley_data"), Level::kProblem);
}

TEST(ServerChecks, FilesAreForTheirOwnerOnly) {
  PathFacts facts{.path = "/d/admin.credentials", .exists = true, .mode = 0600, .owner = "mosquitto"};
  EXPECT_EQ(CheckPath(facts, true, "mosquitto").level, Level::kOk);
  EXPECT_EQ(CheckPath(facts, true, "").level, Level::kOk);
  EXPECT_EQ(CheckPath(facts, true, "root").level, Level::kProblem);
  for (const uint32_t mode : {0640U, 0604U, 0601U, 0620U}) {
    facts.mode = mode;
    EXPECT_EQ(CheckPath(facts, true, "mosquitto").level, Level::kProblem) << mode;
    EXPECT_EQ(CheckPath(facts, false, "mosquitto").level, Level::kOk) << mode;
  }
  EXPECT_EQ(CheckPath({.path = "/none", .owner = ""}, true, "").level, Level::kWarning);
  EXPECT_EQ(CheckPath({.path = "/none", .readable = false, .owner = ""}, true, "").level, Level::kWarning);
}

TEST(ServerChecks, DisksPluginsAndWhatRuns) {
  const uint64_t gib = uint64_t{1} << 30U;
  EXPECT_EQ(CheckDisk("data", "/d", DiskFacts{50 * gib, 100 * gib, "ext4", false, false}, false).level,
            Level::kOk);
  EXPECT_EQ(CheckDisk("data", "/d", DiskFacts{gib / 2, gib, "ext4", false, false}, false).level,
            Level::kWarning);
  EXPECT_EQ(CheckDisk("data", "/d", DiskFacts{1'000, gib, "ext4", false, false}, false).level,
            Level::kProblem);
  EXPECT_EQ(CheckDisk("data", "/d", DiskFacts{9 * gib, 9 * gib, "tmpfs", true, false}, false).level,
            Level::kProblem);
  EXPECT_EQ(CheckDisk("journal", "/d", DiskFacts{9 * gib, 9 * gib, "tmpfs", true, false}, true).level,
            Level::kWarning);
  EXPECT_EQ(CheckDisk("data", "/d", DiskFacts{9 * gib, 9 * gib, "nfs", false, true}, false).level,
            Level::kProblem);
  EXPECT_EQ(CheckDisk("data", "/d", std::nullopt, false).level, Level::kWarning);
  EXPECT_EQ(CheckPlugin({.path = "p", .missing = {}}).level, Level::kProblem);
  EXPECT_EQ(CheckPlugin({.path = "p", .exists = true, .missing = {}}).level, Level::kProblem);
  EXPECT_EQ(CheckPlugin({.path = "p", .exists = true, .shared_object = true, .missing = {}}).level,
            Level::kProblem);
  EXPECT_EQ(
      CheckPlugin({.path = "p", .exists = true, .shared_object = true, .plugin = true, .missing = {}}).level,
      Level::kOk);
  const Finding missing = CheckPlugin(
      {.path = "p", .exists = true, .shared_object = true, .plugin = true, .missing = {"librocksdb.so.7.8"}});
  EXPECT_EQ(missing.level, Level::kProblem);
  EXPECT_NE(missing.text.find("librocksdb.so.7.8"), std::string::npos);
  EXPECT_EQ(CheckBridge("h", 8080, 200).level, Level::kOk);
  EXPECT_EQ(CheckBridge("h", 8080, 503).level, Level::kWarning);
  EXPECT_EQ(CheckBridge("h", 8080, std::nullopt).level, Level::kWarning);
  EXPECT_EQ(CheckListenerAnswers("h", 1883, false).level, Level::kWarning);
}

}  // namespace
}  // namespace parley::client
