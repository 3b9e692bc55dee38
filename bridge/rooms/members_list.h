#pragma once

#include "bridge/service/query.h"
#include "core/store/store_reader.h"
#include "parley/v1/request.pb.h"
#include "schemas/result.h"

namespace parley::bridge {

// members.list: the members of one of the caller's rooms, in the order in which their users were made. The
// banned are shown to owners and moderators only. At least one per page if there is one, however small the
// budget.
Result<v1::MembersListReply> MembersList(const v1::MembersListRequest& request, const store::StoreView& view,
                                         const Caller& caller, Budget budget);

}  // namespace parley::bridge
