#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "bridge/presence/presence_model.h"
#include "core/store/store_reader.h"
#include "schemas/result.h"

namespace parley::bridge {

// What presence reads of the store. Pure. INTERNAL when the store cannot be read.

struct MembershipsOf {
  uint64_t uid = 0;
  std::vector<RoomOfPerson> rooms;  // that exist and that the user reads, in order of rid
};
// nullopt: no such user.
Result<std::optional<MembershipsOf>> ReadMemberships(const store::StoreView& view, std::string_view user);

Result<bool> IsReaderOf(const store::StoreView& view, Rid rid, Uid uid);

// Has it more than limits::kPresenceMembersMax members?
Result<bool> IsBig(const store::StoreView& view, Rid rid);

// True when both are readers of one room. `rooms`: those of one of them, by rid.
Result<bool> IsReaderOfAny(const store::StoreView& view, const std::vector<RoomOfPerson>& rooms, Uid other);

}  // namespace parley::bridge
