// The commands of roles and access rules.

#include <algorithm>

#include "core/domain/state_machine_context.h"
#include "schemas/limits.h"

namespace parley::domain {
namespace {

using Rules = google::protobuf::RepeatedPtrField<AclRule>;

bool IsBuiltIn(std::string_view role) {
  return role == kAdminRole || role == kEveryoneRole;
}

int PlaceOf(const UserRecord& user, std::string_view role) {
  const auto& roles = user.roles();
  const auto found = std::find(roles.begin(), roles.end(), role);
  return found == roles.end() ? -1 : static_cast<int>(found - roles.begin());
}

void TakeRole(UserRecord& user, int place) {
  user.mutable_roles()->DeleteSubrange(place, 1);
  auto& priorities = *user.mutable_role_priorities();
  if (place < priorities.size()) priorities.erase(priorities.begin() + place);
}

auto FindRule(Rules& rules, const AclRule& like) {
  return std::find_if(rules.begin(), rules.end(), [&like](const AclRule& rule) {
    return rule.type() == like.type() && rule.topic() == like.topic();
  });
}

std::string Named(const AclRule& rule) {
  return (rule.type() == AclRule::PUBLISH ? "publish " : "subscribe ") + rule.topic();
}

Status AddRule(Rules& rules, const AclRule& rule, const std::string& owner) {
  if (Status checked = CheckRule(rule); !checked) return checked;
  if (FindRule(rules, rule) != rules.end()) {
    return Error{Code::ALREADY_EXISTS, owner + " has a rule for " + Named(rule) + ": remove it first"};
  }
  if (rules.size() >= limits::kRulesPerOwnerMax) {
    return Error{Code::RESOURCE_EXHAUSTED, owner + " has 1000 rules, the most there can be"};
  }
  *rules.Add() = rule;
  return {};
}

Status RemoveRule(Rules& rules, const AclRule& rule, const std::string& owner) {
  const auto found = FindRule(rules, rule);
  if (found == rules.end()) return Error{Code::NOT_FOUND, owner + " has no rule for " + Named(rule)};
  rules.erase(found);
  return {};
}

}  // namespace

Status StateMachine::CheckRolesExist(const UserRecord& user) const {
  if (user.roles_size() > limits::kRolesPerUserMax) {
    return Error{Code::RESOURCE_EXHAUSTED, "a user has at most 64 roles"};
  }
  for (int i = 0; i < user.roles_size(); ++i) {
    const std::string& role = user.roles(i);
    if (role == kEveryoneRole) {
      return Error{Code::FAILED_PRECONDITION, "every user has the role everyone: leave it out"};
    }
    if (directory_.FindRole(role) == nullptr) return Error{Code::NOT_FOUND, "no role " + role};
    if (PlaceOf(user, role) != i) return Error{Code::INVALID_ARGUMENT, "roles names " + role + " twice"};
  }
  return {};
}

void StateMachine::CreateRole(Context& context, const internal::v1::CreateRole& create) {
  if (directory_.FindRole(create.role()) != nullptr) {
    return context.Refuse(Code::ALREADY_EXISTS, "role " + create.role() + " exists");
  }
  if (directory_.role_count() >= limits::kRolesMax) {
    return context.Refuse(Code::RESOURCE_EXHAUSTED, "there are 10000 roles, the most there can be");
  }
  RoleRecord record;
  record.set_role(create.role());
  Change(context, std::move(record));
}

void StateMachine::DeleteRole(Context& context, const internal::v1::DeleteRole& gone) {
  if (directory_.FindRole(gone.role()) == nullptr) {
    return context.Refuse(Code::NOT_FOUND, "no role " + gone.role());
  }
  if (IsBuiltIn(gone.role())) {
    return context.Refuse(Code::FAILED_PRECONDITION, "role " + gone.role() + " is built in and stays");
  }
  std::vector<UserRecord> users;  // a new role of this name must not be theirs
  for (const User* user : directory_.UsersByName()) {
    if (PlaceOf(user->record, gone.role()) >= 0) users.push_back(user->record);
  }
  for (UserRecord& user : users) {
    TakeRole(user, PlaceOf(user, gone.role()));
    Change(context, std::move(user));
  }
  Change(context, RoleGone{gone.role()});
}

void StateMachine::AddAcl(Context& context, const internal::v1::AddAcl& add) {
  ChangeRules(context, add.role(), add.username(), add.rule(), AddRule);
}

void StateMachine::RemoveAcl(Context& context, const internal::v1::RemoveAcl& remove) {
  ChangeRules(context, remove.role(), remove.username(), remove.rule(), RemoveRule);
}

void StateMachine::ChangeRules(Context& context, const std::string& role, const std::string& username,
                               const AclRule& rule, RuleChange change) {
  if (!username.empty()) {
    const User* user = ExistingUser(context, username);
    if (user == nullptr) return;
    UserRecord record = user->record;
    if (Status done = change(*record.mutable_rules(), rule, "user " + username); !done) {
      return context.Refuse(done.error());
    }
    return Change(context, std::move(record));
  }
  const RuleRole* found = directory_.FindRole(role);
  if (found == nullptr) return context.Refuse(Code::NOT_FOUND, "no role " + role);
  RoleRecord record = found->record;
  if (Status done = change(*record.mutable_rules(), rule, "role " + role); !done) {
    return context.Refuse(done.error());
  }
  Change(context, std::move(record));
}

void StateMachine::AddUserRole(Context& context, const internal::v1::AddUserRole& add) {
  const User* user = ExistingUser(context, add.username());
  if (user == nullptr) return;
  if (PlaceOf(user->record, add.role()) >= 0) {
    return context.Refuse(Code::ALREADY_EXISTS, add.username() + " has the role " + add.role());
  }
  UserRecord record = user->record;
  auto& priorities = *record.mutable_role_priorities();
  priorities.Resize(record.roles_size(), 0);
  record.add_roles(add.role());
  priorities.Add(add.priority());
  if (Status roles = CheckRolesExist(record); !roles) return context.Refuse(roles.error());
  Change(context, std::move(record));
}

void StateMachine::RemoveUserRole(Context& context, const internal::v1::RemoveUserRole& remove) {
  const User* user = ExistingUser(context, remove.username());
  if (user == nullptr) return;
  const int place = PlaceOf(user->record, remove.role());
  if (place < 0) {
    return context.Refuse(Code::NOT_FOUND, remove.username() + " does not have the role " + remove.role());
  }
  if (remove.role() == kAdminRole && IsLastAdmin(directory_, remove.username())) {
    return context.Refuse(Code::FAILED_PRECONDITION,
                          remove.username() + " is the last admin: make another one first");
  }
  UserRecord record = user->record;
  TakeRole(record, place);
  Change(context, std::move(record));
}

bool IsAdminRecord(const UserRecord& user) {
  return !user.disabled() && PlaceOf(user, kAdminRole) >= 0;
}

bool IsLastAdmin(const Directory& directory, std::string_view name) {
  const User* asked = directory.FindUser(name);
  if (asked == nullptr || !IsAdminRecord(asked->record)) return false;
  for (const User* user : directory.UsersByName()) {
    if (user != asked && IsAdminRecord(user->record)) return false;
  }
  return true;
}

}  // namespace parley::domain
