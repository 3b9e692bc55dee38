// Whole stores of earlier versions: they open, and what is written today has the same rows
// (docs/formats/store.md).

#include <filesystem>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/log/local_log.h"
#include "core/store/keys.h"
#include "tests/golden/golden_file.h"
#include "tests/golden/golden_store.h"
#include "tests/support/commands.h"
#include "tests/support/describe.h"
#include "tests/support/machine.h"
#include "tests/support/store_dump.h"
#include "tests/support/store_node.h"
#include "tests/support/temp_folder.h"

namespace parley::testing {
namespace {

namespace fs = std::filesystem;

domain::Command Rule(const char* role, const char* user, domain::AclRule::Type type, const char* topic,
                     bool allow) {
  domain::Command command = By("admin", 1500);
  internal::v1::AddAcl& add = *command.mutable_add_acl();
  add.set_role(role);
  add.set_username(user);
  add.mutable_rule()->set_type(type);
  add.mutable_rule()->set_topic(topic);
  add.mutable_rule()->set_allow(allow);
  add.mutable_rule()->set_priority(allow ? 5 : -5);
  return command;
}

// At least one of every row that is written today.
std::vector<domain::Command> NewCommands() {
  domain::Command admin = CreateUser("admin");
  admin.mutable_create_user()->add_roles("admin");
  admin.mutable_create_user()->set_password_hash("$argon2id$golden");
  domain::Command remember = By("admin", 1100);
  remember.mutable_remember_credential()->set_username("admin");
  remember.mutable_remember_credential()->set_password_hash("$argon2id$golden");
  remember.mutable_remember_credential()->set_remembered_mac(std::string(32, '\x7F'));
  domain::Command client = By("alice", 1200);
  client.mutable_bind_client()->set_client("phone-1");
  client.mutable_bind_client()->set_username("alice");
  domain::Command role = By("admin", 1500);
  role.mutable_create_role()->set_role("sensor");
  domain::Command user_role = By("admin", 1500);
  user_role.mutable_add_user_role()->set_username("bob");
  user_role.mutable_add_user_role()->set_role("sensor");
  user_role.mutable_add_user_role()->set_priority(-3);
  domain::Command bind = By("admin", 1600);
  bind.mutable_bind_topic()->set_filter("site/+/alarm");
  bind.mutable_bind_topic()->set_room("lobby");
  bind.mutable_bind_topic()->set_content_type("text/plain");
  domain::Command bound = By("bob", 1700);
  bound.mutable_bound_message()->set_topic("site/1/alarm");
  bound.mutable_bound_message()->set_payload(std::string("fire\0", 5));
  internal::v1::BoundMessage::Target& target = *bound.mutable_bound_message()->add_targets();
  target.set_rid(6);
  target.set_room("lobby");
  target.set_content_type("text/plain");
  domain::Command phone = RegisterPush("alice", "phone-1", "a token", 1720);
  internal::v1::PushRecord::Device& device = *phone.mutable_register_push()->mutable_device();
  device.set_name("Alice's phone");
  device.set_level(v1::Push::MENTIONS);
  device.mutable_quiet_hours()->set_from("22:00");
  device.mutable_quiet_hours()->set_to("07:00");
  device.mutable_quiet_hours()->set_time_zone("Europe/Berlin");
  domain::Command config = By("admin", 1740);
  config.mutable_set_config()->set_rooms_per_user(500);
  domain::Command attic_gone = By("admin", 1760);  // the last one in the store: nothing is freed yet
  attic_gone.mutable_delete_room()->set_room("attic");
  domain::Command custom = Send("bob", "lobby", "m2", "custom", 1300);
  custom.mutable_send()->mutable_draft()->mutable_custom()->set_content_type("a/b");
  custom.mutable_send()->mutable_draft()->add_mentions("alice");
  return {admin,
          remember,
          CreateUser("alice"),
          CreateUser("bob"),
          CreateUser("carol"),
          CreateRoom("lobby", {{"alice", v1::Member::OWNER}, {"bob", v1::Member::MEMBER}}),  // index 6
          CreateRoom("den", {{"bob", v1::Member::OWNER}}, v1::Room::GROUP, v1::Room::SINCE_JOIN),
          client,
          Send("alice", "lobby", "m1", "hello", 1250),
          custom,
          Send("alice", "lobby", "m1", "hello", 1350),  // a duplicate
          Send("bob", "lobby", "", "without an id", 1400),
          Send("alice", "dm:alice:bob", "d1", "hi", 1450),
          AddMember("lobby", "carol", v1::Member::READER),
          role,
          Rule("sensor", "", domain::AclRule::PUBLISH, "site/%u/#", true),
          Rule("", "bob", domain::AclRule::SUBSCRIBE, "site/#", false),
          user_role,
          bind,
          bound,
          RemoveMember("lobby", "carol"),
          DeleteUser("carol"),
          CreateUser("dave"),
          phone,
          MutePush("alice", "phone-1", "lobby", UINT64_MAX, 1725),
          RegisterPush("bob", "gone", "another token", 1730),
          UnregisterPush("bob", "gone"),
          CreateWebhook("builds", "lobby"),
          config,
          CreateRoom("attic", {{"bob", v1::Member::OWNER}}),
          MoveCursor("alice", "lobby", {.read = 2, .delivered = 3}, 1750),
          attic_gone,
          Send("bob", "dm:alice:bob", "d2", "in the journal", 1800),
          MoveCursor("bob", "lobby", {.read = 3}, 1850)};
}

std::string RowsOf(const std::string& store) {
  std::string lines;
  for (const auto& [key, value] : DumpStore(store)) {
    const size_t space = key.find(' ');
    lines += key.substr(0, space) + " " + ToHex(key.substr(space + 1)) + " " + ToHex(value) + "\n";
  }
  return lines;
}

// Goes on with the commands up to `end`, one commit each.
void WriteUpTo(const std::string& path, const std::vector<domain::Command>& commands, size_t end) {
  StoreNode node(path);
  while (node.applied().value < end) {
    node.Apply(commands[node.applied().value]);
    ASSERT_EQ(node.Write(), store::Commit::kDone);
  }
}

TEST(GoldenStore, WrittenWhenAskedFor) {
  const std::optional<fs::path> root = WriteFolder();
  if (!root || fs::exists(*root / kNewestStore)) {
    GTEST_SKIP() << "set PARLEY_GOLDEN_WRITE to a folder to write what is missing";
  }
  const fs::path folder = *root / kNewestStore;
  fs::create_directories(folder);
  const std::vector<domain::Command> commands = NewCommands();
  std::string lines;
  for (const domain::Command& command : commands) lines += ToHex(command.SerializeAsString()) + "\n";
  WriteWholeFile(folder / "commands", lines);
  const size_t applied = commands.size() - kInJournal;
  WriteUpTo(folder / "store", commands, 15);
  const std::string id(kGoldenStoreId.data(), kGoldenStoreId.size());
  PokeStore(folder / "store", store::kMetaFamily, std::string(store::kMetaStoreId), &id);
  WriteUpTo(folder / "store", commands, applied);
  for (const auto& entry : fs::directory_iterator(folder / "store")) {  // large, and nothing reads them
    if (entry.path().filename().string().starts_with("OPTIONS-")) fs::remove(entry);
  }
  const TempFolder copy;  // to look at a store moves its log into tables
  fs::copy(folder / "store", copy / "store", fs::copy_options::recursive);
  WriteWholeFile(folder / "rows", RowsOf(copy / "store"));
  auto journal = log::IntakeJournal::Open(
      {.path = folder / "journal", .ring_bytes = kGoldenRing, .store_id = kGoldenStoreId});
  ASSERT_TRUE(journal);
  ASSERT_TRUE((*journal)->StartEpoch(LogIndex{applied + 1}));
  for (size_t i = applied; i < commands.size(); ++i) {
    ASSERT_TRUE((*journal)->Append(commands[i].SerializeAsString()));
  }
}

// Every version's.
class GoldenStores : public ::testing::TestWithParam<const char*> {
 protected:
  GoldenStores() {
    fs::copy(GoldenFolder() / GetParam() / "store", store_, fs::copy_options::recursive);
    fs::copy(GoldenFolder() / GetParam() / "journal", journal_);
  }
  // What the first `count` commands come to.
  static std::string StateAfter(size_t count) {
    const std::vector<domain::Command> commands = GoldenCommands(GetParam());
    Machine machine;
    for (size_t i = 0; i < count; ++i) machine.Do(commands[i]);
    return Describe(machine.directory(), /*with_sent=*/true);
  }

