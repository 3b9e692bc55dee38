// The admin commands about roles and access rules.

#include <string>

#include "broker-plugin/control/admin_call.h"
#include "broker-plugin/control/arguments.h"
#include "broker-plugin/control/control.h"
#include "broker-plugin/control/page.h"
#include "broker-plugin/control/rule_json.h"
#include "core/domain/access_rules.h"

namespace parley::plugin {
namespace {

using domain::AclRule;
using nlohmann::json;

// `role`, or `rolename` as Mosquitto's dynamic-security API has it.
Result<std::string> RoleNameArgument(const json& command) {
  const char* field = !command.contains("role") && command.contains("rolename") ? "rolename" : "role";
  const Result<std::string> text = RequiredText(command, field);
  if (!text) return text.error();
  if (!ParseUserId(*text)) {  // the same grammar
    return Error{Code::INVALID_ARGUMENT,
                 std::string(field) + ": 1 to 64 of a-z 0-9 . _ - that start with a letter or digit"};
  }
  return *text;
}

Result<int32_t> PriorityArgument(const json& command) {
  constexpr int64_t kPriorityMax = 1'000'000'000;
  const auto found = command.find("priority");
  if (found == command.end()) return int32_t{0};
  if (found->is_number_integer()) {
    const auto number = found->get<int64_t>();
    if (number >= -kPriorityMax && number <= kPriorityMax) return static_cast<int32_t>(number);
  }
  return Error{Code::INVALID_ARGUMENT, "priority: a whole number from -1000000000 to 1000000000"};
}

// `acltype` and `topic`.
Result<AclRule> RuleNameArgument(const json& command) {
  AclRule rule;
  const Result<std::string> type = RequiredText(command, "acltype");
  if (!type) return type.error();
  if (*type == "publish") rule.set_type(AclRule::PUBLISH);
  if (*type == "subscribe") rule.set_type(AclRule::SUBSCRIBE);
  const Result<std::string> topic = RequiredText(command, "topic");
  if (!topic) return topic.error();
  rule.set_topic(*topic);
  if (Status checked = domain::CheckRule(rule); !checked) return checked.error();
  return rule;
}

Result<AclRule> RuleArgument(const json& command) {
  Result<AclRule> rule = RuleNameArgument(command);
  if (!rule) return rule;
  const auto allow = command.find("allow");
  if (allow == command.end() || !allow->is_boolean()) {
    return Error{Code::INVALID_ARGUMENT, "allow: true or false"};
  }
  rule->set_allow(allow->get<bool>());
  const Result<int32_t> priority = PriorityArgument(command);
  if (!priority) return priority.error();
  rule->set_priority(*priority);
  return rule;
}

Outcome CreateRole(const AdminCall& call) {
  const Result<std::string> role = RoleNameArgument(call.arguments());
  if (!role) return role.error();
  domain::Command append = call.NewCommand();
  append.mutable_create_role()->set_role(*role);
  return call.Append(std::move(append));
}

Outcome DeleteRole(const AdminCall& call) {
  const Result<std::string> role = RoleNameArgument(call.arguments());
  if (!role) return role.error();
  domain::Command append = call.NewCommand();
  append.mutable_delete_role()->set_role(*role);
  return call.Append(std::move(append));
}

Outcome AddRoleAcl(const AdminCall& call) {
  const Result<std::string> role = RoleNameArgument(call.arguments());
  if (!role) return role.error();
  const Result<AclRule> rule = RuleArgument(call.arguments());
  if (!rule) return rule.error();
  domain::Command append = call.NewCommand();
  append.mutable_add_acl()->set_role(*role);
  *append.mutable_add_acl()->mutable_rule() = *rule;
  return call.Append(std::move(append));
}

Outcome RemoveRoleAcl(const AdminCall& call) {
  const Result<std::string> role = RoleNameArgument(call.arguments());
  if (!role) return role.error();
  const Result<AclRule> rule = RuleNameArgument(call.arguments());
  if (!rule) return rule.error();
  domain::Command append = call.NewCommand();
  append.mutable_remove_acl()->set_role(*role);
  *append.mutable_remove_acl()->mutable_rule() = *rule;
  return call.Append(std::move(append));
}

Outcome AddUserAcl(const AdminCall& call) {
  const Result<UserId> user = UserArgument(call.arguments(), "username");
  if (!user) return user.error();
  const Result<AclRule> rule = RuleArgument(call.arguments());
  if (!rule) return rule.error();
  domain::Command append = call.NewCommand();
  append.mutable_add_acl()->set_username(user->str());
  *append.mutable_add_acl()->mutable_rule() = *rule;
  return call.Append(std::move(append));
}

Outcome RemoveUserAcl(const AdminCall& call) {
  const Result<UserId> user = UserArgument(call.arguments(), "username");
  if (!user) return user.error();
  const Result<AclRule> rule = RuleNameArgument(call.arguments());
  if (!rule) return rule.error();
  domain::Command append = call.NewCommand();
  append.mutable_remove_acl()->set_username(user->str());
  *append.mutable_remove_acl()->mutable_rule() = *rule;
  return call.Append(std::move(append));
}

Outcome AddUserRole(const AdminCall& call) {
  const Result<UserId> user = UserArgument(call.arguments(), "username");
  if (!user) return user.error();
  const Result<std::string> role = RoleNameArgument(call.arguments());
  if (!role) return role.error();
  const Result<int32_t> priority = PriorityArgument(call.arguments());
  if (!priority) return priority.error();
  domain::Command append = call.NewCommand();
  append.mutable_add_user_role()->set_username(user->str());
  append.mutable_add_user_role()->set_role(*role);
  append.mutable_add_user_role()->set_priority(*priority);
  return call.Append(std::move(append));
}

Outcome RemoveUserRole(const AdminCall& call) {
  const Result<UserId> user = UserArgument(call.arguments(), "username");
  if (!user) return user.error();
  const Result<std::string> role = RoleNameArgument(call.arguments());
  if (!role) return role.error();
  domain::Command append = call.NewCommand();
  append.mutable_remove_user_role()->set_username(user->str());
  append.mutable_remove_user_role()->set_role(*role);
  return call.Append(std::move(append));
}

json Show(const domain::RuleRole& role) {
  return {{"role", role.record.role()}, {"acls", RulesJson(role.record.rules())}};
}

Outcome GetRole(const AdminCall& call) {
  const Result<std::string> name = RoleNameArgument(call.arguments());
  if (!name) return name.error();
  const domain::RuleRole* role = call.parts().view.FindRole(*name);
  if (role == nullptr) return Error{Code::NOT_FOUND, "no role " + *name};
  json shown = Show(*role);
  json& users = shown["users"] = json::array();
  for (const domain::User* user : call.parts().view.UsersByName()) {
    for (int i = 0; i < user->record.roles_size(); ++i) {
      if (user->record.roles(i) == *name) users.push_back(user->record.username());
    }
  }
  return Outcome::Data(std::move(shown));
}

Outcome ListRoles(const AdminCall& call) {
  return Page(call, call.parts().view.RolesByName(), "roles", Show);
}

constexpr AdminCommand kCommands[] = {
    {"createRole", CreateRole},       {"deleteRole", DeleteRole},         {"addRoleAcl", AddRoleAcl},
    {"removeRoleAcl", RemoveRoleAcl}, {"addUserAcl", AddUserAcl},         {"removeUserAcl", RemoveUserAcl},
    {"addUserRole", AddUserRole},     {"removeUserRole", RemoveUserRole}, {"getRole", GetRole},
    {"listRoles", ListRoles},
};

}  // namespace

std::span<const AdminCommand> RoleCommands() {
  return kCommands;
}

}  // namespace parley::plugin
