#include "bridge/push/notification.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "bridge/push/limits.h"
#include "bridge/service/limits.h"
#include "core/store/unread.h"

namespace parley::bridge {
namespace {

// At most `bytes_max` bytes, ending between two characters.
std::string Shortened(const std::string& text, size_t bytes_max) {
  if (text.size() <= bytes_max) return text;
  size_t end = bytes_max;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
  return text.substr(0, end);
}

std::string TextOf(const v1::Event& event) {
  if (event.has_text()) return Shortened(event.text().text(), limits::kPushTextBytesMax);
  if (event.has_media()) return Shortened(event.media().name(), limits::kPushTextBytesMax);
  return {};
}

PushNotification For(const std::string& user, const PushDeviceRecord& device) {
  PushNotification notification;
  notification.user = user;
  notification.device = device.device();
  return notification;
}

}  // namespace

std::string CollapseOf(Rid rid) {
  return "r" + std::to_string(rid.value);
}

PushNotification WithdrawalOf(const PushItem& item, const PushDeviceRecord& device) {
  PushNotification notification = For(item.user(), device);
  notification.kind = PushNotification::Kind::kWithdraw;
  notification.id = std::to_string(item.rid()) + "-" + std::to_string(item.feed()) + "-" +
                    std::to_string(item.device_number());
  const bool hidden = IsDirect(item.room()) && !IsPreviewShown(device, Rid{item.rid()});
  if (!hidden) notification.room = item.room();
  notification.seq = item.seq();
  notification.collapse = CollapseOf(Rid{item.rid()});
  notification.expires_ms = static_cast<int64_t>(item.expires_ms());
  return notification;
}

PushNotification TestOf(const std::string& user, const PushDeviceRecord& device, int64_t now_ms) {
  PushNotification notification = For(user, device);
  notification.kind = PushNotification::Kind::kTest;
  notification.id = "test-" + std::to_string(now_ms) + "-" + std::to_string(device.number());
  notification.ts_ms = static_cast<uint64_t>(now_ms);
  notification.text = "A test of notifications";
  notification.urgent = true;
  notification.collapse = "test";
  notification.expires_ms = now_ms + limits::kPushRetryLastMs;
  return notification;
}

Result<uint64_t> NotificationMaker::BadgeOf(Uid uid) {
  if (const auto known = badges_.find(uid); known != badges_.end()) return known->second;
  uint64_t badge = 0;
  size_t looked_at = 0;
  Rid after{};
  while (looked_at < limits::kPushBadgeRoomsMax) {
    const auto rooms = view_.RoomsOf(uid, after, limits::kMembershipsPerRead);
    if (!rooms) return rooms.error();
    for (const store::RoomOfUser& room : *rooms) {
      after = room.rid;
      ++looked_at;
      if (room.deleted_at.value != 0) continue;
      const auto member = view_.Member(room.rid, uid);
      if (!member) return member.error();
      if (!*member) continue;
      const Result<store::Unread> unread = store::UnreadOf(view_, room.rid, uid, **member);
      if (!unread) return unread.error();
      badge += unread->unread;
    }
    if (rooms->size() < limits::kMembershipsPerRead) break;
  }
  return badges_[uid] = badge;
}

Result<const domain::RoomRecord*> NotificationMaker::RoomOf(const std::string& room) {
  const auto known = rooms_.find(room);
  if (known != rooms_.end()) return &known->second;
  auto record = view_.Room(room);
  if (!record) return std::move(record).error();
  return &(rooms_[room] = record->value_or(domain::RoomRecord()));
}

Result<std::string> NotificationMaker::DisplayNameOf(const std::string& user) {
  if (const auto known = names_.find(user); known != names_.end()) return known->second;
  const auto record = view_.User(user);
  if (!record) return record.error();
  return names_[user] = *record ? (*record)->display_name() : std::string();
}

Result<PushNotification> NotificationMaker::Make(const PushItem& item, const ToldMessage& message,
                                                 const PushDeviceRecord& device,
                                                 const domain::MemberRecord& member) {
  const Uid uid{item.uid()};
  const v1::Event& event = message.event;
  PushNotification notification = For(item.user(), device);
  notification.id = std::to_string(message.rid.value) + "-" + std::to_string(event.seq()) + "-" +
                    std::to_string(item.device_number());
  const auto room = RoomOf(event.room());
  if (!room) return room.error();
  notification.room_kind = (*room)->kind();
  notification.seq = event.seq();
  notification.ts_ms = event.ts_ms();
  if (IsPreviewShown(device, message.rid)) {
    const Result<std::string> sender_name = DisplayNameOf(event.sender());
    if (!sender_name) return sender_name.error();
    notification.room_title = (*room)->title();
    notification.sender = event.sender();
    notification.sender_name = *sender_name;
    notification.text = TextOf(event);
  }
  // The name of a direct room says who has sent it.
  if (!message.direct || IsPreviewShown(device, message.rid)) notification.room = event.room();
  notification.mention = message.Mentions(item.user());
  notification.urgent = item.priority() == kPushUrgent;
  const Result<uint64_t> badge = BadgeOf(uid);
  if (!badge) return badge.error();
  notification.badge = *badge;
  const Result<store::Unread> unread = store::UnreadOf(view_, message.rid, uid, member);
  if (!unread) return unread.error();
  notification.unread = unread->unread;
  notification.collapse = CollapseOf(message.rid);
  notification.expires_ms = static_cast<int64_t>(item.expires_ms());
  return notification;
}

}  // namespace parley::bridge
