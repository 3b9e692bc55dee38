// members.add, remove, setRole.

#include "broker-plugin/requests/fields.h"
#include "broker-plugin/requests/request_call.h"

namespace parley::plugin {
namespace {

Status CheckNames(const std::string& room, const std::string& user) {
  if (Status checked = CheckRoom(room); !checked) return checked;
  return CheckUser("user", user);
}

Error NoRole() {
  return {Code::INVALID_ARGUMENT, "role: one of OWNER, MODERATOR, MEMBER, READER, BANNED"};
}

Status BuildAdd(const RequestCall&, const v1::MembersAddRequest& request, domain::Command& command) {
  if (Status names = CheckNames(request.room(), request.user()); !names) return names;
  if (!v1::Member::Role_IsValid(request.role())) return NoRole();
  internal::v1::AddMember& add = *command.mutable_add_member();
  add.set_room(request.room());
  add.mutable_member()->set_user(request.user());
  add.mutable_member()->set_role(request.role() == v1::Member::UNSPECIFIED ? v1::Member::MEMBER
                                                                           : request.role());
  return {};
}

Status BuildRemove(const RequestCall&, const v1::MembersRemoveRequest& request, domain::Command& command) {
  command.mutable_remove_member()->set_room(request.room());
  command.mutable_remove_member()->set_user(request.user());
  return CheckNames(request.room(), request.user());
}

Status BuildSetRole(const RequestCall&, const v1::MembersSetRoleRequest& request, domain::Command& command) {
  if (Status names = CheckNames(request.room(), request.user()); !names) return names;
  if (!v1::Member::Role_IsValid(request.role()) || request.role() == v1::Member::UNSPECIFIED) return NoRole();
  internal::v1::SetMemberRole& set = *command.mutable_set_member_role();
  set.set_room(request.room());
  set.mutable_member()->set_user(request.user());
  set.mutable_member()->set_role(request.role());
  return {};
}

constexpr RequestMethod kMethods[] = {
    {"members.add", RunAsCommand<v1::MembersAddRequest, BuildAdd>},
    {"members.remove", RunAsCommand<v1::MembersRemoveRequest, BuildRemove>},
    {"members.setRole", RunAsCommand<v1::MembersSetRoleRequest, BuildSetRole>},
};

}  // namespace

std::span<const RequestMethod> MemberMethods() {
  return kMethods;
}

}  // namespace parley::plugin
