// users.update, changePassword.

#include "broker-plugin/auth/credential_memory.h"
#include "broker-plugin/auth/password.h"
#include "broker-plugin/requests/fields.h"
#include "broker-plugin/requests/request_call.h"
#include "schemas/json.h"
#include "schemas/limits.h"

namespace parley::plugin {
namespace {

Status BuildUpdate(const RequestCall& call, const v1::UsersUpdateRequest& request, domain::Command& command) {
  internal::v1::UpdateUser& update = *command.mutable_update_user();
  update.set_username(call.user());
  if (!request.has_display_name() && !request.has_about()) {
    return Error{Code::INVALID_ARGUMENT, "displayName, about: give what to change"};
  }
  if (request.has_display_name()) {
    Status name = CheckText("displayName", request.display_name(), limits::kDisplayNameBytesMax);
    if (!name) return name;
    update.set_display_name(request.display_name());
  }
  if (request.has_about()) {
    if (Status about = CheckText("about", request.about(), limits::kAboutBytesMax); !about) return about;
    update.set_about(request.about());
  }
  return {};
}

Status CheckPassword(const char* field, const std::string& password) {
  if (!password.empty() && password.size() <= limits::kPasswordBytesMax && IsUtf8(password)) return {};
  return Error{Code::INVALID_ARGUMENT, std::string(field) + ": 1 to 256 bytes of UTF-8"};
}

// Proves the old password and derives the new one's hash on the pool. The log then takes it only if the old
// one is still in force.
void ChangePassword(RequestCall& call, std::string_view payload) {
  v1::UsersChangePasswordRequest request;
  if (Status decoded = call.Decode(payload, request); !decoded) return call.Answer(decoded);
  for (const auto& [field, password] :
       {std::pair("oldPassword", request.old_password()), std::pair("newPassword", request.new_password())}) {
    if (Status checked = CheckPassword(field, password); !checked) return call.Answer(checked);
  }
  const domain::User* user = call.parts().view.FindUser(call.user());
  if (user == nullptr) return;
  if (user->record.password_hash().empty()) {
    return call.Answer(
        Error{Code::FAILED_PRECONDITION, "you have no password: an administrator sets the first"});
  }
  std::set<std::string>& changing = call.parts().changing_passwords;
  if (!changing.insert(call.user()).second) {
    return call.Answer(Error{Code::RESOURCE_EXHAUSTED, "your password is being changed already"});
  }
  const bool submitted = call.parts().pool.Submit([call, request, before = user->record.password_hash()] {
    const bool right = VerifyPassword(before, request.old_password());
    std::string hash = right ? HashPassword(request.new_password()) : std::string();
    return WorkerPool::Completion([call, request, before, right, hash = std::move(hash)] {
      call.parts().changing_passwords.erase(call.user());
      if (!right) return call.Answer(Error{Code::PERMISSION_DENIED, "oldPassword is wrong"});
      if (hash.empty()) return call.Answer(Error{Code::RESOURCE_EXHAUSTED, "no memory to hash a password"});
      domain::Command command = call.NewCommand();
      internal::v1::SetPassword& set = *command.mutable_set_password();
      set.set_username(call.user());
      set.set_password_hash(hash);
      set.set_remembered_mac(call.parts().memory.Mac(call.user(), hash, request.new_password()));
      set.set_expected_hash(before);
      call.Append(std::move(command));
    });
  });
  if (submitted) return;
  changing.erase(call.user());
  call.Answer(Error{Code::RESOURCE_EXHAUSTED, "too much slow work is under way: try again"});
}

constexpr RequestMethod kMethods[] = {
    {"users.update", RunAsCommand<v1::UsersUpdateRequest, BuildUpdate>},
    {"users.changePassword", ChangePassword},
};

}  // namespace

std::span<const RequestMethod> UserMethods() {
  return kMethods;
}

}  // namespace parley::plugin
