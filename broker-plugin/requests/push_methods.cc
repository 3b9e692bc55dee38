// push.register, unregister, mute. (push.list and push.test are the bridge's.)

#include "broker-plugin/requests/fields.h"
#include "broker-plugin/requests/push_fields.h"
#include "broker-plugin/requests/request_call.h"
#include "schemas/limits.h"

namespace parley::plugin {
namespace {

Status CheckAnyTarget(const v1::PushRegisterRequest& request) {
  switch (request.target_case()) {
    case v1::PushRegisterRequest::kWebPush:
      return CheckTarget(request.web_push());
    case v1::PushRegisterRequest::kFcm:
      return CheckTarget(request.fcm());
    case v1::PushRegisterRequest::kApns:
      return CheckTarget(request.apns());
    case v1::PushRegisterRequest::kWebhook:
      return CheckTarget(request.webhook());
    case v1::PushRegisterRequest::TARGET_NOT_SET:
      break;
  }
  return Error{Code::INVALID_ARGUMENT, "webPush, fcm, apns, webhook: give one of them"};
}

Status BuildRegister(const RequestCall& call, const v1::PushRegisterRequest& request,
                     domain::Command& command) {
  const std::string& name = request.device().empty() ? call.client() : request.device();
  if (Status checked = CheckDevice(name); !checked) return checked;
  if (Status text = CheckText("name", request.name(), limits::kDisplayNameBytesMax); !text) return text;
  if (Status target = CheckAnyTarget(request); !target) return target;
  if (Status level = CheckLevel(request.level()); !level) return level;
  if (Status preview = CheckPreview(request.preview()); !preview) return preview;
  if (Status quiet = CheckQuietHours(request.quiet_hours(), call.parts().time_zones); !quiet) return quiet;

  domain::PushRecord::Device& device = *command.mutable_register_push()->mutable_device();
  device.set_device(name);
  device.set_name(request.name());
  if (request.has_web_push()) *device.mutable_web_push() = request.web_push();
  if (request.has_fcm()) *device.mutable_fcm() = request.fcm();
  if (request.has_apns()) *device.mutable_apns() = request.apns();
  if (request.has_webhook()) *device.mutable_webhook() = request.webhook();
  device.set_level(request.level());
  device.set_preview(request.preview());
  if (request.has_quiet_hours()) *device.mutable_quiet_hours() = request.quiet_hours();
  return {};
}

Status BuildUnregister(const RequestCall& call, const v1::PushUnregisterRequest& request,
                       domain::Command& command) {
  const std::string& device = request.device().empty() ? call.client() : request.device();
  command.mutable_unregister_push()->set_device(device);
  return CheckDevice(device);
}

Status BuildMute(const RequestCall&, const v1::PushMuteRequest& request, domain::Command& command) {
  if (!request.device().empty()) {
    if (Status device = CheckDevice(request.device()); !device) return device;
  }
  if (!request.room().empty()) {
    if (Status room = CheckRoom(request.room()); !room) return room;
  }
  if (!request.has_until_ms() && !request.has_level() && !request.has_preview()) {
    return Error{Code::INVALID_ARGUMENT, "untilMs, level, preview: give what to change"};
  }
  if (Status level = CheckLevel(request.level()); !level) return level;
  if (Status preview = CheckPreview(request.preview()); !preview) return preview;

  internal::v1::MutePush& mute = *command.mutable_mute_push();
  mute.set_device(request.device());
  mute.set_room(request.room());
  if (request.has_until_ms()) mute.set_until_ms(request.until_ms());
  if (request.has_level()) mute.set_level(request.level());
  if (request.has_preview()) mute.set_preview(request.preview());
  return {};
}

constexpr RequestMethod kMethods[] = {
    {"push.register", RunAsCommand<v1::PushRegisterRequest, BuildRegister>},
    {"push.unregister", RunAsCommand<v1::PushUnregisterRequest, BuildUnregister>},
    {"push.mute", RunAsCommand<v1::PushMuteRequest, BuildMute>},
};

}  // namespace

std::span<const RequestMethod> PushMethods() {
  return kMethods;
}

}  // namespace parley::plugin
