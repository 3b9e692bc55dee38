#pragma once

#include "bridge/service/query.h"
#include "core/store/store_reader.h"
#include "parley/v1/request.pb.h"
#include "schemas/result.h"

namespace parley::bridge {

// sync: what has changed in all of the caller's rooms since a cursor. Pages of one sync end at the log index
// of the first page's view, so that nothing is lost whatever is committed in between; what a later page has
// already seen beyond it comes again with the next sync (clients drop what they have). The rooms come first,
// then the inbox items since the cursor; without a cursor its newest 50. At least one room or item per page
// if there is one, however small the budget.
Result<v1::SyncReply> Sync(const v1::SyncRequest& request, const store::StoreView& view, const Caller& caller,
                           Budget budget);

}  // namespace parley::bridge
