#include "bridge/push/facts.h"

#include <algorithm>
#include <utility>

#include "bridge/push/limits.h"
#include "core/domain/permissions.h"

namespace parley::bridge {

bool ToldMessage::Mentions(std::string_view user) const {
  return std::find(event.mentions().begin(), event.mentions().end(), user) != event.mentions().end();
}

std::optional<ToldMessage> Told(Rid rid, v1::Event event) {
  switch (event.body_case()) {
    case v1::Event::kText:
    case v1::Event::kMedia:
    case v1::Event::kCustom:
    case v1::Event::kCall:
      break;
    default:
      return std::nullopt;
  }
  ToldMessage message{.rid = rid, .event = std::move(event)};
  message.direct = IsDirect(message.event.room());
  message.call = message.event.has_call();
  return message;
}

v1::Push::Provider ProviderOf(const PushDeviceRecord& device) {
  switch (device.target_case()) {
    case PushDeviceRecord::kWebPush:
      return v1::Push::WEB_PUSH;
    case PushDeviceRecord::kFcm:
      return v1::Push::FCM;
    case PushDeviceRecord::kApns:
      return v1::Push::APNS;
    case PushDeviceRecord::kWebhook:
      return v1::Push::WEBHOOK;
    case PushDeviceRecord::TARGET_NOT_SET:
      break;
  }
  return v1::Push::UNSPECIFIED;
}

const internal::v1::PushRecord::RoomSetting* SettingOf(const PushDeviceRecord& device, Rid rid) {
  for (const auto& setting : device.rooms()) {
    if (setting.rid() == rid.value) return &setting;
  }
  return nullptr;
}

bool IsPreviewShown(const PushDeviceRecord& device, Rid rid) {
  const auto* setting = SettingOf(device, rid);
  const v1::Push::Preview of_room = setting != nullptr ? setting->preview() : v1::Push::INHERIT;
  return (of_room != v1::Push::INHERIT ? of_room : device.preview()) != v1::Push::HIDDEN;
}

int64_t ExpiryOf(const ToldMessage& message, const PushDeviceRecord& device) {
  const auto sent_ms = static_cast<int64_t>(message.event.ts_ms());
  int64_t expires_ms = sent_ms + limits::kPushLifeMs;
  if (message.event.expires_in_s() != 0) {
    expires_ms = std::min(expires_ms, sent_ms + int64_t{message.event.expires_in_s()} * 1000);
  }
  const uint64_t registration_ms = device.web_push().expiration_time();
  if (device.has_web_push() && registration_ms != 0 && registration_ms < static_cast<uint64_t>(expires_ms)) {
    expires_ms = static_cast<int64_t>(registration_ms);
  }
  return expires_ms;
}

bool IsUrgent(const ToldMessage& message, std::string_view user) {
  return message.direct || message.Mentions(user);
}

PushFacts FactsOf(const ToldMessage& message, std::string_view user, const PushDeviceRecord& device,
                  const domain::MemberRecord* member, TimeZones& zones, int64_t now_ms) {
  PushFacts facts;
  facts.now_ms = now_ms;
  facts.visible =
      member != nullptr && domain::IsReader(member->role()) && member->visible_from() <= message.event.seq();
  facts.deleted = message.deleted;
  facts.expires_ms = ExpiryOf(message, device);
  facts.read = member != nullptr && member->read() >= message.event.seq();
  facts.direct = message.direct;
  facts.mention = message.Mentions(user);
  facts.call = message.call;
  facts.muted_until_ms = device.muted_until_ms();
  facts.level = device.level();
  if (const auto* setting = SettingOf(device, message.rid)) {
    facts.muted_until_ms = std::max(facts.muted_until_ms, setting->muted_until_ms());
    if (setting->level() != v1::Push::DEFAULT) facts.level = setting->level();
  }
  if (device.has_quiet_hours()) facts.quiet_until_ms = zones.QuietUntil(device.quiet_hours(), now_ms);
  return facts;
}

}  // namespace parley::bridge
