#pragma once

#include "bridge/service/query.h"
#include "core/store/store_reader.h"
#include "parley/v1/request.pb.h"
#include "schemas/result.h"

namespace parley::bridge {

// history.page: a page of the events of one room that the caller may see, oldest first. At least one event if
// there is one in its direction, however small the budget.
Result<v1::HistoryPageReply> HistoryPage(const v1::HistoryPageRequest& request, const store::StoreView& view,
                                         const Caller& caller, Budget budget);

}  // namespace parley::bridge
