// Devices that want notifications: who registers, mutes and removes which, and what of it is kept.

#include <functional>
#include <map>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "schemas/limits.h"
#include "tests/support/commands.h"
#include "tests/support/describe.h"
#include "tests/support/machine.h"
#include "tests/support/random_commands.h"

namespace parley::testing {
namespace {

using domain::Applied;
using domain::PushRecord;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using Device = PushRecord::Device;

constexpr uint64_t kForEver = UINT64_MAX;

Command Delete(std::string_view room) {
  Command command = By("admin");
  command.mutable_delete_room()->set_room(std::string(room));
  return command;
}

class PushTest : public ::testing::Test {
 protected:
  void SetUp() override {
    for (const char* user : {"alice", "bob", "carol"}) machine_.Do(CreateUser(user));
    machine_.Do(CreateRoom("lobby", {{"alice", v1::Member::OWNER}, {"bob", v1::Member::MEMBER}}));
    machine_.Do(CreateRoom("den", {{"alice", v1::Member::OWNER}}));
  }
  Applied Do(const Command& command) {
    Applied applied = machine_.Do(command);
    EXPECT_THAT(applied.changes, IsEmpty()) << "it lives in the store alone";
    if (applied.code != Code::OK) {
      EXPECT_FALSE(applied.push) << "a refused command leaves no trace";
    }
    return applied;
  }
  // The only device of the user.
  Device DeviceOf(std::string_view user) const {
    const PushRecord record = machine_.PushOf(user);
    EXPECT_EQ(record.devices_size(), 1) << user;
    return record.devices().empty() ? Device() : record.devices(0);
  }
  uint64_t RidOf(std::string_view room) const { return machine_.directory().FindRoom(room)->record.rid(); }

