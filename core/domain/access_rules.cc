#include "core/domain/access_rules.h"

#include <algorithm>
#include <optional>

#include "core/domain/directory.h"
#include "schemas/filter.h"
#include "schemas/limits.h"

namespace parley::domain {
namespace {

constexpr std::string_view kChatFilter = "chat/v1/#";

// Rules of one owner, with what places them among the others.
struct Source {
  const RuleSet* rules;
  std::string_view role;
  int32_t priority;
};

// Calls visit(source) for the user's own rules, everyone's, then each role.
template <typename Visit>
void ForEachSource(const Directory& directory, const User& user, Visit visit) {
  if (user.has_rules) visit(Source{&directory.RulesOf(user), {}, 0});
  if (const RuleSet* everyone = directory.RulesOfEveryone()) visit(Source{everyone, kEveryoneRole, 0});
  for (const RoleOfUser& of : user.roles) {
    const RuleSet* rules = directory.RulesOf(of.role);
    if (rules != nullptr) visit(Source{rules, directory.At(of.role).record.role(), of.priority});
  }
}

// True when rule a is asked before rule b. Equal ones keep the order of their sources.
bool ComesBefore(const AclRule& a, int32_t a_role, const AclRule& b, int32_t b_role) {
  if (a_role != b_role) return a_role > b_role;
  if (a.priority() != b.priority()) return a.priority() > b.priority();
  return !a.allow() && b.allow();
}

bool IsSound(std::string_view name) {
  return !name.empty() && name.find_first_of("+#/$") == std::string_view::npos;
}

// Does a rule whose placeholder has no sound name count as one that fits? Only when it denies.
std::optional<bool> Unsound(const AclRule& rule, const Names& names) {
  const bool user = rule.topic().find("%u") != std::string::npos && !IsSound(names.user);
  const bool client = rule.topic().find("%c") != std::string::npos && !IsSound(names.client);
  if (!user && !client) return std::nullopt;
  return !rule.allow();
}

}  // namespace

RuleSet::RuleSet(const google::protobuf::RepeatedPtrField<AclRule>& rules)
    : rules_(rules.begin(), rules.end()) {
  std::stable_sort(rules_.begin(), rules_.end(),
                   [](const AclRule& a, const AclRule& b) { return ComesBefore(a, 0, b, 0); });
  for (uint32_t i = 0; i < rules_.size(); ++i) {
    FilterTrie& trie = rules_[i].type() == AclRule::PUBLISH ? publish_ : subscribe_;
    trie.Add(rules_[i].topic(), i, /*placeholders=*/true);
    placeholders_ = placeholders_ || HasPlaceholder(rules_[i].topic());
  }
}

const AclRule* RuleSet::FirstMatch(AclRule::Type type, std::string_view topic, const Names& names) const {
  if (topic.empty()) return nullptr;
  if (placeholders_ && (!IsSound(names.user) || !IsSound(names.client))) {
    for (const AclRule& rule : rules_) {
      if (rule.type() != type) continue;
      if (Unsound(rule, names).value_or(Covers(Expand(rule.topic(), names), topic))) return &rule;
    }
    return nullptr;
  }
  uint32_t first = UINT32_MAX;
  const FilterTrie& trie = type == AclRule::PUBLISH ? publish_ : subscribe_;
  trie.Match(topic, names, [&first](uint32_t value) { first = std::min(first, value); });
  return first == UINT32_MAX ? nullptr : &rules_[first];
}

RuleHit DecideTopic(const Directory& directory, const User& user, const Names& names, AclRule::Type type,
                    std::string_view topic) {
  RuleHit first;
  int32_t first_priority = 0;
  ForEachSource(directory, user, [&](const Source& source) {
    const AclRule* rule = source.rules->FirstMatch(type, topic, names);
    if (rule == nullptr) return;
    if (first.rule != nullptr && !ComesBefore(*rule, source.priority, *first.rule, first_priority)) return;
    first = {rule, source.role};
    first_priority = source.priority;
  });
  return first;
}

RuleHit DecideFilter(const Directory& directory, const User& user, const Names& names,
                     std::string_view filter) {
  struct Placed {
    RuleHit hit;
    int32_t priority;
  };
  std::vector<Placed> rules;
  ForEachSource(directory, user, [&rules](const Source& source) {
    for (const AclRule& rule : source.rules->rules()) {
      if (rule.type() == AclRule::SUBSCRIBE) rules.push_back({{&rule, source.role}, source.priority});
    }
  });
  std::stable_sort(rules.begin(), rules.end(), [](const Placed& a, const Placed& b) {
    return ComesBefore(*a.hit.rule, a.priority, *b.hit.rule, b.priority);
  });
  for (const Placed& placed : rules) {
    const AclRule& rule = *placed.hit.rule;
    const std::optional<bool> unsound = Unsound(rule, names);
    std::string expanded;
    if (HasPlaceholder(rule.topic())) expanded = Expand(rule.topic(), names);
    const std::string_view topic = expanded.empty() ? std::string_view(rule.topic()) : expanded;
    if (unsound.value_or(rule.allow() ? Covers(topic, filter) : Overlap(topic, filter))) return placed.hit;
  }
  return {};
}

Status CheckRule(const AclRule& rule) {
  const auto invalid = [](const std::string& reason) { return Error{Code::INVALID_ARGUMENT, reason}; };
  if (rule.type() != AclRule::PUBLISH && rule.type() != AclRule::SUBSCRIBE) {
    return invalid("acltype: publish or subscribe");
  }
  if (rule.topic().size() > limits::kRuleTopicBytesMax) return invalid("topic: at most 1024 bytes");
  if (Status filter = CheckFilter(rule.topic()); !filter) return std::move(filter).error().Within("topic");
  if (rule.topic()[0] == '$') {
    return invalid(
        "topic: rules are for ordinary topics; $SYS and $CONTROL are for admins, and $share/g/T is decided "
        "as T");
  }
  if (Covers(kChatFilter, rule.topic())) {
    return invalid(
        "topic: chat/v1 is decided by room membership, not by rules; use addMember and its family");
  }
  return {};
}

}  // namespace parley::domain
