#include "bridge/users/users.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "bridge/service/limits.h"
#include "bridge/service/visible_room.h"
#include "schemas/limits.h"

namespace parley::bridge {
namespace {

constexpr size_t kReplyFrameBytes = 256;
constexpr size_t kUserFrameBytes = 4;

v1::UserProfile ProfileOf(const domain::UserRecord& user) {
  v1::UserProfile profile;
  profile.set_username(user.username());
  profile.set_display_name(user.display_name());
  profile.set_kind(user.kind());
  profile.set_about(user.about());
  return profile;
}

// The start of a user name, or "".
bool IsPrefix(std::string_view prefix) {
  return prefix.empty() || ParseUserId(prefix).has_value();
}

}  // namespace

Result<v1::UsersGetReply> UsersGet(const v1::UsersGetRequest& request, const store::StoreView& view,
                                   const Caller& caller, Budget) {
  if (request.user().empty()) return Error{Code::INVALID_ARGUMENT, "user is missing"};
  if (Result<UserId> name = ParseUserId(request.user()); !name) return std::move(name).error().Within("user");
  if (const Result<domain::UserRecord> asking = FindCaller(view, caller); !asking) return asking.error();
  const Result<std::optional<domain::UserRecord>> user = view.User(request.user());
  if (!user) return user.error();
  if (!*user) return Error{Code::NOT_FOUND, "no user " + request.user()};
  v1::UsersGetReply reply;
  *reply.mutable_user() = ProfileOf(**user);
  return reply;
}

Result<v1::UsersFindReply> UsersFind(const v1::UsersFindRequest& request, const store::StoreView& view,
                                     const Caller& caller, Budget budget) {
  if (!IsPrefix(request.prefix())) {
    return Error{Code::INVALID_ARGUMENT, "prefix: the start of a user name, of a-z 0-9 . _ -"};
  }
  if (!IsPrefix(request.page())) return Error{Code::INVALID_ARGUMENT, "page is not one that a reply gave"};
  if (const Result<domain::UserRecord> asking = FindCaller(view, caller); !asking) return asking.error();
  const int users_max = static_cast<int>(parley::limits::PageLimit(request.limit()));
  const size_t bytes_max = budget.bytes_max - std::min(budget.bytes_max, kReplyFrameBytes);

  v1::UsersFindReply reply;
  size_t bytes = 0;
  std::string done = request.page();
  while (true) {
    // After `done`: no name holds a zero byte.
    const std::string from = done.empty() ? std::string() : done + '\0';
    const Result<std::vector<domain::UserRecord>> users =
        view.Users(request.prefix(), from, limits::kMembershipsPerRead);
    if (!users) return users.error();
    for (const domain::UserRecord& user : *users) {
      if (user.kind() != "service" && !user.disabled()) {
        v1::UserProfile profile = ProfileOf(user);
        bytes += profile.ByteSizeLong() + kUserFrameBytes;
        if (reply.users_size() >= users_max || (reply.users_size() > 0 && bytes > bytes_max)) {
          reply.set_more(true);
          reply.set_page(done);
          return reply;
        }
        *reply.add_users() = std::move(profile);
      }
      done = user.username();
    }
    if (users->size() < limits::kMembershipsPerRead) return reply;
  }
}

}  // namespace parley::bridge
