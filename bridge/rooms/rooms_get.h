#pragma once

#include "bridge/service/query.h"
#include "core/store/store_reader.h"
#include "parley/v1/request.pb.h"
#include "schemas/result.h"

namespace parley::bridge {

// rooms.get: one room of the caller's, its settings and how many members it has.
Result<v1::RoomsGetReply> RoomsGet(const v1::RoomsGetRequest& request, const store::StoreView& view,
                                   const Caller& caller, Budget budget);

}  // namespace parley::bridge
