#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bridge/push/policy.h"
#include "bridge/push/time_zone.h"
#include "core/domain/directory.h"
#include "core/store/store_reader.h"
#include "parley/v1/message.pb.h"
#include "schemas/names.h"

namespace parley::bridge {

using PushDeviceRecord = internal::v1::PushRecord::Device;

// A message that devices may be told of.
struct ToldMessage {
  Rid rid;
  v1::Event event;
  bool direct = false;
  bool call = false;
  bool deleted = false;

  Seq seq() const { return {event.seq()}; }
  bool Mentions(std::string_view user) const;
};

// nullopt: an event of a kind that nobody is told of. (Text, media, custom messages and calls are.)
std::optional<ToldMessage> Told(Rid rid, v1::Event event);

v1::Push::Provider ProviderOf(const PushDeviceRecord& device);
// The device's setting for a room; nullptr when it has none.
const internal::v1::PushRecord::RoomSetting* SettingOf(const PushDeviceRecord& device, Rid rid);
// Whether a notification of this room may say what was said, and by whom.
bool IsPreviewShown(const PushDeviceRecord& device, Rid rid);
// Until when a message is worth a notification of this device (wall clock, ms).
int64_t ExpiryOf(const ToldMessage& message, const PushDeviceRecord& device);

// A direct message or one that mentions the user goes first, and is not replaced by others.
bool IsUrgent(const ToldMessage& message, std::string_view user);

// What the policy asks about a device and its user. `member`: the user's membership, null: none.
// `configured` and `user` are the caller's to fill in.
PushFacts FactsOf(const ToldMessage& message, std::string_view user, const PushDeviceRecord& device,
                  const domain::MemberRecord* member, TimeZones& zones, int64_t now_ms);

}  // namespace parley::bridge
