#pragma once

#include "bridge/service/query.h"
#include "core/store/store_reader.h"
#include "parley/v1/request.pb.h"
#include "schemas/result.h"

namespace parley::bridge {

// rooms.list: the rooms that the caller is a member of now, in the order in which they were made, without
// their events. At least one room per page if there is one, however small the budget. With `public`: the
// rooms that anyone may join, by name, of those that are not one's own name, kind and title only.
Result<v1::RoomsListReply> RoomsList(const v1::RoomsListRequest& request, const store::StoreView& view,
                                     const Caller& caller, Budget budget);

}  // namespace parley::bridge
