// What the plugin reads and writes beside its store: options, folders, credentials, the key of remembered
// logins.

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include "broker-plugin/app/data_folder.h"
#include "broker-plugin/app/plugin_options.h"
#include "broker-plugin/auth/credential_memory.h"
#include "broker-plugin/auth/credentials_file.h"
#include "broker-plugin/auth/password.h"
#include "tests/unit/plugin/temporary_folder.h"

namespace parley::plugin {
namespace {

using testing::HasSubstr;
using Options = std::map<std::string, std::string>;

mode_t ModeOf(const std::string& path) {
  struct stat info {};
  return ::lstat(path.c_str(), &info) == 0 ? info.st_mode : 0;
}

TEST(PluginOptions, HaveDefaults) {
  const Result<PluginOptions> options =
      ParsePluginOptions({{"parley_data", "/var/lib/parley"}, {"other_x", "y"}});
  ASSERT_TRUE(options);
  EXPECT_EQ(options->data_folder, "/var/lib/parley");
  EXPECT_EQ(options->journal_folder, "/var/lib/parley");
  EXPECT_EQ(options->journal_bytes, uint64_t{64} << 20);
  EXPECT_FALSE(options->defer_other_topics);
  EXPECT_TRUE(options->doorbell);
  EXPECT_EQ(options->doorbell_port, 0);
}

TEST(PluginOptions, TakeWhatTheySay) {
  const Result<PluginOptions> options = ParsePluginOptions({{"parley_data", "/d"},
                                                            {"parley_journal", "/j"},
                                                            {"parley_journal_mib", "8"},
                                                            {"parley_other_topics", "defer"},
                                                            {"parley_typing_timeout_ms", "100"},
                                                            {"parley_doorbell", "65535"}});
  ASSERT_TRUE(options);
  EXPECT_EQ(options->journal_folder, "/j");
  EXPECT_EQ(options->journal_bytes, uint64_t{8} << 20);
  EXPECT_TRUE(options->defer_other_topics);
  EXPECT_EQ(options->doorbell_port, 65535);
  EXPECT_EQ(options->typing_timeout_ms, 100U);
  EXPECT_FALSE(ParsePluginOptions({{"parley_data", "/d"}, {"parley_doorbell", "off"}})->doorbell);
}

TEST(PluginOptions, AreRefusedWithTheirName) {
  for (const auto& [name, value] : Options{{"parley_data", "relative"},
                                           {"parley_journal", ""},
                                           {"parley_other_topics", "allow"},
                                           {"parley_dta", "/x"},
                                           {"parley_", "x"}}) {
    Options given{{"parley_data", "/d"}};
    given[name] = value;
    const auto options = ParsePluginOptions(given);
    ASSERT_FALSE(options) << name;
    EXPECT_EQ(options.error().code, Code::INVALID_ARGUMENT);
    EXPECT_THAT(options.error().reason, HasSubstr("plugin_opt_" + name));
  }
  for (const char* mib : {"", "7", "16385", "-8", "8x", " 8", "0x10", "99999999999999999999"}) {
    EXPECT_FALSE(ParsePluginOptions({{"parley_data", "/d"}, {"parley_journal_mib", mib}})) << mib;
  }
  for (const char* time_ms : {"", "99", "60001", "8 s"}) {
    EXPECT_FALSE(ParsePluginOptions({{"parley_data", "/d"}, {"parley_typing_timeout_ms", time_ms}}))
        << time_ms;
  }
  for (const char* port : {"", "0", "65536", "-1", "on", "1883x", "Auto"}) {
    EXPECT_FALSE(ParsePluginOptions({{"parley_data", "/d"}, {"parley_doorbell", port}})) << port;
  }
  EXPECT_FALSE(ParsePluginOptions({}));
}

TEST(DataFolder, IsMadeForItsOwnerAlone) {
  TemporaryFolder folder;
  ASSERT_TRUE(PrepareFolder(folder / "a/b"));
  EXPECT_EQ(ModeOf(folder / "a/b") & 0777, 0700U);
  ASSERT_TRUE(PrepareFolder(folder / "a/b"));
}

TEST(DataFolder, ErrorsSayWhatToDo) {
  TemporaryFolder folder;
  WriteFile(folder / "file", "x");
  EXPECT_THAT(PrepareFolder(folder / "file").error().reason, HasSubstr("is not a folder"));
  EXPECT_THAT(PrepareFolder(folder / "file/under").error().reason, HasSubstr("file/under"));
  EXPECT_FALSE(CheckStoreFolder(folder / "file"));
  std::filesystem::create_directories(folder / "store");
  EXPECT_TRUE(CheckStoreFolder(folder / "store"));
  EXPECT_TRUE(CheckStoreFolder(folder / "none"));
  WriteFile(folder / "store/letter", "x");
  EXPECT_FALSE(CheckStoreFolder(folder / "store"));
  WriteFile(folder / "store/CURRENT", "x");
  EXPECT_TRUE(CheckStoreFolder(folder / "store"));
}

TEST(CredentialsFile, IsWrittenForItsOwnerAloneAndReadBack) {
  TemporaryFolder folder;
  const std::string path = folder / "admin.credentials";
  ASSERT_TRUE(ReadCredentials(path));
  EXPECT_FALSE(ReadCredentials(path)->has_value());
  ASSERT_TRUE(WriteCredentials(path, {"admin", "pass=word#1"}));
  EXPECT_EQ(ModeOf(path) & 0777, 0600U);
  EXPECT_EQ(ReadFile(path), "username=admin\npassword=pass=word#1\n");
  const auto read = ReadCredentials(path);
  ASSERT_TRUE(read && *read);
  EXPECT_EQ((*read)->username, "admin");
  EXPECT_EQ((*read)->password, "pass=word#1");
  EXPECT_FALSE(std::filesystem::exists(path + ".new"));
}

TEST(CredentialsFile, WhatACrashOrSomebodyLeftBehindIsNotFollowed) {
  TemporaryFolder folder;
  const std::string path = folder / "c";
  WriteFile(folder / "victim", "precious");
  ASSERT_EQ(::symlink((folder / "victim").c_str(), (path + ".new").c_str()), 0);
  ASSERT_TRUE(WriteCredentials(path, {"u", "p"}));
  EXPECT_EQ(ReadFile(folder / "victim"), "precious");
  EXPECT_EQ(ReadFile(path), "username=u\npassword=p\n");
}

TEST(CredentialsFile, DamagedOnesAreErrorsThatNameTheFile) {
  TemporaryFolder folder;
  const std::string path = folder / "c";
  for (const char* text : {"", "username=u\n", "password=p\n", "username=\npassword=p\n", "nonsense",
                           "USERNAME=u\npassword=p"}) {
    WriteFile(path, text);
    const auto read = ReadCredentials(path);
    ASSERT_FALSE(read) << text;
    EXPECT_THAT(read.error().reason, HasSubstr(path));
  }
  EXPECT_FALSE(WriteCredentials(folder / "no/such/folder", {"u", "p"}));
}

class CredentialMemoryTest : public testing::Test {
 protected:
  std::string Mac() {
    why_.clear();
    return CredentialMemory::Open(folder_.path(), "store", why_).Mac("alice", "hash", "password");
  }
  TemporaryFolder folder_;
  const std::string path_ = folder_ / "parley-store.key";
  std::string why_;
};

TEST_F(CredentialMemoryTest, TheKeyOutlivesTheProcessAndNoOther) {
  StartCrypto();
  const std::string mac = Mac();
  EXPECT_EQ(why_, "");
  EXPECT_EQ(ModeOf(path_) & 0777, 0600U);
  EXPECT_TRUE(CredentialMemory::Equal(Mac(), mac));
  std::filesystem::remove(path_);
  EXPECT_FALSE(CredentialMemory::Equal(Mac(), mac)) << "a restart of the machine";
}

TEST_F(CredentialMemoryTest, AKeyThatOthersMayReadOrThatIsDamagedIsReplaced) {
  const std::string mac = Mac();
  ::chmod(path_.c_str(), 0644);
  EXPECT_NE(Mac(), mac);
  EXPECT_EQ(ModeOf(path_) & 0777, 0600U);
  WriteFile(path_, "short");
  Mac();
  EXPECT_EQ(std::filesystem::file_size(path_), 32U);
  EXPECT_EQ(why_, "");
}

TEST_F(CredentialMemoryTest, AForeignFileIsNotTrusted) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root to make a foreign file";
  WriteFile(path_, std::string(32, 'k'));
  ::chmod(path_.c_str(), 0600);
  ASSERT_EQ(::chown(path_.c_str(), 65534, 65534), 0);
  const std::string mac = Mac();
  EXPECT_NE(ReadFile(path_), std::string(32, 'k'));
  EXPECT_EQ(Mac(), mac);
}

TEST_F(CredentialMemoryTest, ALinkIsNeitherFollowedNorWrittenThrough) {
  WriteFile(folder_ / "victim", std::string(32, 'v'));
  ::chmod((folder_ / "victim").c_str(), 0600);
  ASSERT_EQ(::symlink((folder_ / "victim").c_str(), path_.c_str()), 0);
  const std::string mac = Mac();
  EXPECT_EQ(ReadFile(folder_ / "victim"), std::string(32, 'v'));
  EXPECT_THAT(why_, HasSubstr(path_)) << "remembered in this process alone, and said";
  EXPECT_NE(Mac(), mac);
}

TEST_F(CredentialMemoryTest, NoFolderMeansNoMemoryAndSaysSo) {
  std::string why;
  CredentialMemory::Open(folder_ / "none", "store", why);
  EXPECT_THAT(why, HasSubstr("remembered logins end with this process"));
}

TEST_F(CredentialMemoryTest, AMacBindsUserHashAndPasswordAndTheirBorders) {
  std::string why;
  const CredentialMemory memory = CredentialMemory::Open(folder_.path(), "store", why);
  const std::string mac = memory.Mac("ab", "c", "d");
  EXPECT_NE(memory.Mac("a", "bc", "d"), mac);
  EXPECT_NE(memory.Mac("ab", "cd", ""), mac);
  EXPECT_NE(memory.Mac("ab", "c", "e"), mac);
  EXPECT_EQ(memory.Mac("ab", "c", "d"), mac);
  EXPECT_FALSE(CredentialMemory::Equal("", ""));
  EXPECT_FALSE(CredentialMemory::Equal("", mac));
  EXPECT_FALSE(CredentialMemory::Equal(mac.substr(1), mac));
}

TEST(Password, HashesAreSaltedAndVerified) {
  ASSERT_TRUE(StartCrypto());
  const std::string hash = HashPassword("p");
  EXPECT_TRUE(VerifyPassword(hash, "p"));
  EXPECT_FALSE(VerifyPassword(hash, "q"));
  EXPECT_FALSE(VerifyPassword("", "p"));
  EXPECT_FALSE(VerifyPassword("$argon2id$nonsense", "p"));
  EXPECT_FALSE(VerifyPassword(HashOfNobody(), "p"));
  EXPECT_NE(HashPassword("p"), hash);
  EXPECT_NE(RandomSecret(24), RandomSecret(24));
  EXPECT_EQ(RandomSecret(24).size(), 32U);
}

}  // namespace
}  // namespace parley::plugin
