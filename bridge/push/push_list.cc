#include "bridge/push/push_list.h"

#include <string_view>
#include <utility>

#include "bridge/push/push_rows.h"

namespace parley::bridge {
namespace {

constexpr size_t kTokenBytesShown = 6;

std::string Beginning(std::string_view token) {
  return std::string(token.substr(0, kTokenBytesShown)) + "…";
}

// What follows the host of a push service's address is as good as a key.
std::string HostOf(std::string_view url) {
  const size_t scheme = url.find("://");
  const size_t path = url.find('/', scheme == std::string_view::npos ? 0 : scheme + 3);
  return std::string(url.substr(0, path)) + (path == std::string_view::npos ? "" : "/…");
}

}  // namespace

std::string ShownAddressOf(const PushDeviceRecord& device) {
  switch (device.target_case()) {
    case PushDeviceRecord::kWebPush:
      return HostOf(device.web_push().endpoint());
    case PushDeviceRecord::kFcm:
      return Beginning(device.fcm().token());
    case PushDeviceRecord::kApns:
      return Beginning(device.apns().token());
    case PushDeviceRecord::kWebhook:
      return HostOf(device.webhook().url());
    case PushDeviceRecord::TARGET_NOT_SET:
      break;
  }
  return {};
}

Result<std::vector<v1::PushDevice>> DescribeDevices(const domain::PushRecord& record,
                                                    const PushOutbox& outbox) {
  std::vector<v1::PushDevice> devices;
  for (const PushDeviceRecord& of : record.devices()) {
    v1::PushDevice& device = devices.emplace_back();
    device.set_device(of.device());
    device.set_name(of.name());
    device.set_provider(ProviderOf(of));
    device.set_address(ShownAddressOf(of));
    device.set_level(of.level());
    device.set_preview(of.preview());
    if (of.has_quiet_hours()) *device.mutable_quiet_hours() = of.quiet_hours();
    device.set_muted_until_ms(of.muted_until_ms());
    device.set_registered_ms(of.registered_ms());
    for (const auto& setting : of.rooms()) {
      v1::RoomPushSetting& shown = *device.add_rooms();
      shown.set_room(setting.room());
      shown.set_level(setting.level());
      shown.set_muted_until_ms(setting.muted_until_ms());
      shown.set_preview(setting.preview());
    }
    const auto row = outbox.Get(DeviceStatusKey({Uid{record.uid()}, of.number()}));
    if (!row) return row.error();
    PushDeviceStatus status;
    if (!*row || !status.ParseFromString(**row)) continue;
    device.set_last_accepted_ms(status.last_accepted_ms());
    device.set_last_failure(status.last_failure());
  }
  return devices;
}

}  // namespace parley::bridge
