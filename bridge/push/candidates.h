#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <unordered_map>
#include <vector>

#include "core/domain/directory.h"
#include "core/store/store_reader.h"
#include "schemas/names.h"
#include "schemas/result.h"

namespace parley::bridge {

// Whom a message of a room may be told to: the users that have registered a device, and which of them are in
// a room. Remembers what it has read: a registration and a membership that changes must be told. One thread.
class PushCandidates {
 public:
  // Reads all registrations, unless it has.
  Status Load(const store::StoreView& view);
  void Forget();

  // The user's registrations have changed.
  Status Refresh(const store::StoreView& view, Uid uid);
  // Somebody has come to or left the room, or it is no more.
  void RoomChanged(Rid rid);

  // Present members with a device, in order of uid. Walks all members of a room that it does not remember.
  // Valid until the next call.
  Result<const std::vector<Uid>*> In(const store::StoreView& view, Rid rid);
  // nullptr: has no device.
  const domain::PushRecord* RecordOf(Uid uid) const;

 private:
  void ForgetRooms();

  bool loaded_ = false;
  std::unordered_map<Uid, domain::PushRecord> records_;
  std::unordered_map<Rid, std::vector<Uid>> rooms_;
  size_t known_ = 0;  // in rooms_, and the rooms
};

}  // namespace parley::bridge
