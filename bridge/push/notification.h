#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "bridge/providers/provider.h"
#include "bridge/push/facts.h"
#include "bridge/push/push_rows.h"
#include "core/store/store_reader.h"
#include "schemas/result.h"

namespace parley::bridge {

// The key of a room's notifications on a device: a newer one takes an older one's place.
std::string CollapseOf(Rid rid);

// What a device is to be shown that a notification was taken back.
PushNotification WithdrawalOf(const PushItem& item, const PushDeviceRecord& device);
PushNotification TestOf(const std::string& user, const PushDeviceRecord& device, int64_t now_ms);

// Says messages by one view of the store; remembers what several devices are told. One thread; as short-lived
// as the view.
class NotificationMaker {
 public:
  explicit NotificationMaker(const store::StoreView& view) : view_(view) {}

  // `member`: the user's membership of the room. INTERNAL as of StoreView.
  Result<PushNotification> Make(const PushItem& item, const ToldMessage& message,
                                const PushDeviceRecord& device, const domain::MemberRecord& member);

 private:
  // Unread messages of all the user's rooms, as far as kPushBadgeRoomsMax.
  Result<uint64_t> BadgeOf(Uid uid);
  Result<const domain::RoomRecord*> RoomOf(const std::string& room);
  Result<std::string> DisplayNameOf(const std::string& user);

  const store::StoreView& view_;
  std::map<Uid, uint64_t> badges_;
  std::map<std::string, domain::RoomRecord> rooms_;
  std::map<std::string, std::string> names_;
};

}  // namespace parley::bridge
