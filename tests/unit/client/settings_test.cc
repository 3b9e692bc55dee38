#include "client/cli/settings.h"

#include <cstdio>
#include <fstream>
#include <map>

#include <gtest/gtest.h>
#include <unistd.h>

#include "client/cli/connection.h"
#include "client/cli/files.h"

namespace parley::client {
namespace {

TEST(ParseSettings, TakesACredentialsFile) {
  const Result<Settings> settings = ParseSettings("username=admin\npassword=a=b #c \n");
  ASSERT_TRUE(settings);
  EXPECT_EQ(settings->user, "admin");
  EXPECT_EQ(settings->password, "a=b #c ");
}

TEST(ParseSettings, TakesAllKeysCommentsAndWindowsLines) {
  const Result<Settings> settings =
      ParseSettings("# mine\r\n\r\nhost=h\r\nport=77\r\nuser=u\r\npassword-file=/p\r\nclient-id=c");
  ASSERT_TRUE(settings);
  EXPECT_EQ(settings->host, "h");
  EXPECT_EQ(settings->port, 77);
  EXPECT_EQ(settings->password_file, "/p");
  EXPECT_EQ(settings->client_id, "c");
}

TEST(ParseSettings, NamesTheLineThatIsWrong) {
  for (const char* bad : {"host=h\nuser\n", "host=h\ncolour=red\n", "host=h\nport=0\n", "host=h\nport=x\n"}) {
    const Result<Settings> settings = ParseSettings(bad);
    ASSERT_FALSE(settings) << bad;
    EXPECT_NE(settings.error().reason.find("line 2"), std::string::npos) << settings.error().reason;
  }
}

TEST(PrintSettings, IsReadBack) {
  Settings settings;
  settings.host = "h";
  settings.port = 1;
  settings.user = "u";
  settings.password = " p=# ";
  const Result<std::string> text = PrintSettings(settings);
  ASSERT_TRUE(text);
  const Result<Settings> again = ParseSettings(*text);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->password, settings.password);
  EXPECT_EQ(again->port, settings.port);
  settings.password = "a\nb";
  EXPECT_FALSE(PrintSettings(settings));
}

TEST(Merge, TheStrongerSourceWinsFieldByField) {
  Settings strong;
  strong.host = "strong";
  Settings weak;
  weak.host = "weak";
  weak.port = 2;
  const Settings merged = Merge(strong, weak);
  EXPECT_EQ(merged.host, "strong");
  EXPECT_EQ(merged.port, 2);
}

TEST(Merge, AStrongPasswordFileBeatsAWeakPassword) {
  Settings strong;
  strong.password_file = "/file";
  Settings weak;
  weak.password = "weak";
  const Settings merged = Merge(strong, weak);
  EXPECT_EQ(merged.password_file, "/file");
  EXPECT_FALSE(merged.password);
}

class ResolveConnectionTest : public testing::Test {
 protected:
  ResolveConnectionTest() : folder_(testing::TempDir() + "parley-settings-" + std::to_string(getpid())) {}
  ~ResolveConnectionTest() override { std::remove(file().c_str()); }

  std::string file() const { return folder_ + "/parley/config"; }

  Result<MqttOptions> Resolve() {
    variables_["XDG_CONFIG_HOME"] = folder_;
    return ResolveConnection(global_, [this](const std::string& name) -> std::optional<std::string> {
      const auto found = variables_.find(name);
      if (found == variables_.end()) return std::nullopt;
      return found->second;
    });
  }

  const std::string folder_;
  GlobalOptions global_;
  std::map<std::string, std::string> variables_;
};

TEST_F(ResolveConnectionTest, CommandLineBeforeEnvironmentBeforeFile) {
  ASSERT_TRUE(WritePrivateFile(file(), "host=file\nport=1\nuser=file\npassword=file\n"));
  variables_["PARLEY_HOST"] = "environment";
  variables_["PARLEY_PORT"] = "2";
  global_.settings.host = "line";
  const Result<MqttOptions> options = Resolve();
  ASSERT_TRUE(options);
  EXPECT_EQ(options->host, "line");
  EXPECT_EQ(options->port, 2);
  EXPECT_EQ(options->user, "file");
  EXPECT_EQ(options->password, "file");
}

TEST_F(ResolveConnectionTest, NeedsAUser) {
  const Result<MqttOptions> options = Resolve();
  ASSERT_FALSE(options);
  EXPECT_EQ(options.error().code, Code::INVALID_ARGUMENT);
}

TEST_F(ResolveConnectionTest, TwoCommandsHaveTwoClientIds) {
  global_.settings.user = "alice";
  const Result<MqttOptions> one = Resolve();
  const Result<MqttOptions> other = Resolve();
  ASSERT_TRUE(one);
  ASSERT_TRUE(other);
  EXPECT_NE(one->client_id, other->client_id);
}

TEST_F(ResolveConnectionTest, AFileThatIsNamedMustBeThere) {
  global_.settings.user = "alice";
  global_.config = folder_ + "/none";
  const Result<MqttOptions> options = Resolve();
  ASSERT_FALSE(options);
  EXPECT_EQ(options.error().code, Code::NOT_FOUND);
}

TEST_F(ResolveConnectionTest, BadValuesAreNamed) {
  global_.settings.user = "alice";
  variables_["PARLEY_PORT"] = "70000";
  EXPECT_NE(Resolve().error().reason.find("PARLEY_PORT"), std::string::npos);
  variables_.erase("PARLEY_PORT");
  global_.settings.client_id = "a b";
  EXPECT_EQ(Resolve().error().code, Code::INVALID_ARGUMENT);
}

TEST(ParseSettings, TlsSwitchAndFiles) {
  const Result<Settings> settings = ParseSettings("tls=true\ncafile=/ca\ncert=/c\nkey=/k\n");
  ASSERT_TRUE(settings);
  EXPECT_EQ(settings->tls, true);
  EXPECT_EQ(*ParseSettings(*PrintSettings(*settings))->ca_file, "/ca");
  EXPECT_FALSE(ParseSettings("tls=maybe"));
  Settings strong;
  strong.cert_file = "/mine";
  const Settings merged = Merge(strong, *settings);  // a certificate and its key come from one source
  EXPECT_EQ(merged.cert_file, "/mine");
  EXPECT_FALSE(merged.key_file);
  EXPECT_EQ(merged.ca_file, "/ca");
}

TEST(ResolveConnection, TlsHasItsOwnPortAndItsFilesAreLookedAt) {
  GlobalOptions global;
  global.config = "/dev/null";
  global.settings.user = "alice";
  const Environment nothing = [](const std::string&) { return std::optional<std::string>(); };
  EXPECT_EQ(ResolveConnection(global, nothing)->port, 1883);
  global.settings.tls = true;
  EXPECT_EQ(ResolveConnection(global, nothing)->port, 8883);
  global.settings.ca_file = "/no/such/file";
  const Result<MqttOptions> missing = ResolveConnection(global, nothing);
  ASSERT_FALSE(missing);
  EXPECT_NE(missing.error().reason.find("/no/such/file"), std::string::npos);
  global.settings.tls = false;  // switched off: the files do not count
  EXPECT_FALSE(ResolveConnection(global, nothing)->tls.enabled);
  global.settings.tls.reset();
  global.settings.ca_file.reset();
  global.settings.cert_file = "/dev/null";
  EXPECT_FALSE(ResolveConnection(global, nothing));  // without its key
}

}  // namespace
}  // namespace parley::client
