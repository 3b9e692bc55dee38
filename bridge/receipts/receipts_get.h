#pragma once

#include "bridge/service/query.h"
#include "core/store/store_reader.h"
#include "parley/v1/request.pb.h"
#include "schemas/result.h"

namespace parley::bridge {

// receipts.get: how far the members of one of the caller's rooms have got, as to its event `seq` (0 = the
// head): counts over all who may see it, and their cursors in the order in which their users were made. A big
// room (IsBigRoom) is given the counts alone. At least one receipt per page if there is one, however small
// the budget. NOT_FOUND for an event that is not there for the caller.
Result<v1::ReceiptsGetReply> ReceiptsGet(const v1::ReceiptsGetRequest& request, const store::StoreView& view,
                                         const Caller& caller, Budget budget);

}  // namespace parley::bridge