  Machine machine_;
};

TEST_F(PushTest, ARegistrationIsOfItsSenderAndSaysWhenItBegan) {
  const Applied applied = Do(RegisterPush("alice", "phone", "token", 7000));
  ASSERT_EQ(applied.code, Code::OK) << applied.reason;
  const PushRecord record = machine_.PushOf("alice");
  EXPECT_EQ(record.username(), "alice");
  EXPECT_EQ(record.uid(), machine_.directory().FindUser("alice")->record.uid());
  ASSERT_EQ(record.devices_size(), 1);
  EXPECT_EQ(record.devices(0).device(), "phone");
  EXPECT_EQ(record.devices(0).fcm().token(), "token");
  EXPECT_EQ(record.devices(0).registered_ms(), 7000u);
  EXPECT_EQ(record.devices(0).registered_feed(), applied.index.value);
  EXPECT_EQ(record.devices(0).target_feed(), applied.index.value);
  EXPECT_EQ(machine_.push_records(), 1u);
}

TEST_F(PushTest, WhatTheLogDecidesCannotBePlanted) {
  Command command = RegisterPush("alice", "phone");
  Device& asked = *command.mutable_register_push()->mutable_device();
  asked.set_number(7);
  asked.set_registered_feed(1);
  asked.set_target_feed(1);
  asked.set_muted_until_ms(kForEver);
  for (int i = 0; i < 1000; ++i) asked.add_rooms()->set_room("lobby");
  const Applied applied = Do(command);
  const Device device = DeviceOf("alice");
  EXPECT_EQ(device.registered_feed(), applied.index.value);
  EXPECT_EQ(device.target_feed(), applied.index.value);
  EXPECT_EQ(device.number(), applied.index.value);
  EXPECT_EQ(device.muted_until_ms(), 0u);
  EXPECT_THAT(device.rooms(), IsEmpty());
}

TEST_F(PushTest, OnlyAnExistingUserWhoIsNotDisabledRegisters) {
  EXPECT_EQ(Do(RegisterPush("nobody", "phone")).code, Code::PERMISSION_DENIED);
  Command disable = By("admin");
  disable.mutable_set_user_disabled()->set_username("bob");
  disable.mutable_set_user_disabled()->set_disabled(true);
  machine_.Do(disable);
  EXPECT_EQ(Do(RegisterPush("bob", "phone")).code, Code::PERMISSION_DENIED);
  Command no_target = RegisterPush("alice", "phone");
  no_target.mutable_register_push()->mutable_device()->clear_target();
  EXPECT_EQ(Do(no_target).code, Code::INVALID_ARGUMENT);
  EXPECT_EQ(machine_.push_records(), 0u);
}

TEST_F(PushTest, AgainForADeviceKeepsItsNumberItsMutesAndWhatIsNotGiven) {
  Command first = RegisterPush("alice", "phone", "token");
  Device& asked = *first.mutable_register_push()->mutable_device();
  asked.set_name("Alice's phone");
  asked.set_level(v1::Push::MENTIONS);
  asked.set_preview(v1::Push::HIDDEN);
  asked.mutable_quiet_hours()->set_from("22:00");
  asked.mutable_quiet_hours()->set_to("07:00");
  Do(first);
  Do(MutePush("alice", "phone", "", 9000));
  Do(MutePush("alice", "phone", "lobby", kForEver));
  const Device before = DeviceOf("alice");

  const Applied again = Do(RegisterPush("alice", "phone", "new token", 2000));
  Device after = DeviceOf("alice");
  EXPECT_EQ(after.fcm().token(), "new token");
  EXPECT_EQ(after.target_feed(), again.index.value);
  EXPECT_EQ(after.registered_feed(), before.registered_feed()) << "what waits for it is still told";
  after.mutable_fcm()->set_token("token");
  after.set_target_feed(before.target_feed());
  EXPECT_EQ(after.ShortDebugString(), before.ShortDebugString());

  Command given = RegisterPush("alice", "phone", "new token");
  given.mutable_register_push()->mutable_device()->set_level(v1::Push::ALL);
  given.mutable_register_push()->mutable_device()->mutable_quiet_hours();
  Do(given);
  EXPECT_EQ(DeviceOf("alice").level(), v1::Push::ALL);
  EXPECT_FALSE(DeviceOf("alice").has_quiet_hours()) << "from nothing to nothing: none";
  EXPECT_EQ(DeviceOf("alice").preview(), v1::Push::HIDDEN);
  EXPECT_THAT(DeviceOf("alice").rooms(), SizeIs(1));
}

TEST_F(PushTest, ADeviceMayChangeItsProvider) {
  Do(RegisterPush("alice", "phone"));
  Command web = RegisterPush("alice", "phone");
  web.mutable_register_push()->mutable_device()->mutable_web_push()->set_endpoint(
      "https://push.example.org/1");
  const Applied applied = Do(web);
  EXPECT_TRUE(DeviceOf("alice").has_web_push());
  EXPECT_FALSE(DeviceOf("alice").has_fcm());
  EXPECT_EQ(DeviceOf("alice").target_feed(), applied.index.value);
}

TEST_F(PushTest, WhatIsSaidAgainIsNoChange) {
  EXPECT_TRUE(Do(RegisterPush("alice", "phone", "token")).push);
  const Applied again = Do(RegisterPush("alice", "phone", "token", 5000));
  EXPECT_EQ(again.code, Code::OK);
  EXPECT_FALSE(again.push);
  EXPECT_TRUE(Do(MutePush("alice", "", "lobby", kForEver)).push);
  EXPECT_FALSE(Do(MutePush("alice", "", "lobby", kForEver)).push);
}

TEST_F(PushTest, ADeviceIsRemovedByItsUserOrByAnAdministrator) {
  Do(RegisterPush("alice", "phone"));
  Do(RegisterPush("alice", "tablet"));
  Command by_bob = UnregisterPush("bob", "phone");
  EXPECT_EQ(Do(by_bob).code, Code::NOT_FOUND) << "bob has no phone";
  by_bob.mutable_unregister_push()->set_username("alice");
  EXPECT_EQ(Do(by_bob).code, Code::PERMISSION_DENIED);
  EXPECT_EQ(machine_.PushOf("alice").devices_size(), 2);

  EXPECT_EQ(Do(UnregisterPush("alice", "phone")).code, Code::OK);
  EXPECT_EQ(DeviceOf("alice").device(), "tablet");
  EXPECT_EQ(Do(UnregisterPush("alice", "phone")).code, Code::NOT_FOUND);
  Command by_admin = UnregisterPush("bridge", "tablet");
  by_admin.mutable_origin()->set_as_member(false);
  by_admin.mutable_unregister_push()->set_username("alice");
  EXPECT_EQ(Do(by_admin).code, Code::OK);
  EXPECT_EQ(machine_.push_records(), 0u) << "who has no device has no record";
}

TEST_F(PushTest, ADeadTargetIsRemovedOnlyWhileItIsTheTarget) {
  const Applied first = Do(RegisterPush("alice", "phone"));
  Do(RegisterPush("alice", "phone", "new token"));
  Command dead = UnregisterPush("bridge", "phone");
  dead.mutable_origin()->set_as_member(false);
  dead.mutable_unregister_push()->set_username("alice");
  dead.mutable_unregister_push()->set_target_feed(first.index.value);
  EXPECT_EQ(Do(dead).code, Code::FAILED_PRECONDITION);
  dead.mutable_unregister_push()->set_target_feed(DeviceOf("alice").target_feed());
  EXPECT_EQ(Do(dead).code, Code::OK);
  EXPECT_EQ(Do(dead).code, Code::NOT_FOUND);
}

TEST_F(PushTest, ADeviceTakesOverTheTargetOfAnotherOneOfItsUser) {
  Do(RegisterPush("alice", "phone", "token"));
  Do(RegisterPush("alice", "tablet", "another token"));
  Do(RegisterPush("bob", "phone", "token"));
  const uint32_t number = machine_.PushOf("alice").devices(0).number();
  const Applied applied = Do(RegisterPush("alice", "reinstalled", "token"));
  const PushRecord record = machine_.PushOf("alice");
  ASSERT_THAT(record.devices(), SizeIs(2));
  EXPECT_EQ(record.devices(0).device(), "tablet");
  EXPECT_EQ(record.devices(1).device(), "reinstalled");
  EXPECT_NE(record.devices(1).number(), number);
  EXPECT_EQ(record.devices(1).registered_feed(), applied.index.value) << "it is another device";
  EXPECT_THAT(machine_.PushOf("bob").devices(), SizeIs(1)) << "of one user only";
  Do(RegisterPush("alice", "tablet", "token"));
  EXPECT_EQ(DeviceOf("alice").device(), "tablet") << "one that is known takes it over, too";
}

TEST_F(PushTest, TheAddressAloneIsTheTarget) {
  const auto with = [](const char* device, const std::function<void(Device&)>& target) {
    Command command = RegisterPush("alice", device);
    target(*command.mutable_register_push()->mutable_device());
    return command;
  };
  const std::vector<std::function<void(Device&, const std::string&)>> targets = {
      [](Device& device, const std::string& keys) {
        device.mutable_web_push()->set_endpoint("https://push.example.org/1");
        device.mutable_web_push()->mutable_keys()->set_auth(keys);
      },
      [](Device& device, const std::string& topic) {
        device.mutable_apns()->set_token("00ff");
        device.mutable_apns()->set_topic(topic);
      },
      [](Device& device, const std::string&) { device.mutable_fcm()->set_token("https://example.org/in"); }};
  for (const auto& target : targets) {
    Do(with("one", [&target](Device& device) { target(device, "a"); }));
    Do(with("other", [&target](Device& device) { target(device, "b"); }));
    EXPECT_EQ(DeviceOf("alice").device(), "other");
  }
  // The same text as an address of another provider is another target.
  // One server may serve many devices.
  for (const char* device : {"one", "third"}) {
    Do(with(device, [](Device& of) { of.mutable_webhook()->set_url("https://example.org/in"); }));
  }
  EXPECT_THAT(machine_.PushOf("alice").devices(), SizeIs(3));
}

TEST_F(PushTest, ATargetIsTakenOverByAUserWhoHasAllTheDevicesThatThereCanBe) {
  for (int i = 0; i < limits::kPushDevicesMax; ++i) Do(RegisterPush("alice", "d" + std::to_string(i)));
  EXPECT_EQ(Do(RegisterPush("alice", "new", "token of d3")).code, Code::OK);
  EXPECT_THAT(machine_.PushOf("alice").devices(), SizeIs(limits::kPushDevicesMax));
}

TEST_F(PushTest, NumbersAreNeverUsedAgain) {
  std::map<uint32_t, std::string> used;
  for (int round = 0; round < 20; ++round) {
    for (const char* device : {"one", "two", "three"}) {
      Do(RegisterPush("alice", device));
      const PushRecord record = machine_.PushOf("alice");
      const uint32_t number = record.devices(record.devices_size() - 1).number();
      EXPECT_TRUE(used.emplace(number, device).second) << number;
    }
    // Sometimes all go, and the record with them.
    for (const char* device : {"two", "three"}) Do(UnregisterPush("alice", device));
    if (round % 3 == 0) {
      Do(UnregisterPush("alice", "one"));
    } else {
      Do(UnregisterPush("alice", "one"));
      Do(RegisterPush("alice", "kept" + std::to_string(round)));
      const PushRecord record = machine_.PushOf("alice");
      EXPECT_TRUE(used.emplace(record.devices(record.devices_size() - 1).number(), "kept").second);
    }
    if (round % 3 == 2) {
      const PushRecord record = machine_.PushOf("alice");
      for (const Device& device : record.devices()) Do(UnregisterPush("alice", device.device()));
    }
  }
}

TEST_F(PushTest, RoomsAndDevicesAreMutedByThemselves) {
  Do(RegisterPush("alice", "phone"));
  Do(RegisterPush("alice", "tablet"));
  Do(MutePush("alice", "phone", "lobby", 5000));
  Do(MutePush("alice", "", "den", kForEver));
  Do(MutePush("alice", "tablet", "", 3000));
  const PushRecord record = machine_.PushOf("alice");
  ASSERT_THAT(record.devices(0).rooms(), SizeIs(2));
  EXPECT_EQ(record.devices(0).rooms(0).rid(), RidOf("lobby"));
  EXPECT_EQ(record.devices(0).rooms(0).muted_until_ms(), 5000u);
  EXPECT_EQ(record.devices(0).rooms(1).muted_until_ms(), kForEver);
  EXPECT_EQ(record.devices(0).muted_until_ms(), 0u);
  ASSERT_THAT(record.devices(1).rooms(), SizeIs(1));
  EXPECT_EQ(record.devices(1).rooms(0).room(), "den");
  EXPECT_EQ(record.devices(1).muted_until_ms(), 3000u);
}

TEST_F(PushTest, LevelAndPreviewStayWhenTheyAreNotGiven) {
  Do(RegisterPush("alice", "phone"));
  Command level = MutePush("alice", "", "lobby", 0);
  level.mutable_mute_push()->clear_until_ms();
  level.mutable_mute_push()->set_level(v1::Push::NONE);
  level.mutable_mute_push()->set_preview(v1::Push::HIDDEN);
  Do(level);
  Do(MutePush("alice", "", "lobby", 5000));
  const Device device = DeviceOf("alice");
  EXPECT_EQ(device.rooms(0).level(), v1::Push::NONE);
  EXPECT_EQ(device.rooms(0).preview(), v1::Push::HIDDEN);
  EXPECT_EQ(device.rooms(0).muted_until_ms(), 5000u);
}

TEST_F(PushTest, WhatHasRunOutOrSaysNothingIsDropped) {
  Do(RegisterPush("alice", "phone"));
  Do(MutePush("alice", "", "lobby", 5000));
  Do(MutePush("alice", "", "", 6000));
  Do(MutePush("alice", "", "den", kForEver, 7000));
  EXPECT_EQ(DeviceOf("alice").muted_until_ms(), 0u);
  ASSERT_THAT(DeviceOf("alice").rooms(), SizeIs(1));
  EXPECT_EQ(DeviceOf("alice").rooms(0).room(), "den");
  Do(MutePush("alice", "", "den", 0, 7000));
  EXPECT_THAT(DeviceOf("alice").rooms(), IsEmpty());
  EXPECT_FALSE(Do(MutePush("alice", "", "den", 6000, 7000)).push) << "until before now: not muted";
}

TEST_F(PushTest, ANewRoomOfTheSameNameIsNotMuted) {
  Do(RegisterPush("alice", "phone"));
  Do(MutePush("alice", "", "den", kForEver));
  machine_.Do(Delete("den"));
  machine_.Do(CreateRoom("den", {{"alice", v1::Member::OWNER}}));
  EXPECT_NE(DeviceOf("alice").rooms(0).rid(), RidOf("den"));
  Do(MutePush("alice", "", "lobby", kForEver));
  ASSERT_THAT(DeviceOf("alice").rooms(), SizeIs(1));
  EXPECT_EQ(DeviceOf("alice").rooms(0).room(), "lobby");
}

TEST_F(PushTest, OnlyWhoMayReadARoomMutesIt) {
  Do(RegisterPush("carol", "phone"));
  for (const char* room : {"lobby", "no-such-room", "dm:alice:bob"}) {
    const Applied applied = Do(MutePush("carol", "", room, kForEver));
    EXPECT_EQ(applied.code, Code::PERMISSION_DENIED) << room;
    EXPECT_EQ(applied.reason, "carol is not a member of " + std::string(room))
        << "it tells nothing of the room";
  }
  EXPECT_EQ(Do(MutePush("carol", "", "dm:alice:carol", kForEver)).code, Code::FAILED_PRECONDITION);
  EXPECT_EQ(Do(MutePush("carol", "", "dm:carol:nobody", kForEver)).code, Code::NOT_FOUND);
  machine_.Do(Send("alice", "dm:alice:carol", "m1"));
  EXPECT_EQ(Do(MutePush("carol", "", "dm:alice:carol", kForEver)).code, Code::OK);
  EXPECT_EQ(Do(MutePush("carol", "tablet", "", kForEver)).code, Code::NOT_FOUND);
  EXPECT_EQ(Do(MutePush("bob", "", "", kForEver)).code, Code::NOT_FOUND) << "nothing is registered";
}

TEST_F(PushTest, AUserHasSixteenDevices) {
  for (int i = 0; i < limits::kPushDevicesMax; ++i) {
    EXPECT_EQ(Do(RegisterPush("alice", "d" + std::to_string(i))).code, Code::OK);
  }
  const Applied more = Do(RegisterPush("alice", "more"));
  EXPECT_EQ(more.code, Code::RESOURCE_EXHAUSTED);
  EXPECT_THAT(more.reason, HasSubstr("16 devices"));
  EXPECT_EQ(Do(RegisterPush("alice", "d3", "new token")).code, Code::OK);
  Do(UnregisterPush("alice", "d0"));
  EXPECT_EQ(Do(RegisterPush("alice", "more")).code, Code::OK);
}

TEST_F(PushTest, ADeviceHasSettingsFor256Rooms) {
  Do(RegisterPush("alice", "phone"));
  const auto mute = [&](int i) {
    return Do(MutePush("alice", "phone", "r" + std::to_string(i), kForEver)).code;
  };
  for (int i = 0; i <= limits::kPushRoomsMax; ++i) {
    machine_.Do(CreateRoom("r" + std::to_string(i), {{"alice", v1::Member::OWNER}}));
    EXPECT_EQ(mute(i), i < limits::kPushRoomsMax ? Code::OK : Code::RESOURCE_EXHAUSTED) << i;
  }
  machine_.Do(RemoveMember("r0", "alice"));
  EXPECT_EQ(mute(limits::kPushRoomsMax), Code::OK) << "the room that they left counts no more";
}

TEST_F(PushTest, AllOfAUsersDevicesFitInto64KiB) {
  const std::string token(5000, 't');
  Code last = Code::OK;
  for (int i = 0; i < limits::kPushDevicesMax && last == Code::OK; ++i) {
    last = Do(RegisterPush("alice", "d" + std::to_string(i), token + std::to_string(i))).code;
  }
  EXPECT_EQ(last, Code::RESOURCE_EXHAUSTED);
  EXPECT_LE(machine_.PushOf("alice").ByteSizeLong(), limits::kPushRecordBytesMax);
  EXPECT_EQ(Do(RegisterPush("bob", "phone", std::string(70'000, 't'))).code, Code::RESOURCE_EXHAUSTED);
}

TEST_F(PushTest, GoesWithItsUser) {
  Do(RegisterPush("bob", "phone"));
  Do(RegisterPush("alice", "phone"));
  const Applied gone = machine_.Do(DeleteUser("bob"));
  ASSERT_TRUE(gone.push);
  EXPECT_THAT(gone.push->record.devices(), IsEmpty());
  EXPECT_EQ(machine_.push_records(), 1u);
  EXPECT_FALSE(machine_.Do(DeleteUser("carol")).push) << "who has no device has nothing to lose";
  machine_.Do(CreateUser("bob"));
  EXPECT_THAT(machine_.PushOf("bob").devices(), IsEmpty());
}

// A second telling of the rules, as simple as can be: what each user's devices are after the same commands.
class NaivePush {
 public:
  struct Setting {
    uint64_t until = 0;
    int level = 0;
    bool operator==(const Setting&) const = default;
  };
  struct Phone {
    std::string token;
    Setting own;
    bool quiet = false;
    std::map<uint64_t, Setting> rooms;  // by rid
    bool operator==(const Phone&) const = default;
  };
  using Phones = std::map<std::string, Phone>;

  void Take(const Command& command, const Applied& applied, const domain::Directory& directory) {
    if (applied.code != Code::OK) return;
    const std::string& user = command.origin().user();
    if (command.has_delete_user()) users_.erase(command.delete_user().username());
    if (command.has_register_push()) {
      const Device& asked = command.register_push().device();
      // Another device's registration of the same token goes.
      std::erase_if(users_[user], [&asked](const auto& known) {
        return known.first != asked.device() && known.second.token == asked.fcm().token();
      });
      Phone& phone = users_[user][asked.device()];
      phone.token = asked.fcm().token();
      if (asked.level() != 0) phone.own.level = asked.level();
      if (asked.has_quiet_hours()) phone.quiet = !asked.quiet_hours().from().empty();
    }
    if (command.has_unregister_push()) {
      const std::string& named = command.unregister_push().username();
      users_[named.empty() ? user : named].erase(command.unregister_push().device());
    }
    if (command.has_mute_push()) {
      const internal::v1::MutePush& mute = command.mute_push();
      for (auto& [name, phone] : users_[user]) {
        if (!mute.device().empty() && mute.device() != name) continue;
        Setting& setting =
            mute.room().empty() ? phone.own : phone.rooms[directory.FindRoom(mute.room())->record.rid()];
        if (mute.has_until_ms()) setting.until = mute.until_ms();
        if (mute.has_level()) setting.level = mute.level();
      }
    }
    // Decided at the time of the command: what had run out by then does not come back when the clock falls.
    if (command.has_mute_push() || command.has_register_push() || command.has_unregister_push()) {
      InForce(applied.push ? applied.push->record.username() : user, command.wall_ms(), directory);
    }
  }
  // What of it counts at this time, of rooms that the user may read; the rest is forgotten.
  const Phones& InForce(const std::string& user, uint64_t now_ms, const domain::Directory& directory) {
    Phones& phones = users_[user];
    for (auto& [name, phone] : phones) {
      const auto expire = [now_ms](Setting& setting) {
        if (setting.until <= now_ms) setting.until = 0;
      };
      expire(phone.own);
      for (auto& [rid, setting] : phone.rooms) expire(setting);
      std::erase_if(phone.rooms, [&](const auto& of) {
        return of.second == Setting() || !Reads(directory, user, of.first);
      });
    }
    return phones;
  }

 private:
  static bool Reads(const domain::Directory& directory, const std::string& user, uint64_t rid) {
    for (const domain::Room* room : directory.RoomsByName()) {
      if (room->record.rid() != rid) continue;
      const domain::Membership* member = directory.FindMembership(room->record.room(), user);
      return member != nullptr && member->role != v1::Member::UNSPECIFIED &&
             member->role != v1::Member::BANNED;
    }
    return false;
  }
  std::map<std::string, Phones> users_;
};

NaivePush::Phones Simplified(const PushRecord& record) {
  NaivePush::Phones phones;
  for (const Device& device : record.devices()) {
    NaivePush::Phone& phone = phones[device.device()];
    phone = {device.fcm().token(), {device.muted_until_ms(), device.level()}, device.has_quiet_hours(), {}};
    for (const auto& room : device.rooms()) phone.rooms[room.rid()] = {room.muted_until_ms(), room.level()};
  }
  return phones;
}

TEST(Push, IsWhatANaiveModelSays) {
  const uint64_t seed = Seed();
  SCOPED_TRACE(SeedNote(seed));
  RandomCommands commands(seed);
  Machine machine;
  NaivePush model;
  size_t compared = 0;
  for (int i = 0; i < 20'000; ++i) {
    const Command command = commands.Next();
    const Applied applied = machine.Do(command);
    model.Take(command, applied, machine.directory());
    if (!applied.push || command.has_delete_user()) continue;
    // What has run out counts no more; the record may hold it until it changes next.
    const std::string user = applied.push->record.username();
    ASSERT_EQ(Simplified(machine.PushOf(user)), model.InForce(user, command.wall_ms(), machine.directory()))
        << "command " << i << ": " << command.ShortDebugString();
    ++compared;
  }
  EXPECT_GT(compared, 200u);
}

}  // namespace
}  // namespace parley::testing
