#pragma once

#include <nlohmann/json.hpp>

#include "core/domain/access_rules.h"

namespace parley::plugin {

// An access rule as $CONTROL shows it: {"acltype":"publish"|"subscribe","topic","allow","priority"}.
nlohmann::json RuleJson(const domain::AclRule& rule);
nlohmann::json RulesJson(const google::protobuf::RepeatedPtrField<domain::AclRule>& rules);

// What getUser shows of a user's rights: its roles ({"role","priority"}) and the rules of it alone.
nlohmann::json RolesJson(const internal::v1::UserRecord& user);

}  // namespace parley::plugin