  const TempFolder folder_;
  const std::string store_ = folder_ / "store";
  const std::string journal_ = folder_ / "journal";
};

TEST_P(GoldenStores, OpenWithWhatWasWritten) {
  const size_t applied = GoldenCommands(GetParam()).size() - kInJournal;
  {
    const StoreNode node(store_);
    EXPECT_EQ(node.applied().value, applied);
    EXPECT_EQ(Describe(node.machine().directory(), /*with_sent=*/true), StateAfter(applied));
  }
  EXPECT_EQ(RowsOf(store_), ReadWholeFile(GoldenFolder() / GetParam() / "rows")) << "opening changed a row";
}

TEST_P(GoldenStores, GoOnWithWhatTheJournalHolds) {
  const size_t count = GoldenCommands(GetParam()).size();
  log::LocalLog::Opened opened;
  const auto log = log::LocalLog::Open({.store_path = store_,
                                        .journal_path = journal_,
                                        .journal_bytes = kGoldenRing,
                                        .log = [](const auto&) {}},
                                       opened);
  ASSERT_TRUE(log) << log.error().reason;
  EXPECT_EQ(opened.recovered, kInJournal);
  EXPECT_EQ(opened.applied.value, count);
  EXPECT_EQ(Describe(opened.directory, /*with_sent=*/true), StateAfter(count));
}

INSTANTIATE_TEST_SUITE_P(OfVersion, GoldenStores, ::testing::Values("store-1", "store-2", "store-3"));

TEST(GoldenStore, IsWrittenToTheseRows) {
  const TempFolder folder;
  const std::vector<domain::Command> commands = GoldenCommands(kNewestStore);
  WriteUpTo(folder / "store", commands, commands.size() - kInJournal);
  EXPECT_EQ(RowsOf(folder / "store"), ReadWholeFile(GoldenFolder() / kNewestStore / "rows"));
}

// A new family, tag or meta row needs a golden store that has it.
TEST(GoldenStore, HoldsARowOfEachKind) {
  std::set<std::string> kinds;
  for (const std::string& line : GoldenLines(kNewestStore, "rows")) {
    const std::string family = line.substr(0, line.find(' '));
    const std::string key = FromHex(line.substr(family.size() + 1, line.rfind(' ') - family.size() - 1));
    kinds.insert(family == "state" ? "state " + key.substr(0, 1) : family == "meta" ? "meta " + key : family);
  }
  EXPECT_THAT(
      kinds, ::testing::ElementsAre("dedup", "events", "feed", "meta applied", "meta format", "meta log_time",
                                    "meta wall_time", "state M", "state b", "state c", "state g", "state i",
                                    "state m", "state n", "state o", "state p", "state r", "state s",
                                    "state u", "state w", "state x", "state y"));
}

}  // namespace
}  // namespace parley::testing
