#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/domain/filter_trie.h"
#include "parley/internal/v1/state.pb.h"
#include "schemas/result.h"

namespace parley::domain {

class Directory;
struct User;

using internal::v1::AclRule;

// The access rules of topics outside chat/v1: those of a user's roles, of the role that everyone has, and of
// the user alone, in one order: the role's priority for this user (own rules and `everyone`: 0), then the
// rule's, both highest first; at equal ones those that deny come first. Pure.

inline constexpr std::string_view kAdminRole = "admin";        // built in, always there
inline constexpr std::string_view kEveryoneRole = "everyone";  // built in; every user has it

// The rules of one role or user, compiled.
class RuleSet {
 public:
  explicit RuleSet(const google::protobuf::RepeatedPtrField<AclRule>& rules);

  // The rule that comes first among those of this type that match the topic; nullptr when none does. A
  // name that is empty or could be taken for a wildcard fits every %u or %c that denies, and none that
  // allows.
  const AclRule* FirstMatch(AclRule::Type type, std::string_view topic, const Names& names) const;

  // In their order.
  const std::vector<AclRule>& rules() const { return rules_; }
  bool empty() const { return rules_.empty(); }

 private:
  std::vector<AclRule> rules_;
  FilterTrie publish_;  // values: places in rules_
  FilterTrie subscribe_;
  bool placeholders_ = false;
};

// Made when it is first asked for; copies share it, since it never changes.
using CompiledRules = std::shared_ptr<const RuleSet>;

// The rule that decides, nullptr when none does. Pointers are valid until the next change of the directory.
struct RuleHit {
  const AclRule* rule = nullptr;
  std::string_view role{};  // empty: of the user alone
  bool allows() const { return rule != nullptr && rule->allow(); }
};

// To publish to a topic, or to receive it (SUBSCRIBE). `names`: the user's and the client's.
RuleHit DecideTopic(const Directory& directory, const User& user, const Names& names, AclRule::Type type,
                    std::string_view topic);

// To subscribe to a filter: granted by a rule that allows and covers the whole filter, unless one before it
// denies something that the filter can match.
RuleHit DecideFilter(const Directory& directory, const User& user, const Names& names,
                     std::string_view filter);

// INVALID_ARGUMENT, and why, for a rule that cannot be.
Status CheckRule(const AclRule& rule);

}  // namespace parley::domain
