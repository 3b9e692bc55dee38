#include "broker-plugin/control/rule_json.h"

namespace parley::plugin {

using nlohmann::json;

json RuleJson(const domain::AclRule& rule) {
  return {{"acltype", rule.type() == domain::AclRule::PUBLISH ? "publish" : "subscribe"},
          {"topic", rule.topic()},
          {"allow", rule.allow()},
          {"priority", rule.priority()}};
}

json RulesJson(const google::protobuf::RepeatedPtrField<domain::AclRule>& rules) {
  json shown = json::array();
  for (const domain::AclRule& rule : rules) shown.push_back(RuleJson(rule));
  return shown;
}

json RolesJson(const internal::v1::UserRecord& user) {
  json shown = json::array();
  for (int i = 0; i < user.roles_size(); ++i) {
    const int32_t priority = i < user.role_priorities_size() ? user.role_priorities(i) : 0;
    shown.push_back({{"role", user.roles(i)}, {"priority", priority}});
  }
  return shown;
}

}  // namespace parley::plugin
