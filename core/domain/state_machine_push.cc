// The commands of users' devices that want notifications. Their records live in the store alone.

#include <algorithm>

#include "core/domain/permissions.h"
#include "core/domain/state_machine_context.h"
#include "schemas/limits.h"

namespace parley::domain {
namespace {

using Device = PushRecord::Device;
using RoomSetting = PushRecord::RoomSetting;

Device* FindDevice(PushRecord& record, const std::string& device) {
  for (Device& known : *record.mutable_devices()) {
    if (known.device() == device) return &known;
  }
  return nullptr;
}

template <typename Which>
void EraseDevices(PushRecord& record, Which which) {
  auto& devices = *record.mutable_devices();
  devices.erase(std::remove_if(devices.begin(), devices.end(), which), devices.end());
}

// The setting of a room for a device, made when there is none.
RoomSetting& SettingOf(Device& device, const RoomRecord& room) {
  for (RoomSetting& setting : *device.mutable_rooms()) {
    if (setting.rid() == room.rid()) return setting;
  }
  RoomSetting& setting = *device.add_rooms();
  setting.set_rid(room.rid());
  setting.set_room(room.room());
  return setting;
}

bool SameTarget(const Device& one, const Device& other) {
  const auto target = [](const Device& device) {
    Device only;
    if (device.has_web_push()) *only.mutable_web_push() = device.web_push();
    if (device.has_fcm()) *only.mutable_fcm() = device.fcm();
    if (device.has_apns()) *only.mutable_apns() = device.apns();
    if (device.has_webhook()) *only.mutable_webhook() = device.webhook();
    return only.SerializeAsString();
  };
  return target(one) == target(other);
}

// Whether a notification to one would be shown where one to the other is. A subscription may get new keys,
// and an app's topic change, at the same address. The server behind a webhook may serve many devices: it is
// told which one each notification is for.
bool SameAddress(const Device& one, const Device& other) {
  if (one.target_case() != other.target_case()) return false;
  switch (one.target_case()) {
    case Device::kWebPush:
      return one.web_push().endpoint() == other.web_push().endpoint();
    case Device::kFcm:
      return one.fcm().token() == other.fcm().token();
    case Device::kApns:
      return one.apns().token() == other.apns().token();
    case Device::kWebhook:
    case Device::TARGET_NOT_SET:
      break;
  }
  return false;
}

// What a device says of itself, over what is known of it.
Device Renewed(const Device& asked, const Device& known, LogIndex index) {
  Device device = asked;
  device.set_number(known.number());
  device.set_muted_until_ms(known.muted_until_ms());
  *device.mutable_rooms() = known.rooms();
  device.set_registered_ms(known.registered_ms());
  device.set_registered_feed(known.registered_feed());
  device.set_target_feed(SameTarget(asked, known) ? known.target_feed() : index.value);
  if (device.name().empty()) device.set_name(known.name());
  if (device.level() == v1::Push::DEFAULT) device.set_level(known.level());
  if (device.preview() == v1::Push::INHERIT) device.set_preview(known.preview());
  if (!device.has_quiet_hours() && known.has_quiet_hours()) {
    *device.mutable_quiet_hours() = known.quiet_hours();
  }
  return device;
}

// A device, or one of its rooms.
template <typename Settings>
void Set(Settings& settings, const internal::v1::MutePush& mute) {
  if (mute.has_until_ms()) settings.set_muted_until_ms(mute.until_ms());
  if (mute.has_level()) settings.set_level(mute.level());
  if (mute.has_preview()) settings.set_preview(mute.preview());
}

}  // namespace

std::optional<Uid> StateMachine::PushOwnerOf(const Command& command) const {
  const std::string* name = nullptr;
  switch (command.body_case()) {
    case Command::kRegisterPush:
    case Command::kMutePush:
      name = &command.origin().user();
      break;
    case Command::kUnregisterPush:
      name = command.unregister_push().username().empty() ? &command.origin().user()
                                                          : &command.unregister_push().username();
      break;
    case Command::kDeleteUser:
      name = &command.delete_user().username();
      break;
    default:
      return std::nullopt;
  }
  const User* user = directory_.FindUser(*name);
  if (user == nullptr) return std::nullopt;
  return Uid{user->record.uid()};
}

void StateMachine::RegisterPush(Context& context, const internal::v1::RegisterPush& registration) {
  if (!CheckActor(context)) return;
  const User* user = ExistingUser(context, context.actor());
  if (user == nullptr) return;
  const Device& asked = registration.device();
  if (asked.target_case() == Device::TARGET_NOT_SET) {
    return context.Refuse(Code::INVALID_ARGUMENT, "give a target");
  }
  PushRecord record = context.known.push.value_or(PushRecord());
  // A message is told once at an address: its newest registration has it.
  EraseDevices(record, [&asked](const Device& known) {
    return known.device() != asked.device() && SameAddress(known, asked);
  });
  Device* device = FindDevice(record, asked.device());
  if (device == nullptr) {
    if (record.devices_size() >= limits::kPushDevicesMax) {
      return context.Refuse(Code::RESOURCE_EXHAUSTED, context.actor() + " has " +
                                                          std::to_string(limits::kPushDevicesMax) +
                                                          " devices, the most there can be: unregister one");
    }
    // Each registration takes a log index, so that a record that begins anew uses no number again.
    const bool begins = record.devices().empty();
    record.set_last_number(begins ? static_cast<uint32_t>(context.index.value) : record.last_number() + 1);
    device = record.add_devices();
    device->set_number(record.last_number());
    device->set_registered_ms(context.command.wall_ms());
    device->set_registered_feed(context.index.value);
  }
  *device = Renewed(asked, *device, context.index);
  const v1::QuietHours& quiet = device->quiet_hours();
  if (quiet.from().empty() && quiet.to().empty()) device->clear_quiet_hours();
  ChangePush(context, *user, std::move(record));
}

void StateMachine::UnregisterPush(Context& context, const internal::v1::UnregisterPush& gone) {
  if (!CheckActor(context)) return;
  const std::string& name = gone.username().empty() ? context.actor() : gone.username();
  if (context.as_member() && name != context.actor()) {
    return context.Refuse(Code::PERMISSION_DENIED, "one's own devices only");
  }
  const User* user = ExistingUser(context, name);
  if (user == nullptr) return;
  PushRecord record = context.known.push.value_or(PushRecord());
  const Device* device = FindDevice(record, gone.device());
  if (device == nullptr) {
    return context.Refuse(Code::NOT_FOUND, "device " + gone.device() + " of " + name + " is not registered");
  }
  if (gone.target_feed() != 0 && gone.target_feed() != device->target_feed()) {
    return context.Refuse(Code::FAILED_PRECONDITION,
                          "device " + gone.device() + " has registered another target meanwhile");
  }
  EraseDevices(record, [&gone](const Device& known) { return known.device() == gone.device(); });
  ChangePush(context, *user, std::move(record));
}

void StateMachine::MutePush(Context& context, const internal::v1::MutePush& mute) {
  if (!CheckActor(context)) return;
  const User* user = ExistingUser(context, context.actor());
  if (user == nullptr) return;
  const Room* room = nullptr;
  if (!mute.room().empty()) {
    room = RoomToMute(context, mute.room());
    if (room == nullptr) return;
  }
  PushRecord record = context.known.push.value_or(PushRecord());
  bool found = false;
  for (Device& device : *record.mutable_devices()) {
    if (!mute.device().empty() && device.device() != mute.device()) continue;
    found = true;
    if (room == nullptr) {
      Set(device, mute);
    } else {
      Set(SettingOf(device, room->record), mute);
    }
  }
  if (!found) {
    return context.Refuse(Code::NOT_FOUND,
                          mute.device().empty()
                              ? context.actor() + " has no device that is registered"
                              : "device " + mute.device() + " of " + context.actor() + " is not registered");
  }
  ChangePush(context, *user, std::move(record));
}

const Room* StateMachine::RoomToMute(Context& context, const std::string& name) {
  if (IsReader(RoleOf(name, context.actor()))) return directory_.FindRoom(name);
  if (!IsDirectMember(name, context.actor())) {
    context.Refuse(Code::PERMISSION_DENIED, context.actor() + " is not a member of " + name);
    return nullptr;
  }
  const DirectPair pair = DirectUsers(name);
  for (const std::string_view user : {pair.a, pair.b}) {
    if (ExistingUser(context, std::string(user)) == nullptr) return nullptr;
  }
  context.Refuse(Code::FAILED_PRECONDITION, "nothing was said in " + name + " yet");
  return nullptr;
}

bool StateMachine::IsOfUse(const Context& context, const User& user, const RoomSetting& setting) const {
  const bool says_something = setting.muted_until_ms() > context.command.wall_ms() ||
                              setting.level() != v1::Push::DEFAULT || setting.preview() != v1::Push::INHERIT;
  if (!says_something) return false;
  const Room* room = directory_.FindRoom(setting.room());
  return room != nullptr && room->record.rid() == setting.rid() &&
         IsReader(RoleOf(setting.room(), user.record.username()));
}

void StateMachine::ChangePush(Context& context, const User& user, PushRecord record) {
  const auto refuse = [&context](std::string reason) {
    context.Refuse(Code::RESOURCE_EXHAUSTED, std::move(reason));
  };
  record.set_uid(user.record.uid());
  record.set_username(user.record.username());
  for (Device& device : *record.mutable_devices()) {
    if (device.muted_until_ms() <= context.command.wall_ms()) device.set_muted_until_ms(0);
    auto& rooms = *device.mutable_rooms();
    rooms.erase(std::remove_if(rooms.begin(), rooms.end(),
                               [&](const RoomSetting& setting) { return !IsOfUse(context, user, setting); }),
                rooms.end());
    for (RoomSetting& setting : rooms) {
      if (setting.muted_until_ms() <= context.command.wall_ms()) setting.set_muted_until_ms(0);
    }
    if (rooms.size() > limits::kPushRoomsMax) {
      return refuse("device " + device.device() + " has settings for " +
                    std::to_string(limits::kPushRoomsMax) + " rooms, the most there can be: reset some");
    }
  }
  if (record.ByteSizeLong() > limits::kPushRecordBytesMax) {
    return refuse("the devices of " + user.record.username() +
                  " and their settings for rooms are too much: " + "reset some, or unregister a device");
  }
  // What is said again changes nothing.
  const std::string before = context.known.push ? context.known.push->SerializeAsString() : "";
  if (record.devices().empty() || record.SerializeAsString() != before) {
    context.applied.push.emplace(ChangedPush{Uid{user.record.uid()}, std::move(record)});
  }
}

}  // namespace parley::domain
