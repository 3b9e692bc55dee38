#pragma once

#include "bridge/service/query.h"
#include "core/store/store_reader.h"
#include "parley/v1/request.pb.h"
#include "schemas/result.h"

namespace parley::bridge {

// What everybody may know of a user: name, display name, kind, about. Nothing of rooms, roles and logins.

// users.get: one user by name. NOT_FOUND when there is none.
Result<v1::UsersGetReply> UsersGet(const v1::UsersGetRequest& request, const store::StoreView& view,
                                   const Caller& caller, Budget budget);

// users.find: users whose name starts with the prefix, by name, without services and the disabled. At least
// one per page if there is one, however small the budget.
Result<v1::UsersFindReply> UsersFind(const v1::UsersFindRequest& request, const store::StoreView& view,
                                     const Caller& caller, Budget budget);

}  // namespace parley::bridge
